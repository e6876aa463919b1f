"""The state of a resource, as the services of AWS report it."""

from __future__ import annotations

from typing import NamedTuple

from cloud_operators.exceptions import ServiceFailed

#: What a resource that is waited for becomes when it is gone.
DELETED = "deleted"


class ResourceState(NamedTuple):
    """The state of a resource or of an operation on it.

    :param state: the service's name of the state, e.g. ``"RUNNING"``
    :param code: error code of a failed resource
    :param message: explanation of a failed resource
    """

    state: str
    code: str | None = None
    message: str | None = None


def broken_off(label: str, message: str) -> ServiceFailed:
    """Build the error of a wait that ended because the service could not be asked.

    :param label: kind and name or ARN of what was waited for
    :param message: what was answered
    """
    return ServiceFailed(f"The wait for {label[:1].lower()}{label[1:]}", "broken off", None, message)
