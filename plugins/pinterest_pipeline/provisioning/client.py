"""Run the SSM documents on the EC2 client, and read what they print."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import botocore.exceptions

from cloud_operators.exceptions import ServiceFailed, WaitTimedOut
from pinterest_pipeline import connections
from pinterest_pipeline.entities import Names
from pinterest_pipeline.errors import Permanent, PipelineError
from pinterest_pipeline.provisioning.ssm_documents import SsmDocument

logger = logging.getLogger(__name__)

#: Seconds between two looks at a command.
LOOK_SECONDS = 1
#: Seconds that a look at the client may take.
STATUS_SECONDS = 180
#: States of a command that has not ended.
UNDER_WAY = ("Pending", "InProgress", "Delayed")
_SETTING = "PINTEREST_CLIENT_INSTANCE_ID"


@dataclass(frozen=True, kw_only=True)
class KafkaClient:
    """The instance, and the way to it.

    :param hook: an ``SsmHook`` of the amazon provider.
    :param instance_id: the EC2 instance.
    :param look_seconds: seconds between two looks at a command.
    """

    hook: Any
    instance_id: str
    look_seconds: float = LOOK_SECONDS

    def run(
        self,
        document: str,
        parameters: Mapping[str, str] | None = None,
        *,
        seconds: int,
        adopt: bool = False,
    ) -> str:
        """Run a document and wait for its end.

        :param document: name of the document.
        :param parameters: those without the document's defaults.
        :param seconds: how long to wait.
        :param adopt: wait for a command of the same document that is still under way, which a task that was
            killed has sent, in place of a new one: two at once would only refuse each other.
        :returns: what it printed.
        :raises Permanent: when Systems Manager does not reach the instance or refuses the parameters.
        :raises ServiceFailed: when it failed, with the last of what it wrote to its standard error.
        :raises WaitTimedOut: when it has not ended in time.
        """
        command = (self._under_way(document) if adopt else None) or self._send(document, parameters or {})
        try:
            self.hook.get_waiter("command_executed").wait(
                CommandId=command,
                InstanceId=self.instance_id,
                WaiterConfig={
                    "Delay": self.look_seconds,
                    "MaxAttempts": max(1, int(seconds / self.look_seconds)),
                },
            )
        except botocore.exceptions.WaiterError as error:
            # How it ended is told below, in the script's own words.
            logger.debug("command %s: %s", command, error)
        found = self.hook.get_command_invocation(command, self.instance_id)
        return self._output(found, f"SSM document {document} on {self.instance_id}")

    def _under_way(self, document: str) -> str | None:
        for status in UNDER_WAY[:2]:
            found = self.hook.conn.list_command_invocations(
                InstanceId=self.instance_id,
                Filters=[{"key": "DocumentName", "value": document}, {"key": "Status", "value": status}],
            )["CommandInvocations"]
            if found:
                logger.info("%s is under way already: command %s", document, found[0]["CommandId"])
                return str(found[0]["CommandId"])
        return None

    def _send(self, document: str, parameters: Mapping[str, str]) -> str:
        ssm = self.hook.conn
        try:
            sent = ssm.send_command(
                InstanceIds=[self.instance_id],
                DocumentName=document,
                Parameters={name: [value] for name, value in parameters.items()},
            )["Command"]
        except ssm.exceptions.InvalidInstanceId as error:
            raise Permanent(
                f"Systems Manager does not reach {self.instance_id} ({_SETTING}): the instance must run, its "
                "SSM Agent too, its role needs AmazonSSMManagedInstanceCore, and it needs a way to Systems "
                "Manager"
            ) from error
        except ssm.exceptions.InvalidParameters as error:
            raise Permanent(f"Systems Manager refuses a field of the param kafka_client: {error}") from error
        logger.info("sent %s to %s: command %s", document, self.instance_id, sent["CommandId"])
        return str(sent["CommandId"])

    @staticmethod
    def _output(found: Mapping[str, Any], what: str) -> str:
        status = found["Status"]
        if status in UNDER_WAY:
            raise WaitTimedOut(what, "Success", status)
        if status != "Success":
            said = found["StandardErrorContent"].strip() or found["StandardOutputContent"].strip()
            raise ServiceFailed(
                what, found["StatusDetails"], str(found["ResponseCode"]), said[-4000:] or None
            )
        return str(found["StandardOutputContent"])


def kafka_client(instance_id: str) -> KafkaClient:
    """The instance, through the connection ``aws_default``.

    :param instance_id: the EC2 instance.
    """
    from airflow.providers.amazon.aws.hooks.ssm import SsmHook

    hook = SsmHook(aws_conn_id=connections.AWS)
    return KafkaClient(hook=hook, instance_id=instance_id, look_seconds=LOOK_SECONDS)


def read_status(client: KafkaClient, names: Names) -> dict[str, Any]:
    """What the client shows of itself; nothing is changed there.

    :param client: the instance, for which the SSM documents must be there.
    :param names: names of the resources.
    :returns: what the status document prints.
    """
    return parse_status(client.run(names.ssm_document(SsmDocument.STATUS), seconds=STATUS_SECONDS))


def parse_status(text: str) -> dict[str, Any]:
    """What the status document has printed.

    :param text: one line of JSON.
    :raises PipelineError: when it is none.
    """
    try:
        found = json.loads(text)
        found["installed"]["kafka-rest"], found["healthy"]
    except (ValueError, TypeError, KeyError) as error:
        raise PipelineError(f"the status document did not print a status: {text[:200]!r}") from error
    return dict(found)
