"""What a look at one prerequisite has found, the table of all of them, and what they mean for the run."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from pinterest_pipeline.errors import Permanent, PipelineError


class Status(StrEnum):
    """What is known of a prerequisite."""

    THERE = "there"
    #: Not there, and provisioning makes it.
    TO_BE_CREATED = "to be created"
    MISSING = "missing"
    #: There, but not as it must be.
    WRONG = "wrong"
    #: It could not be looked at.
    UNKNOWN = "unknown"


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What a look has found.

    :param status: in a word.
    :param found: one sentence without a full stop.
    :param remedy: how to mend it, ready commands included; empty when there is nothing to mend.
    """

    status: Status
    found: str
    remedy: str = ""


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One row of the table.

    :param name: what was looked at.
    :param required: whether nothing may be provisioned without it.
    :param status: in a word.
    :param found: one sentence without a full stop.
    :param remedy: how to mend it; empty when there is nothing to mend.
    """

    name: str
    required: bool
    status: Status
    found: str
    remedy: str = ""

    @property
    def is_fine(self) -> bool:
        """Whether there is nothing to mend."""
        return self.status in (Status.THERE, Status.TO_BE_CREATED)

    def document(self) -> dict[str, Any]:
        """The row as JSON has it."""
        return {**asdict(self), "status": str(self.status)}


class PrerequisitesMissing(Permanent):
    """Something that provisioning needs is not there or not as it must be.

    :param findings: what is to be mended.
    """

    def __init__(self, findings: list[Finding]) -> None:
        self.findings = findings
        super().__init__(_message(findings))


class PrerequisitesUnknown(PipelineError):
    """Something that provisioning needs could not be looked at; another try may.

    :param findings: what could not be looked at.
    """

    def __init__(self, findings: list[Finding]) -> None:
        self.findings = findings
        super().__init__(_message(findings))


def table(findings: Iterable[Finding]) -> str:
    """All findings as a table of text, a line each.

    :param findings: in the order of the table.
    """
    rows = [("STATUS", "NEEDED", "WHAT", "FOUND")]
    rows += [(each.status, _needed(each), each.name, " ".join(each.found.split())) for each in findings]
    widths = [max(len(row[at]) for row in rows) for at in range(len(rows[0]))]
    return "\n".join(
        "  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip() for row in rows
    )


def remedies(findings: Iterable[Finding]) -> str:
    """How to mend what is to be mended; empty when nothing is.

    :param findings: all findings; those that are fine are left out.
    """
    return "\n".join(
        f"{each.name} ({_needed(each)}, {each.status}): {each.remedy}"
        for each in findings
        if not each.is_fine
    )


def check_required(findings: Iterable[Finding]) -> None:
    """Refuse to go on without what is required.

    :param findings: all findings.
    :raises PrerequisitesMissing: when something required is missing or wrong.
    :raises PrerequisitesUnknown: when all that is to be mended could not be looked at.
    """
    blocking = [each for each in findings if each.required and not each.is_fine]
    if any(each.status is not Status.UNKNOWN for each in blocking):
        raise PrerequisitesMissing(blocking)
    if blocking:
        raise PrerequisitesUnknown(blocking)


def _needed(finding: Finding) -> str:
    return "required" if finding.required else "optional"


def _message(findings: list[Finding]) -> str:
    lines = [
        line
        for each in findings
        for line in (f"- {each.name} ({each.status}): {each.found}", f"  {_indented(each.remedy)}")
    ]
    return "\n".join(["Nothing was changed, because provisioning needs what is not as it must be:", *lines])


def _indented(text: str) -> str:
    return text.replace("\n", "\n  ")
