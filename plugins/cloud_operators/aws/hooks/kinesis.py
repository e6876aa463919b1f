"""Hook for Amazon Kinesis Data Streams."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import Any

from cloud_operators.aws.base import AwsBaseHook


class KinesisHook(AwsBaseHook):
    """Interact with Amazon Kinesis Data Streams, a thin wrapper around the ``kinesis`` client of boto3.

    .. seealso:: https://docs.aws.amazon.com/kinesis/latest/APIReference/Welcome.html
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs["client_type"] = "kinesis"
        super().__init__(*args, **kwargs)

    @cached_property
    def waiter_path(self) -> Path:
        """Our own waiters: those of botocore list all shards at each look, and know no failure."""
        return Path(__file__).parents[1] / "waiters" / "kinesis.json"

    def find_stream(self, stream: str) -> dict[str, Any] | None:
        """Describe a stream.

        :param stream: name or ARN of the stream
        :returns: ``StreamDescriptionSummary`` of DescribeStreamSummary, ``None`` when there is no such stream
        """
        try:
            answer = self.conn.describe_stream_summary(**stream_argument(stream))
        except self.conn.exceptions.ResourceNotFoundException:
            return None
        found: dict[str, Any] = answer["StreamDescriptionSummary"]
        return found


def stream_argument(stream: str) -> dict[str, str]:
    """Give the argument by which a request says which stream it means.

    :param stream: name of a stream of the account, or ARN of any
    """
    return {"StreamARN" if stream.startswith("arn:") else "StreamName": stream}


def stream_name(stream: str) -> str:
    """Give a stream's name.

    :param stream: name or ARN of the stream
    """
    return stream.rpartition("/")[2]
