"""Documents and commands in memory and in one file, so that a restart of the process keeps them."""

from __future__ import annotations

import dataclasses
import json
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pinterest_sandbox.aws.wire import AwsError

#: States in which a command is not at its end.
UNDER_WAY = frozenset({"Pending", "InProgress", "Cancelling"})
#: Commands that are kept; AWS keeps them for 30 days.
KEPT = 200


@dataclass(kw_only=True)
class Version:
    """One version of a document.

    :param number: from 1.
    :param created: seconds since the epoch, with milliseconds.
    """

    number: int
    content: str
    created: float
    name: str | None = None


@dataclass(kw_only=True)
class Document:
    """A document of the account."""

    name: str
    target_type: str | None = None
    tags: list[dict[str, str]] = field(default_factory=list)
    default: int = 1
    versions: list[Version] = field(default_factory=list)

    @property
    def latest(self) -> Version:
        """The version that was made last."""
        return self.versions[-1]

    def version(self, wanted: str | None) -> Version:
        """A version by its number, ``$LATEST`` or ``$DEFAULT``, which is meant without one.

        :raises AwsError: ``InvalidDocumentVersion``.
        """
        if wanted == "$LATEST":
            return self.latest
        number = str(self.default) if wanted in (None, "$DEFAULT") else wanted
        for version in self.versions:
            if str(version.number) == number:
                return version
        raise AwsError("InvalidDocumentVersion", f"{self.name} has no version {wanted}")


@dataclass(kw_only=True)
class StepResult:
    """What became of a step; times are seconds since the epoch, 0 before they come."""

    name: str
    status: str = "Pending"
    details: str = "Pending"
    code: int = -1
    output: str = ""
    error: str = ""
    began: float = 0
    ended: float = 0


@dataclass(kw_only=True)
class Command:
    """A command on the one instance.

    :param parameters: as they were given.
    :param seconds: ``TimeoutSeconds``: how long it may wait for its delivery.
    """

    id: str
    instance: str
    document: str
    version: int
    parameters: dict[str, list[str]]
    comment: str
    requested: float
    seconds: int
    status: str = "Pending"
    details: str = "Pending"
    steps: list[StepResult] = field(default_factory=list)


class Store:
    """All documents by name and the last commands by id.

    Changes are made on the records; :meth:`save` keeps them.

    :param file: where they are kept; ``None`` keeps them in memory only.
    """

    def __init__(self, file: Path | None = None) -> None:
        self._file = file
        self.documents: dict[str, Document] = {}
        self.commands: dict[str, Command] = {}
        if file is not None and file.exists():
            self._load(json.loads(file.read_text(encoding="utf-8")))

    def _load(self, content: dict[str, list[dict[str, Any]]]) -> None:
        for row in content["documents"]:
            versions = [Version(**each) for each in row.pop("versions")]
            self.documents[row["name"]] = Document(**row, versions=versions)
        for row in content["commands"]:
            results = [StepResult(**each) for each in row.pop("steps")]
            command = Command(**row, steps=results)
            if command.status in UNDER_WAY:
                _break_off(command)
            self.commands[command.id] = command

    def save(self) -> None:
        """Write the file in one step, readable by its owner only."""
        for old in list(self.commands)[:-KEPT]:
            if self.commands[old].status not in UNDER_WAY:
                del self.commands[old]
        if self._file is None:
            return
        content = {
            "documents": [dataclasses.asdict(document) for document in self.documents.values()],
            "commands": [dataclasses.asdict(command) for command in self.commands.values()],
        }
        self._file.parent.mkdir(parents=True, exist_ok=True)
        partial = self._file.with_suffix(".partial")
        with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as target:
            json.dump(content, target)
        partial.replace(self._file)

    def document(self, name: str) -> Document:
        """The document with this name.

        :raises AwsError: ``InvalidDocument``.
        """
        if name not in self.documents:
            raise AwsError("InvalidDocument", f"Document with name {name} does not exist.")
        return self.documents[name]

    def command(self, command_id: str) -> Command:
        """The command with this id.

        :raises AwsError: ``InvalidCommandId``.
        """
        if command_id not in self.commands:
            raise AwsError("InvalidCommandId", f"There is no command {command_id}.")
        return self.commands[command_id]


def _break_off(command: Command) -> None:
    """A command whose process went away with the one that ran it."""
    command.status = command.details = "Failed"
    for step in command.steps:
        if step.status in UNDER_WAY:
            step.status = step.details = "Failed"
            step.error += "\nSystems Manager was restarted while this ran."
