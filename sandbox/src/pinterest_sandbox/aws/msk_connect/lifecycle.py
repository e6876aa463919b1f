"""How a connector moves from state to state: each step compares what was asked with what Connect says."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Mapping
from dataclasses import dataclass
from datetime import datetime

from pinterest_sandbox.aws.msk_connect.mapping import (
    CLASSES,
    SinkStore,
    connect_configuration,
    decode_properties,
)
from pinterest_sandbox.aws.msk_connect.records import Connector, Operation, new_version, now
from pinterest_sandbox.aws.msk_connect.rest import ConnectRefused, ConnectRest, ConnectUnavailable, Status
from pinterest_sandbox.aws.msk_connect.store import Store

_log = logging.getLogger(__name__)

INVALID = "InvalidInput.InvalidConnectorConfiguration"
UNKNOWN = "UnknownError.Unknown"
#: Seconds after a change during which Connect may still show the tasks as they were before it.
SETTLE = 1.5
#: Seconds that a change may take.
LIMIT = 120.0
#: Seconds that a running connector may be unknown to Connect.
MISSING_LIMIT = 20.0

_ENDINGS = {"RESTARTING": "RESTART", "PAUSING": "PAUSE", "RESUMING": "RESUME"}


@dataclass(frozen=True, kw_only=True)
class Cluster:
    """The Kafka cluster that there is.

    :param bootstrap: ``host:port`` of its broker, plaintext and without authentication.
    """

    bootstrap: str


class _Overtaken(Exception):
    """A request changed the connector while Connect was asked: the next step starts from there."""


class Lifecycle:
    """Takes connectors one step further at a time.

    :param store: the records; the caller saves them.
    :param connect: the Connect worker.
    :param sink: the S3 that sinks write to.
    :param cluster: the cluster that connectors must name.
    :param failed_tasks_fail: a failed task of a running connector makes the connector ``FAILED``. AWS's guide
        to RestartConnector reads as if such a connector stayed ``RUNNING`` there, with ``ErroredTaskCount``
        above 0: ``False`` does that.
    :param settle: seconds after a change before Connect's word on the tasks counts.
    """

    def __init__(
        self,
        store: Store,
        connect: ConnectRest,
        sink: SinkStore,
        cluster: Cluster,
        *,
        failed_tasks_fail: bool = True,
        settle: float = SETTLE,
    ) -> None:
        self._store = store
        self._connect = connect
        self._sink = sink
        self._cluster = cluster
        self._failed_tasks_fail = failed_tasks_fail
        #: ARN to since when a connector is unknown to Connect: a worker that has just begun knows none.
        self._missing: dict[str, datetime] = {}
        self._settle = settle

    async def close(self) -> None:
        """Close the connections to the worker."""
        await self._connect.close()

    async def step(self, connector: Connector) -> Status | None:
        """Bring ``connector`` up to date with Connect; nothing changes while Connect can't be reached.

        :returns: what Connect says of it, where it was asked and knew.
        """
        try:
            return await self._step(connector)
        except _Overtaken:
            return None
        except (ConnectUnavailable, ConnectRefused) as error:
            # What Connect refuses to answer now it may answer later; the limit ends that.
            _log.warning("%s: %s", connector.name, error)
            connector.running_tasks = 0
            if connector.state in ("CREATING", "UPDATING", *_ENDINGS):
                self._check_limit(connector)
            return None

    async def _guarded[Result](self, connector: Connector, work: Awaitable[Result]) -> Result:
        """The result of ``work``, unless a request changed the connector meanwhile.

        :raises _Overtaken: when it did: what was found belongs to a state that is no more.
        """
        before = (connector.state, connector.operation)
        result = await work
        if (connector.state, connector.operation) != before:
            raise _Overtaken
        return result

    async def _step(self, connector: Connector) -> Status | None:
        if connector.state == "CREATING":
            return await self._create(connector)
        if connector.state == "DELETING":
            return await self._delete(connector)
        if connector.state == "UPDATING":
            return await self._update(connector)
        if connector.state in _ENDINGS:
            return await self._operate(connector)
        return await self._watch(connector)

    async def _create(self, connector: Connector) -> Status | None:
        if connector.submitted is None:
            problem = self._problem(connector)
            if problem:
                self._fail(connector, *problem)
                return None
            try:
                await self._guarded(
                    connector, self._connect.put(connector.name, self._configuration(connector))
                )
            except ConnectRefused as error:
                self._fail(connector, INVALID, f"The connector configuration is invalid. Message: {error}")
                return None
            connector.submitted = now()
        status = await self._guarded(connector, self._connect.status(connector.name))
        self._count(connector, status)
        if status is not None and status.traces:
            self._fail(connector, UNKNOWN, _first_line(status))
            await self._guarded(connector, self._connect.delete(connector.name))
        elif status is not None and status.running:
            connector.move("RUNNING")
        else:
            self._check_limit(connector)
        return status

    def _problem(self, connector: Connector) -> tuple[str, str] | None:
        """What the worker would not find out by itself, as it is shared and already connected."""
        settings = connector.settings
        servers = settings["kafkaCluster"]["apacheKafkaCluster"]["bootstrapServers"].split(",")
        secure = (
            settings["kafkaClusterClientAuthentication"]["authenticationType"] != "NONE"
            or settings["kafkaClusterEncryptionInTransit"]["encryptionType"] != "PLAINTEXT"
        )
        if self._cluster.bootstrap not in {server.strip() for server in servers} or secure:
            return UNKNOWN, (
                f"Unable to connect to the Kafka cluster at {','.join(servers)} with "
                f"{settings['kafkaClusterClientAuthentication']['authenticationType']} "
                f"authentication and {settings['kafkaClusterEncryptionInTransit']['encryptionType']} "
                "encryption."
            )
        wanted = settings["connectorConfiguration"]["connector.class"]
        offered = {
            name
            for plugin in settings["plugins"]
            for name in self._store.plugin(plugin["customPlugin"]["customPluginArn"]).classes
        }
        if not offered & {wanted, CLASSES.get(wanted, wanted)}:
            return INVALID, (
                f"Failed to find any class that implements Connector and which name matches {wanted}, "
                f"available connectors are: {', '.join(sorted(offered))}"
            )
        return None

    def _configuration(
        self, connector: Connector, configuration: Mapping[str, str] | None = None
    ) -> dict[str, str]:
        worker = connector.settings.get("workerConfiguration")
        properties = {}
        if worker is not None:
            properties = decode_properties(self._store.worker(worker["workerConfigurationArn"]).properties)
        chosen = configuration or connector.settings["connectorConfiguration"]
        return connect_configuration(chosen, properties, self._sink)

    async def _update(self, connector: Connector) -> Status | None:
        operation = self._store.operations[str(connector.operation)]
        back = operation.state == "ROLLBACK_IN_PROGRESS"
        wanted = (operation.origin if back else operation.target).get("connectorConfiguration")
        if connector.submitted is None:
            operation.state = operation.state if back else "UPDATE_IN_PROGRESS"
            try:
                if wanted is not None:
                    await self._guarded(
                        connector, self._connect.put(connector.name, self._configuration(connector, wanted))
                    )
            except ConnectRefused as error:
                self._roll_back(
                    connector, operation, INVALID, f"The connector configuration is invalid. Message: {error}"
                )
                return None
            connector.submitted = now()
        if wanted is not None and not self._settled(connector):
            return None
        status = await self._guarded(connector, self._connect.status(connector.name))
        self._count(connector, status)
        if status is not None and status.traces:
            self._roll_back(connector, operation, UNKNOWN, _first_line(status))
        elif status is not None and status.running:
            self._finish_update(connector, operation)
        else:
            self._check_limit(connector)
        return status

    def _roll_back(self, connector: Connector, operation: Operation, code: str, message: str) -> None:
        connector.operation = operation.arn
        if operation.state == "ROLLBACK_IN_PROGRESS":
            operation.end("ROLLBACK_FAILED", operation.code, operation.message)
            connector.operation = None
            connector.move("FAILED", code, message)
            return
        operation.state, operation.code, operation.message = "ROLLBACK_IN_PROGRESS", code, message
        connector.submitted = None
        connector.changed = now()

    def _finish_update(self, connector: Connector, operation: Operation) -> None:
        if operation.state == "ROLLBACK_IN_PROGRESS":
            operation.end("ROLLBACK_COMPLETE", operation.code, operation.message)
        else:
            connector.settings |= operation.target
            connector.version = new_version()
            operation.end("UPDATE_COMPLETE")
        connector.operation = None
        connector.move("RUNNING")

    async def _operate(self, connector: Connector) -> Status | None:
        operation = self._store.operations[str(connector.operation)]
        kind = _ENDINGS[connector.state]
        if connector.submitted is None:
            operation.state = f"{kind}_IN_PROGRESS"
            try:
                await self._guarded(connector, self._submit(connector, kind, operation))
            except ConnectRefused as error:
                self._end_operation(connector, operation, kind, str(error))
                return None
            connector.submitted = now()
        if not self._settled(connector):
            return None
        status = await self._guarded(connector, self._connect.status(connector.name))
        self._count(connector, status)
        if status is not None and status.traces:
            self._end_operation(connector, operation, kind, _first_line(status))
            self._judge(connector, status)
        elif status is not None and (status.paused if kind == "PAUSE" else status.running):
            operation.end(f"{kind}_COMPLETE")
            connector.operation = None
            connector.move("PAUSED" if kind == "PAUSE" else "RUNNING")
        else:
            self._check_limit(connector)
        return status

    async def _submit(self, connector: Connector, kind: str, operation: Operation) -> None:
        if kind == "RESTART":
            await self._connect.restart(connector.name, only_failed=operation.only_failed_tasks)
        elif kind == "PAUSE":
            await self._connect.pause(connector.name)
        else:
            await self._connect.resume(connector.name)

    def _end_operation(self, connector: Connector, operation: Operation, kind: str, message: str) -> None:
        """A restart, pause or resume that did not work leaves the connector as it was before."""
        operation.end(f"{kind}_FAILED", UNKNOWN, message)
        connector.operation = None
        connector.move("PAUSED" if kind == "RESUME" else "RUNNING")

    async def _delete(self, connector: Connector) -> Status | None:
        if (
            await self._guarded(connector, self._connect.status(connector.name)) is not None
            or connector.submitted is None
        ):
            await self._guarded(connector, self._connect.delete(connector.name))
            connector.submitted = now()
            return None
        del self._store.connectors[connector.arn]
        for arn in [
            arn for arn, found in self._store.operations.items() if found.connector_arn == connector.arn
        ]:
            del self._store.operations[arn]
        return None

    async def _watch(self, connector: Connector) -> Status | None:
        if connector.final:
            connector.running_tasks = 0
            return None
        status = await self._guarded(connector, self._connect.status(connector.name))
        self._count(connector, status)
        if status is None:
            since = self._missing.setdefault(connector.arn, now())
            if _age(since) > MISSING_LIMIT and connector.state == "RUNNING":
                connector.move("FAILED", UNKNOWN, "The connector is no longer known to its worker.")
        else:
            self._missing.pop(connector.arn, None)
            self._judge(connector, status)
        return status

    def _judge(self, connector: Connector, status: Status) -> None:
        """The state of a connector that nothing is done to."""
        fatal = status.connector == "FAILED" or (self._failed_tasks_fail and bool(status.traces))
        if fatal and connector.state == "RUNNING":
            connector.move("FAILED", UNKNOWN, _first_line(status))
        elif status.running and connector.state == "FAILED":
            connector.move("RUNNING")

    def _fail(self, connector: Connector, code: str, message: str) -> None:
        connector.final = True
        connector.move("FAILED", code, message)

    def _count(self, connector: Connector, status: Status | None) -> None:
        connector.running_tasks = status.count("RUNNING") if status is not None else 0
        connector.failed_tasks = status.count("FAILED") if status is not None else 0

    def _settled(self, connector: Connector) -> bool:
        return connector.submitted is not None and _age(connector.submitted) >= self._settle

    def _check_limit(self, connector: Connector) -> None:
        if _age(connector.changed) < LIMIT:
            return
        message = "The last operation failed. Retry the operation."
        operation = self._store.operations.get(str(connector.operation))
        if operation is not None and connector.state == "UPDATING":
            self._roll_back(connector, operation, UNKNOWN, message)
        elif operation is not None:
            self._end_operation(connector, operation, _ENDINGS[connector.state], message)
        else:
            self._fail(connector, UNKNOWN, message)


def _first_line(status: Status) -> str:
    return next(
        (trace.strip().splitlines()[0] for _, trace in status.traces if trace.strip()), "Task failed."
    )


def _age(moment: datetime) -> float:
    return (now() - moment).total_seconds()
