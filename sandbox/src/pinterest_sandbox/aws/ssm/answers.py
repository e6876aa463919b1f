"""What is shown of the instance and of commands, by the names of botocore's model."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Any

from pinterest_sandbox.aws.ssm.running import cut
from pinterest_sandbox.aws.ssm.store import Command, StepResult
from pinterest_sandbox.config import CLIENT_INSTANCE_ID, HOST

#: The oldest agent that hands over parameters as environment variables.
AGENT = "3.3.2746.0"
#: Characters that a list of invocations shows of a step's output.
LONGEST_SHOWN = 2500


def shown_instance() -> dict[str, Any]:
    """The instance, as DescribeInstanceInformation has it."""
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


def shown_output(command: Command, step: StepResult) -> dict[str, Any]:
    """What a step has printed, as GetCommandInvocation has it."""
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


def shown_command(command: Command) -> dict[str, Any]:
    """A command, as SendCommand answers with it."""
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


def shown_invocation(command: Command, details: bool) -> dict[str, Any]:
    """A command on the instance, as ListCommandInvocations has it.

    :param details: whether its steps are shown.
    """
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
