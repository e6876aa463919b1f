"""The operations of Run Command and on the one managed instance."""

from __future__ import annotations

import time
import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from pinterest_sandbox.aws.ssm.answers import shown_command, shown_instance, shown_invocation, shown_output
from pinterest_sandbox.aws.ssm.content import check_content, resolve_parameters, steps
from pinterest_sandbox.aws.ssm.paging import page
from pinterest_sandbox.aws.ssm.running import Runner
from pinterest_sandbox.aws.ssm.store import UNDER_WAY, Command, StepResult, Store
from pinterest_sandbox.aws.wire import AwsError
from pinterest_sandbox.config import ACCOUNT, CLIENT_INSTANCE_ID

#: Seconds that a command may wait for its delivery, unless it names others.
DELIVERY_SECONDS = 3600


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
        rows = [shown_instance()] if self._machine.is_there() else []
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
        return {"Command": shown_command(command)}

    def get_invocation(self, request: dict[str, Any]) -> dict[str, Any]:
        """GetCommandInvocation."""
        command = self._invocation(request["CommandId"], request["InstanceId"])
        return shown_output(command, _step(command, request.get("PluginName")))

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
        return {"CommandInvocations": [shown_invocation(row, details) for row in shown], "NextToken": token}

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
