"""The operations of Run Command and on the one managed instance."""

from __future__ import annotations

import time
import uuid
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

from pinterest_sandbox.aws.ssm.content import check_content, resolve_parameters, steps
from pinterest_sandbox.aws.ssm.paging import page
from pinterest_sandbox.aws.ssm.running import Runner, cut
from pinterest_sandbox.aws.ssm.store import UNDER_WAY, Command, StepResult, Store
from pinterest_sandbox.aws.wire import AwsError
from pinterest_sandbox.config import ACCOUNT, CLIENT_INSTANCE_ID, HOST

#: The oldest agent that hands over parameters as environment variables.
AGENT = "3.3.2746.0"
#: Seconds that a command may wait for its delivery, unless it names others.
DELIVERY_SECONDS = 3600
#: Characters that a list of invocations shows of a step's output.
LONGEST_SHOWN = 2500


class Instance(Protocol):
    """What commands need of the machine that they run on."""

    @property
    def folder(self) -> Path:
        """Folder for their scripts."""

    @property
    def environment(self) -> Mapping[str, str]:
        """Variables of their scripts."""

    def is_there(self) -> bool:
        """Whether it is running."""


class Commands:
    """The instance's commands. Each method is an operation: its parameters, its answer.

    :param store: where they are kept.
    :param machine: the instance.
    """

    def __init__(self, store: Store, machine: Instance) -> None:
        self._store = store
        self._machine = machine
        self._runner = Runner(machine.folder / "commands", machine.environment, store.save)

    async def close(self) -> None:
        """Stop all that runs."""
        await self._runner.close()

    def describe_instances(self, request: dict[str, Any]) -> dict[str, Any]:
        """DescribeInstanceInformation, filtered by ``InstanceIds`` and ``PingStatus``."""
        wanted = [
            (each["key"], each["valueSet"]) for each in request.get("InstanceInformationFilterList", [])
        ]
        wanted += [(each["Key"], each["Values"]) for each in request.get("Filters", [])]
        rows = [self._instance()] if self._machine.is_there() else []
        fields = {"InstanceIds": "InstanceId", "PingStatus": "PingStatus", "PlatformTypes": "PlatformType"}
        for key, values in wanted:
            if key not in fields:
                raise AwsError("InvalidFilterKey", f"The sandbox filters instances not by {key}")
            rows = [row for row in rows if row[fields[key]] in values]
        return {"InstanceInformationList": rows}

    def send(self, request: dict[str, Any]) -> dict[str, Any]:
        """SendCommand."""
        document = self._store.document(request["DocumentName"])
        version = document.version(request.get("DocumentVersion"))
        self._check_instances(_targets(request))
        given = request.get("Parameters", {})
        content = check_content(version.content, "Command", "JSON")
        resolved = resolve_parameters(content, given)
        command = Command(
            id=str(uuid.uuid4()),
            instance=CLIENT_INSTANCE_ID,
            document=document.name,
            version=version.number,
            parameters={name: list(values) for name, values in given.items()},
            comment=request.get("Comment", ""),
            requested=round(time.time(), 3),
            seconds=request.get("TimeoutSeconds", DELIVERY_SECONDS),
        )
        self._store.commands[command.id] = command
        self._runner.start(command, steps(content, resolved))
        self._store.save()
        return {"Command": _command(command)}

    def get_invocation(self, request: dict[str, Any]) -> dict[str, Any]:
        """GetCommandInvocation."""
        command = self._invocation(request["CommandId"], request["InstanceId"])
        step = _step(command, request.get("PluginName"))
        began, ended = (_moment(each) if each else None for each in (step.began, step.ended))
        return {
            "CommandId": command.id,
            "InstanceId": command.instance,
            "Comment": command.comment,
            "DocumentName": command.document,
            "DocumentVersion": str(command.version),
            "PluginName": step.name,
            "ResponseCode": step.code,
            "ExecutionStartDateTime": _text(began),
            "ExecutionElapsedTime": f"PT{step.ended - step.began:.3f}S" if ended else "",
            "ExecutionEndDateTime": _text(ended),
            "Status": command.status,
            "StatusDetails": command.details,
            "StandardOutputContent": step.output,
            "StandardOutputUrl": "",
            "StandardErrorContent": step.error,
            "StandardErrorUrl": "",
            "CloudWatchOutputConfig": {"CloudWatchOutputEnabled": False},
        }

    def list_invocations(self, request: dict[str, Any]) -> dict[str, Any]:
        """ListCommandInvocations, newest first, filtered by ``Status`` and ``DocumentName``."""
        rows = sorted(self._store.commands.values(), key=lambda each: each.requested, reverse=True)
        if "CommandId" in request:
            rows = [self._store.command(request["CommandId"])]
        if "InstanceId" in request:
            rows = [row for row in rows if row.instance == request["InstanceId"]]
        for chosen in request.get("Filters", []):
            fields = {"Status": "status", "DocumentName": "document"}
            if chosen["key"] not in fields:
                raise AwsError("InvalidFilterKey", f"The sandbox filters commands not by {chosen['key']}")
            rows = [row for row in rows if getattr(row, fields[chosen["key"]]) == chosen["value"]]
        shown, token = page(rows, request)
        details = request.get("Details", False)
        return {"CommandInvocations": [_invocation(row, details) for row in shown], "NextToken": token}

    def cancel(self, request: dict[str, Any]) -> dict[str, Any]:
        """CancelCommand; harmless when it has ended."""
        command = self._store.command(request["CommandId"])
        ids = request.get("InstanceIds", [])
        if any(each != command.instance for each in ids):
            raise AwsError("InvalidInstanceId", f"The command does not run on {ids}")
        if command.status in UNDER_WAY:
            self._runner.cancel(command)
            self._store.save()
        return {}

    def _check_instances(self, ids: Sequence[str]) -> None:
        if len(set(ids)) < len(ids):
            raise AwsError("DuplicateInstanceId", "You can't specify an instance ID in more than one place.")
        if list(ids) != [CLIENT_INSTANCE_ID] or not self._machine.is_there():
            raise AwsError(
                "InvalidInstanceId", f"Instances [{list(ids)}] not in a valid state for account {ACCOUNT}"
            )

    def _invocation(self, command_id: str, instance_id: str) -> Command:
        command = self._store.commands.get(command_id)
        if command is None or command.instance != instance_id:
            raise AwsError("InvocationDoesNotExist", f"There is no command {command_id} on {instance_id}")
        return command

    @staticmethod
    def _instance() -> dict[str, Any]:
        return {
            "InstanceId": CLIENT_INSTANCE_ID,
            "PingStatus": "Online",
            "LastPingDateTime": _moment(round(time.time(), 3)),
            "AgentVersion": AGENT,
            "IsLatestVersion": True,
            "PlatformType": "Linux",
            "PlatformName": "Amazon Linux",
            "PlatformVersion": "2023",
            "ResourceType": "EC2Instance",
            "IPAddress": HOST,
            "ComputerName": "localhost",
            "SourceId": CLIENT_INSTANCE_ID,
            "SourceType": "AWS::EC2::Instance",
        }


def _targets(request: dict[str, Any]) -> list[str]:
    if "InstanceIds" in request:
        return list(request["InstanceIds"])
    for target in request.get("Targets", []):
        if target.get("Key") == "InstanceIds":
            return list(target.get("Values", []))
    raise AwsError("ValidationException", "The sandbox sends commands to InstanceIds only.")


def _step(command: Command, name: str | None) -> StepResult:
    if name is None and len(command.steps) == 1:
        return command.steps[0]
    for step in command.steps:
        if step.name == name:
            return step
    raise AwsError("InvalidPluginName", f"Name one of the steps {[step.name for step in command.steps]}")


def _command(command: Command) -> dict[str, Any]:
    return {
        "CommandId": command.id,
        "DocumentName": command.document,
        "DocumentVersion": str(command.version),
        "Comment": command.comment,
        "ExpiresAfter": _moment(command.requested + command.seconds),
        "Parameters": command.parameters,
        "InstanceIds": [command.instance],
        "Targets": [],
        "RequestedDateTime": _moment(command.requested),
        "Status": command.status,
        "StatusDetails": command.details,
        "MaxConcurrency": "50",
        "MaxErrors": "0",
        "TargetCount": 1,
        "CompletedCount": 0,
        "ErrorCount": 0,
        "DeliveryTimedOutCount": 0,
        "TimeoutSeconds": command.seconds,
    }


def _invocation(command: Command, details: bool) -> dict[str, Any]:
    return {
        "CommandId": command.id,
        "InstanceId": command.instance,
        "InstanceName": "",
        "Comment": command.comment,
        "DocumentName": command.document,
        "DocumentVersion": str(command.version),
        "RequestedDateTime": _moment(command.requested),
        "Status": command.status,
        "StatusDetails": command.details,
        "CommandPlugins": [_plugin(step) for step in command.steps] if details else [],
    }


def _plugin(step: StepResult) -> dict[str, Any]:
    error = f"\n----------ERROR-------\n{step.error}" if step.error else ""
    return {
        "Name": step.name,
        "Status": step.status,
        "StatusDetails": step.details,
        "ResponseCode": step.code,
        "ResponseStartDateTime": _moment(step.began) if step.began else None,
        "ResponseFinishDateTime": _moment(step.ended) if step.ended else None,
        "Output": cut(step.output + error, LONGEST_SHOWN),
    }


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def _text(moment: datetime | None) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z") if moment else ""
