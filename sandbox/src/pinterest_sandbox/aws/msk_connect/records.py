"""What MSK Connect remembers of its resources."""

from __future__ import annotations

import secrets
import string
import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from pinterest_sandbox.config import ACCOUNT, REGION

#: States in which a connector is on its way to another state, and no other operation may start.
IN_TRANSIT = frozenset({"CREATING", "UPDATING", "DELETING", "RESTARTING", "PAUSING", "RESUMING"})


def now() -> datetime:
    """The present time in UTC, in whole milliseconds as AWS gives it."""
    moment = datetime.now(UTC)
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def new_arn(kind: str, name: str) -> str:
    """An ARN as MSK Connect forms it.

    :param kind: ``custom-plugin``, ``worker-configuration`` or ``connector``.
    :param name: the resource's name.
    """
    return f"arn:aws:kafkaconnect:{REGION}:{ACCOUNT}:{kind}/{name}/{uuid.uuid4()}-{secrets.randbelow(9) + 1}"


def new_version() -> str:
    """A version of a connector: opaque, another after each change."""
    return "K" + "".join(secrets.choice(string.ascii_uppercase + string.digits) for _ in range(13))


@dataclass(kw_only=True)
class CustomPlugin:
    """A custom plugin with its only revision."""

    arn: str
    name: str
    description: str | None
    content_type: str
    location: dict[str, Any]
    state: str = "CREATING"
    created: datetime = field(default_factory=now)
    file_size: int | None = None
    file_md5: str | None = None
    classes: list[str] = field(default_factory=list)
    code: str | None = None
    message: str | None = None
    tags: dict[str, str] = field(default_factory=dict)


@dataclass(kw_only=True)
class WorkerConfiguration:
    """A worker configuration with its only revision.

    :param properties: base64 of the properties file, as the caller gave it.
    """

    arn: str
    name: str
    description: str | None
    properties: str
    state: str = "ACTIVE"
    created: datetime = field(default_factory=now)
    tags: dict[str, str] = field(default_factory=dict)


@dataclass(kw_only=True)
class Connector:
    """A connector.

    :param settings: the members of CreateConnector that DescribeConnector gives back, by their names there.
    :param submitted: when the present configuration was given to Connect; ``None`` while it was not.
    :param final: a failed creation: it can only be deleted.
    :param operation: ARN of the operation under way.
    :param reported: failures already written to the log, so that each is written once.
    """

    arn: str
    name: str
    settings: dict[str, Any]
    state: str = "CREATING"
    version: str = field(default_factory=new_version)
    created: datetime = field(default_factory=now)
    changed: datetime = field(default_factory=now)
    submitted: datetime | None = None
    final: bool = False
    operation: str | None = None
    code: str | None = None
    message: str | None = None
    running_tasks: int = 0
    failed_tasks: int = 0
    reported: list[str] = field(default_factory=list)
    tags: dict[str, str] = field(default_factory=dict)

    def move(self, state: str, code: str | None = None, message: str | None = None) -> None:
        """Change the state, and what is said of it."""
        self.state, self.code, self.message = state, code, message
        self.changed = now()


@dataclass(kw_only=True)
class Operation:
    """One change of a connector.

    :param origin: settings before it, as far as it changes them.
    :param target: settings after it.
    """

    arn: str
    connector_arn: str
    kind: str
    state: str = "PENDING"
    created: datetime = field(default_factory=now)
    ended: datetime | None = None
    origin: dict[str, Any] = field(default_factory=dict)
    target: dict[str, Any] = field(default_factory=dict)
    only_failed_tasks: bool = False
    code: str | None = None
    message: str | None = None

    def end(self, state: str, code: str | None = None, message: str | None = None) -> None:
        """Finish it."""
        self.state, self.code, self.message, self.ended = state, code, message, now()
