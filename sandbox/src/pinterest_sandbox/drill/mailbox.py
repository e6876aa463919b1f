"""What people are told: a queue that is subscribed to the topic of the alerts."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from pinterest_sandbox.aws.clients import aws_client
from pinterest_sandbox.config import Config

QUEUE = "mailbox"
TOPIC = ":pinterest-alerts"


@dataclass(frozen=True)
class Letter:
    """A message as SNS has sent it.

    :param at: ISO 8601 time.
    """

    at: str
    subject: str
    text: str


class Mailbox:
    """Receives what the alert topic sends from now on.

    :param config: the sandbox.
    """

    def __init__(self, config: Config) -> None:
        url = config.url("moto")
        self._sqs: Any = aws_client("sqs", url)
        sns: Any = aws_client("sns", url)
        self._queue = self._sqs.create_queue(QueueName=QUEUE)["QueueUrl"]
        attributes = self._sqs.get_queue_attributes(QueueUrl=self._queue, AttributeNames=["QueueArn"])
        topics = (each["TopicArn"] for each in sns.list_topics()["Topics"])
        topic = next(arn for arn in topics if arn.endswith(TOPIC))
        sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=attributes["Attributes"]["QueueArn"])

    def received(self) -> list[Letter]:
        """What has come since it was asked last, in the order of its coming."""
        found = []
        while messages := self._sqs.receive_message(QueueUrl=self._queue, MaxNumberOfMessages=10).get(
            "Messages"
        ):
            for each in messages:
                self._sqs.delete_message(QueueUrl=self._queue, ReceiptHandle=each["ReceiptHandle"])
                body = json.loads(each["Body"])
                found.append(Letter(body["Timestamp"], body["Subject"], body["Message"]))
        return sorted(found, key=lambda letter: letter.at)
