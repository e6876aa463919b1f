"""The errors of services, one small tree for all of ``cloud_operators``.

A mistake of the caller (a wrong argument) is a ``ValueError``. What a service answers is one of these, so that a DAG
or a retry policy can tell them apart. Messages are written for the person who reads the task log.
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

    :param resource: kind and name, e.g. ``"connector 'sandbox-connector'"``
    :param differences: setting -> (wanted, found); values must be safe to show (secrets already hidden)
    """

    def __init__(self, resource: str, differences: Mapping[str, Difference]) -> None:
        self.resource = resource
        self.differences = dict(differences)
        lines = [
            f"  {setting}: wanted {_shown(difference.wanted)}, found {_shown(difference.found)}"
            for setting, difference in sorted(self.differences.items())
        ]
        super().__init__(
            f"{resource} exists and differs from what was asked for; nothing was changed.\n" + "\n".join(lines)
        )


class ServiceFailed(CloudOperatorError):
    """A service reports that a resource or an operation has failed.

    :param resource: kind and name or ARN of what failed
    :param state: the state that the service reports, e.g. ``"CREATE_FAILED"``
    :param code: the service's error code, if it gave one
    :param message: the service's explanation, if it gave one
    """

    def __init__(self, resource: str, state: str, code: str | None = None, message: str | None = None) -> None:
        self.resource = resource
        self.state = state
        self.code = code
        self.service_message = message
        reason = ": ".join(part for part in (code, message) if part)
        super().__init__(f"{resource} is {state}" + (f" ({reason})" if reason else "; the service gave no reason"))


class AmbiguousName(CloudOperatorError):
    """More than one resource has the name by which it is looked up.

    :param resource: kind and name, e.g. ``"REST API 'sandbox'"``
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


def _shown(value: Any) -> str:
    return "nothing" if value is None else repr(value)
