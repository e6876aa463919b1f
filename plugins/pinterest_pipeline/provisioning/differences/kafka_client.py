"""The EC2 Kafka client: what it shows of itself against what the param ``kafka_client`` asks for."""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from pinterest_pipeline.errors import Permanent
from pinterest_pipeline.provisioning.changes import Action, Change

KIND = "kafka_client"
PARAM = "kafka_client"
#: Fields that have no default: whoever asks for an installation must have checked the files.
CHECKSUMS = ("KafkaSha256", "IamAuthSha256", "RestProxySha256")
#: Field to the part whose version the status shows.
_VERSIONS = {"KafkaVersion": "kafka", "IamAuthVersion": "aws-msk-iam-auth", "RestProxyVersion": "kafka-rest"}


class Step(StrEnum):
    """What is to be done with the client."""

    NOTHING = "nothing"
    RESTART = "restart"
    INSTALL = "install"


def wanted_client(param: Mapping[str, Any], document: Mapping[str, Any]) -> dict[str, str]:
    """Check the param, before anything is done.

    :param param: the DAG's param ``kafka_client``.
    :param document: the install document, whose parameters are its fields.
    :returns: the fields as the document takes them.
    :raises Permanent: naming the field that is unknown or wrong.
    """
    declared = document["parameters"]
    wanted = {}
    for name, value in param.items():
        if name not in declared:
            raise Permanent(f"param {PARAM} has an unknown field {name!r}: there are {', '.join(declared)}")
        text, pattern = str(value), declared[name]["allowedPattern"]
        if isinstance(value, bool) or not _fits(pattern, text):
            raise Permanent(f"param {PARAM}, field {name}: {text!r} does not match {pattern}")
        wanted[name] = text
    return wanted


def shown_fields(status: Mapping[str, Any]) -> dict[str, str]:
    """The fields of the param that the client shows, as it has them now.

    :param status: what the status document has printed.
    """
    installed = status["installed"]
    found = {field: installed.get(part) for field, part in _VERSIONS.items()}
    # Asked for by its first number, and shown in full.
    found["JavaVersion"] = (installed.get("java") or "").partition(".")[0]
    found["Port"] = status.get("port")
    found["BootstrapServers"] = status.get("bootstrap_servers")
    found["RoleArn"] = status.get("role_arn")
    return {field: str(value) for field, value in found.items() if value}


def kept_fields(status: Mapping[str, Any], document: Mapping[str, Any]) -> dict[str, str]:
    """What an installation leaves as it is, unless it is asked for something else.

    :param status: what the status document has printed.
    :param document: the install document; what it would not take (another Java, say) is left out.
    """
    declared = document["parameters"]
    return {
        field: value
        for field, value in shown_fields(status).items()
        if _fits(declared[field]["allowedPattern"], value)
    }


def address_fields(address: str, document: Mapping[str, Any]) -> dict[str, str]:
    """The port of a new proxy: the one at which it is looked for, if it can take that.

    :param address: ``host:port`` of the REST proxy as API Gateway reaches it; empty when it is not set.
    :param document: the install document.
    """
    port = address.rpartition(":")[2]
    usable = _fits(document["parameters"]["Port"]["allowedPattern"], port) and 1024 <= int(port) <= 65535
    return {"Port": port} if usable else {}


def differences(status: Mapping[str, Any], wanted: Mapping[str, str]) -> dict[str, tuple[str | None, str]]:
    """The fields that are asked for and differ from what the client shows.

    :param status: what the status document has printed.
    :param wanted: checked fields of the param; those that the client does not show are not compared.
    :returns: field to (found, wanted).
    """
    found = shown_fields(status)
    compared = (*_VERSIONS, "JavaVersion", "Port", "BootstrapServers", "RoleArn")
    return {
        field: (found.get(field), wanted[field])
        for field in compared
        if field in wanted and wanted[field] != found.get(field)
    }


def next_step(status: Mapping[str, Any], wanted: Mapping[str, str]) -> Step:
    """What is to be done.

    :param status: what the status document has printed.
    :param wanted: checked fields of the param.
    """
    if not is_installed(status) or differences(status, wanted):
        return Step.INSTALL
    return Step.NOTHING if status["healthy"] else Step.RESTART


def is_installed(status: Mapping[str, Any]) -> bool:
    """Whether the install document, or one like it, has been at work."""
    return bool(status["installed"].get("kafka-rest")) and status.get("port") is not None


def missing_checksums(wanted: Mapping[str, str]) -> str:
    """What to say when an installation is needed and its checksums are not given; empty when they are.

    :param wanted: checked fields of the param.
    """
    missing = [field for field in CHECKSUMS if field not in wanted]
    if not missing:
        return ""
    return (
        f"an installation needs {', '.join(missing)} in the param {PARAM}: the SHA-256 of the files, in "
        "lower case, taken from files whose signatures were checked"
    )


def client_changes(
    status: Mapping[str, Any] | None, wanted: Mapping[str, str], *, instance_id: str
) -> list[Change]:
    """Compare the client.

    :param status: what the status document has printed; ``None`` as long as it can't be run.
    :param wanted: checked fields of the param.
    :param instance_id: the instance.
    """

    def change(action: Action, note: str = "", **values: Any) -> Change:
        return Change(kind=KIND, name=instance_id, action=action, note=note, **values)

    if status is None:
        note = "it is looked at once the SSM documents are there: installed or restarted where it must be"
        return [change(Action.UPDATE, note, field="status", wanted="healthy")]
    step = next_step(status, wanted)
    if step is Step.NOTHING:
        return []
    if step is Step.RESTART:
        note = "the REST proxy is restarted"
        return [change(Action.UPDATE, note, field="healthy", found=False, wanted=True)]
    lack = missing_checksums(wanted)
    if not is_installed(status):
        if lack:
            return [change(Action.REFUSE, f"the REST proxy is not installed, and {lack}")]
        return [change(Action.CREATE, "the install document is run", wanted=_shown(wanted))]
    note = lack or "the install document is run, which restarts the REST proxy"
    return [
        change(Action.REFUSE if lack else Action.UPDATE, note, field=field, found=found, wanted=asked)
        for field, (found, asked) in differences(status, wanted).items()
    ]


def _shown(wanted: Mapping[str, str]) -> dict[str, str]:
    return {field: value for field, value in wanted.items() if field not in CHECKSUMS}


def _fits(pattern: str, value: str) -> bool:
    return re.fullmatch(pattern.removeprefix("^").removesuffix("$"), value) is not None
