"""The errors of services, one small tree for all of ``cloud_operators``.

A mistake of the caller (a wrong argument) is a ``ValueError``. What a service answers is one of these, so
that a DAG or a retry policy can tell them apart. Messages are written for the person who reads the task log.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple


class CloudOperatorError(RuntimeError):
    """Base of every error that a service's answer leads to."""


class Difference(NamedTuple):
    """One setting of an existing resource that is not as wanted.

    :param wanted: the value that the caller asked for, ``None`` when the setting should not be there
    :param found: the value that the resource has, ``None`` when it lacks the setting
    """

    wanted: Any
    found: Any


class ResourceDiffers(CloudOperatorError):
    """A resource with the right name exists but is not as wanted; it is left untouched.

    :param resource: kind and name, e.g. ``"connector 'orders-connector'"``
    :param differences: setting -> (wanted, found); values must be safe to show (secrets already hidden)
    :param advice: what to do about it, if that is known
    """

    def __init__(
        self, resource: str, differences: Mapping[str, Difference], advice: str | None = None
    ) -> None:
        self.resource = resource
        self.differences = dict(differences)
        lines = [
            f"  {setting}: wanted {_shown(difference.wanted)}, found {_shown(difference.found)}"
            for setting, difference in sorted(self.differences.items())
        ]
        super().__init__(
            "\n".join(
                [
                    f"{resource} exists and differs from what was asked for; nothing was changed.",
                    *lines,
                    *([advice] if advice else []),
                ]
            )
        )


class ServiceFailed(CloudOperatorError):
    """A service reports that a resource or an operation has failed.

    :param resource: kind and name or ARN of what failed
    :param state: the state that the service reports, e.g. ``"CREATE_FAILED"``
    :param code: the service's error code, if it gave one
    :param message: the service's explanation, if it gave one
    :param advice: what to do about it, if that is known
    """

    def __init__(
        self,
        resource: str,
        state: str,
        code: str | None = None,
        message: str | None = None,
        advice: str | None = None,
    ) -> None:
        self.resource = resource
        self.state = state
        self.code = code
        self.service_message = message
        reason = ": ".join(part for part in (code, message) if part)
        text = f"{resource} is {state}" + (f" ({reason})" if reason else "; the service gave no reason")
        super().__init__(f"{text}. {advice}" if advice else text)


class AmbiguousName(CloudOperatorError):
    """More than one resource has the name by which it is looked up.

    :param resource: kind and name, e.g. ``"REST API 'orders'"``
    :param identifiers: ids or ARNs of all resources found
    """

    def __init__(self, resource: str, identifiers: list[str]) -> None:
        self.resource = resource
        self.identifiers = identifiers
        super().__init__(
            f"{resource} is not unique: {', '.join(identifiers)} have this name. "
            "Delete or rename all but one of them."
        )


class WaitTimedOut(CloudOperatorError):
    """A resource did not reach the wanted state within the attempts that were allowed.

    :param resource: kind and name or ARN of what was waited for
    :param wanted: the state waited for
    :param last_state: the last state seen, if any
    """

    def __init__(self, resource: str, wanted: str, last_state: str | None = None) -> None:
        self.resource = resource
        self.wanted = wanted
        self.last_state = last_state
        seen = f"; last seen as {last_state}" if last_state else ""
        super().__init__(f"{resource} did not become {wanted} in the time allowed{seen}")


class ServiceUnreachable(CloudOperatorError):
    """Nothing answered at a service's address in the time allowed.

    :param service: kind of service, e.g. ``"Kafka"``
    :param address: where it was looked for, e.g. ``"b-1:9098,b-2:9098"``
    :param message: what the client says about it, if anything
    """

    def __init__(self, service: str, address: str, message: str | None = None) -> None:
        self.service = service
        self.address = address
        super().__init__(f"{service} at {address} does not answer" + (f": {message}" if message else ""))


class ResourceMissing(CloudOperatorError):
    """A resource that has to exist does not.

    :param resource: kind and name, e.g. ``"topic 'orders.created'"``
    :param advice: what to do about it, if that is known
    """

    def __init__(self, resource: str, advice: str | None = None) -> None:
        self.resource = resource
        super().__init__(f"{resource} does not exist" + (f": {advice}" if advice else ""))


class LimitReached(CloudOperatorError):
    """A service refuses a change because a limit of the account or of the resource is reached.

    :param resource: kind and name or ARN of what was to be changed
    :param change: what was asked for, e.g. ``"shard_count 4"``
    :param message: the service's explanation
    :param limits: the limits that the service has for such a change, unless others were agreed on
    """

    def __init__(self, resource: str, change: str, message: str, limits: str) -> None:
        self.resource = resource
        self.change = change
        self.service_message = message
        super().__init__(
            f"{resource} was not changed to {change}: {message}\n  limits of the service: {limits}"
        )


class RecordsRefused(CloudOperatorError):
    """A service has not stored all records that were sent to it.

    :param resource: kind and name or ARN of where they were sent to
    :param stored: number of records that are stored
    :param left: number of records that are not
    :param reasons: position of a record, from 0 -> why it was refused the last time it was sent
    """

    def __init__(self, resource: str, stored: int, left: int, reasons: Mapping[int, str]) -> None:
        self.resource = resource
        self.stored = stored
        self.left = left
        self.reasons = dict(reasons)
        first = sorted(self.reasons.items())[:10]
        lines = [f"  record {position}: {reason}" for position, reason in first]
        if more := len(self.reasons) - len(first):
            lines.append(f"  and {more} more")
        super().__init__(f"{resource} has stored {stored} records and not {left}.\n" + "\n".join(lines))


class StatementFailed(CloudOperatorError):
    """A SQL statement failed or was cancelled.

    :param error_code: the warehouse's error code, e.g. ``"BAD_REQUEST"``, or the state when it gave none
    :param message: the warehouse's explanation
    :param statement: the statement; the error text shows its first line only
    :param statement_id: id under which the query history has it
    """

    def __init__(self, error_code: str, message: str, statement: str = "", statement_id: str = "") -> None:
        self.error_code = error_code
        self.service_message = message
        self.statement_id = statement_id
        first_line = statement.strip().partition("\n")[0]
        text = f"{error_code}: {message}"
        if first_line:
            text += f"\n  statement: {first_line}"
        if statement_id:
            text += f"\n  statement id: {statement_id}"
        super().__init__(text)


class NotebookRunFailed(CloudOperatorError):
    """A notebook run ended without success.

    :param notebook_path: workspace path of the notebook
    :param state: result or life cycle state, e.g. ``"FAILED"``
    :param error: the notebook's error message, or what the service says about the run
    :param trace: the last lines of the notebook's traceback, if there is one
    :param run_page_url: page of the run
    """

    def __init__(
        self, notebook_path: str, state: str, error: str, trace: str = "", run_page_url: str = ""
    ) -> None:
        self.notebook_path = notebook_path
        self.state = state
        self.error = error
        self.run_page_url = run_page_url
        parts = [f"notebook {notebook_path} ended {state}: {error}", trace]
        parts.append(f"run page: {run_page_url}" if run_page_url else "")
        super().__init__("\n".join(part for part in parts if part))


class CountsDiffer(CloudOperatorError):
    """Counts of the same rows, taken at different places, are not equal.

    :param what: the rows that were counted
    :param counts: place -> count
    """

    def __init__(self, what: str, counts: Mapping[str, int]) -> None:
        self.what = what
        self.counts = dict(counts)
        listed = ", ".join(f"{place} {count}" for place, count in self.counts.items())
        super().__init__(f"counts of {what} differ: {listed}")


def _shown(value: Any) -> str:
    return "nothing" if value is None else repr(value)
