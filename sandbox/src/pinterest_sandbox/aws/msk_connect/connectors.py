"""Operations on connectors. They only note what is wanted; :mod:`.lifecycle` does it."""

from __future__ import annotations

import uuid
from typing import Any

from pinterest_sandbox.aws.msk_connect.paging import page
from pinterest_sandbox.aws.msk_connect.records import IN_TRANSIT, Connector, Operation, new_arn
from pinterest_sandbox.aws.msk_connect.resources import Answer, Parameters, check_name
from pinterest_sandbox.aws.msk_connect.store import Store
from pinterest_sandbox.aws.wire import AwsError

VERSIONS = ("2.7.1", "3.7.x")
_KEPT = (
    "capacity",
    "connectorConfiguration",
    "connectorDescription",
    "kafkaCluster",
    "kafkaClusterClientAuthentication",
    "kafkaClusterEncryptionInTransit",
    "kafkaConnectVersion",
    "logDelivery",
    "networkType",
    "plugins",
    "serviceExecutionRoleArn",
    "workerConfiguration",
)

#: What newer versions of the API can change besides; a shared worker has them loaded for good.
_NOT_CHANGED = ("plugins", "workerConfiguration", "useDefaultWorkerConfiguration")


class Connectors:
    """Connectors and their operations.

    :param store: the records.
    """

    def __init__(self, store: Store) -> None:
        self._store = store

    def create_connector(self, request: Parameters) -> Answer:
        """CreateConnector."""
        name = request["connectorName"]
        check_name("connector", name, {found.name for found in self._store.connectors.values()})
        self._check(request)
        settings = {key: request[key] for key in _KEPT if request.get(key) is not None}
        connector = Connector(
            arn=new_arn("connector", name), name=name, settings=settings, tags=dict(request.get("tags") or {})
        )
        self._store.connectors[connector.arn] = connector
        return {"connectorArn": connector.arn, "connectorName": name, "connectorState": connector.state}

    def _check(self, request: Parameters) -> None:
        if request["kafkaConnectVersion"] not in VERSIONS:
            raise AwsError(
                "BadRequestException",
                f"The kafkaConnectVersion {request['kafkaConnectVersion']} is not "
                f"supported. Supported versions: {', '.join(VERSIONS)}.",
            )
        if not request["serviceExecutionRoleArn"].startswith("arn:aws:iam::"):
            raise AwsError("BadRequestException", "serviceExecutionRoleArn is no ARN of an IAM role.")
        if not request["plugins"]:
            raise AwsError("BadRequestException", "A connector needs a plugin.")
        _check_capacity(request["capacity"])
        _check_configuration(request["connectorConfiguration"])
        for used in request["plugins"]:
            self._check_plugin(used["customPlugin"])
        worker = request.get("workerConfiguration")
        if worker is not None:
            found = self._store.worker(worker["workerConfigurationArn"])
            _check_usable("worker configuration", found.arn, found.state, worker["revision"])

    def _check_plugin(self, used: dict[str, Any]) -> None:
        found = self._store.plugin(used["customPluginArn"])
        _check_usable("custom plugin", found.arn, found.state, used["revision"])

    def describe_connector(self, request: Parameters) -> Answer:
        """DescribeConnector."""
        connector = self._store.connector(request["connectorArn"])
        description = None
        if connector.code is not None:
            description = {"code": connector.code, "message": connector.message}
        configuration = connector.settings["connectorConfiguration"]
        return {
            **_summary(connector),
            "connectorConfiguration": configuration,
            "stateDescription": description,
        }

    def list_connectors(self, request: Parameters) -> Answer:
        """ListConnectors."""
        prefix = request.get("connectorNamePrefix") or ""
        chosen = [found for found in self._store.connectors.values() if found.name.startswith(prefix)]
        found, token = page(sorted(chosen, key=lambda connector: connector.name), request)
        return {"connectors": [_summary(connector) for connector in found], "nextToken": token}

    def update_connector(self, request: Parameters) -> Answer:
        """UpdateConnector: of the configuration or of the capacity, not of both at once."""
        connector = self._store.connector(request["connectorArn"])
        self._check_free(connector, ("RUNNING",))
        _check_version(connector, request["currentVersion"])
        fixed = [name for name in _NOT_CHANGED if request.get(name) is not None]
        if fixed:
            raise AwsError(
                "BadRequestException", f"The sandbox's MSK Connect can't change {', '.join(fixed)}."
            )
        capacity, configuration = request.get("capacity"), request.get("connectorConfiguration")
        if (capacity is None) == (configuration is None):
            raise AwsError(
                "BadRequestException", "Exactly one of capacity and connectorConfiguration is required."
            )
        if capacity is not None:
            _check_capacity(capacity)
            kind, target = "UPDATE_WORKER_SETTING", {"capacity": capacity}
        if configuration is not None:
            _check_configuration(configuration)
            present = connector.settings["connectorConfiguration"]
            if configuration["connector.class"] != present["connector.class"]:
                raise AwsError("BadRequestException", "connector.class can't be changed.")
            kind, target = "UPDATE_CONNECTOR_CONFIGURATION", {"connectorConfiguration": configuration}
        operation = self._begin(connector, kind, "UPDATING", target)
        return {
            "connectorArn": connector.arn,
            "connectorState": connector.state,
            "connectorOperationArn": operation.arn,
        }

    def delete_connector(self, request: Parameters) -> Answer:
        """DeleteConnector: in any state but DELETING."""
        connector = self._store.connector(request["connectorArn"])
        if connector.state == "DELETING":
            raise AwsError("BadRequestException", f"The connector {connector.arn} is being deleted.")
        if request.get("currentVersion") is not None:
            _check_version(connector, request["currentVersion"])
        connector.move("DELETING")
        connector.submitted = None
        return {"connectorArn": connector.arn, "connectorState": connector.state}

    def restart_connector(self, request: Parameters) -> Answer:
        """RestartConnector: of a running connector."""
        connector = self._store.connector(request["connectorArn"])
        self._check_free(connector, ("RUNNING",))
        only_failed = bool(request.get("onlyFailedTasks"))
        if only_failed and connector.settings["kafkaConnectVersion"] == "2.7.1":
            raise AwsError("BadRequestException", "onlyFailedTasks needs Kafka Connect 3.7 or later.")
        operation = self._begin(connector, "RESTART_CONNECTOR", "RESTARTING", {})
        operation.only_failed_tasks = only_failed
        return {"connectorArn": connector.arn, "connectorOperationArn": operation.arn}

    def pause_connector(self, request: Parameters) -> Answer:
        """PauseConnector: of a running connector."""
        connector = self._store.connector(request["connectorArn"])
        self._check_free(connector, ("RUNNING",))
        operation = self._begin(connector, "PAUSE_CONNECTOR", "PAUSING", {})
        return {"connectorArn": connector.arn, "connectorOperationArn": operation.arn}

    def resume_connector(self, request: Parameters) -> Answer:
        """ResumeConnector: of a paused connector."""
        connector = self._store.connector(request["connectorArn"])
        self._check_free(connector, ("PAUSED",))
        operation = self._begin(connector, "RESUME_CONNECTOR", "RESUMING", {})
        return {"connectorArn": connector.arn, "connectorOperationArn": operation.arn}

    def describe_connector_operation(self, request: Parameters) -> Answer:
        """DescribeConnectorOperation."""
        operation = self._store.operation(request["connectorOperationArn"])
        error = {"code": operation.code, "message": operation.message} if operation.code else None
        answer: Answer = {
            **_operation_summary(operation),
            "connectorArn": operation.connector_arn,
            "errorInfo": error,
            "operationSteps": _steps(operation),
        }
        for side, settings in (("origin", operation.origin), ("target", operation.target)):
            if "capacity" in settings:
                answer[f"{side}WorkerSetting"] = {"capacity": settings["capacity"]}
            if "connectorConfiguration" in settings:
                answer[f"{side}ConnectorConfiguration"] = settings["connectorConfiguration"]
        return answer

    def list_connector_operations(self, request: Parameters) -> Answer:
        """ListConnectorOperations, the newest first."""
        connector = self._store.connector(request["connectorArn"])
        chosen = [found for found in self._store.operations.values() if found.connector_arn == connector.arn]
        found, token = page(chosen[::-1], request)
        return {
            "connectorOperations": [_operation_summary(operation) for operation in found],
            "nextToken": token,
        }

    def _check_free(self, connector: Connector, allowed: tuple[str, ...]) -> None:
        if connector.state in IN_TRANSIT:
            raise AwsError(
                "BadRequestException",
                f"Another operation on the connector {connector.arn} is in "
                f"progress: its state is {connector.state}.",
            )
        if connector.state not in allowed:
            raise AwsError(
                "BadRequestException",
                f"The connector {connector.arn} must be in state "
                f"{' or '.join(allowed)}: its state is {connector.state}.",
            )

    def _begin(self, connector: Connector, kind: str, state: str, target: dict[str, Any]) -> Operation:
        prefix = connector.arn.replace(":connector/", ":connector-operation/")
        origin = {key: connector.settings[key] for key in target}
        operation = Operation(
            arn=f"{prefix}/{uuid.uuid4()}",
            connector_arn=connector.arn,
            kind=kind,
            origin=origin,
            target=target,
        )
        self._store.operations[operation.arn] = operation
        connector.operation, connector.submitted = operation.arn, None
        connector.move(state)
        return operation


def _check_usable(kind: str, arn: str, state: str, revision: int) -> None:
    if revision != 1:
        raise AwsError("NotFoundException", f"The {kind} {arn} has no revision {revision}.")
    if state != "ACTIVE":
        raise AwsError(
            "BadRequestException", f"The {kind} {arn} must be in state ACTIVE: its state is {state}."
        )


def _check_capacity(capacity: dict[str, Any]) -> None:
    if ("autoScaling" in capacity) == ("provisionedCapacity" in capacity):
        raise AwsError(
            "BadRequestException", "Exactly one of autoScaling and provisionedCapacity is required."
        )
    sizes = capacity.get("autoScaling") or capacity["provisionedCapacity"]
    if sizes["mcuCount"] not in (1, 2, 4, 8):
        raise AwsError("BadRequestException", "mcuCount must be 1, 2, 4 or 8.")
    counts = [sizes[name] for name in ("workerCount", "minWorkerCount", "maxWorkerCount") if name in sizes]
    if not all(1 <= count <= 10 for count in counts) or counts != sorted(counts):
        raise AwsError(
            "BadRequestException", "Worker counts must be 1 to 10, and the minimum not above the maximum."
        )


def _check_configuration(configuration: dict[str, str]) -> None:
    missing = [name for name in ("connector.class", "tasks.max") if not configuration.get(name)]
    if missing:
        raise AwsError(
            "BadRequestException",
            f"The connector configuration lacks required properties: {', '.join(missing)}.",
        )


def _check_version(connector: Connector, version: str) -> None:
    if version != connector.version:
        raise AwsError(
            "BadRequestException",
            f"The currentVersion {version} of the connector is not its present version.",
        )


def _summary(connector: Connector) -> Answer:
    shown = {key: value for key, value in connector.settings.items() if key != "connectorConfiguration"}
    return {
        **shown,
        "connectorArn": connector.arn,
        "connectorName": connector.name,
        "connectorState": connector.state,
        "creationTime": connector.created,
        "currentVersion": connector.version,
    }


def _operation_summary(operation: Operation) -> Answer:
    return {
        "connectorOperationArn": operation.arn,
        "connectorOperationType": operation.kind,
        "connectorOperationState": operation.state,
        "creationTime": operation.created,
        "endTime": operation.ended,
    }


def _steps(operation: Operation) -> list[dict[str, str]] | None:
    """The steps of an update; other operations have none."""
    if not operation.kind.startswith("UPDATE_"):
        return None
    done = {"PENDING": 0, "UPDATE_IN_PROGRESS": 1}.get(operation.state, 3)
    failed = operation.code is not None
    names = ("INITIALIZE_UPDATE", operation.kind, "FINALIZE_UPDATE")
    states = ["COMPLETED" if i < done else "IN_PROGRESS" if i == done else "PENDING" for i in range(3)]
    if failed:
        states = ["COMPLETED", "FAILED", "CANCELLED"]
    return [{"stepType": name, "stepState": state} for name, state in zip(names, states, strict=True)]
