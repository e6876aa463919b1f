"""Link to Kinesis Data Streams in the AWS console."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cloud_operators.aws.base import BaseAwsLink
from cloud_operators.aws.hooks.kinesis import stream_name

if TYPE_CHECKING:
    from airflow.sdk import Context

    from cloud_operators.aws.base import AwsBaseOperator, AwsBaseSensor
    from cloud_operators.aws.hooks.kinesis import KinesisHook


class KinesisStreamLink(BaseAwsLink):
    """Link to the page of a stream in the AWS console."""

    name = "Kinesis stream"
    key = "kinesis_stream"
    format_str = (
        "https://{region_name}.console.{aws_domain}/kinesis/home?region={region_name}"
        "#/streams/details/{stream_name}/monitoring"
    )

    @classmethod
    def remember(
        cls,
        context: Context,
        operator: AwsBaseOperator[KinesisHook] | AwsBaseSensor[KinesisHook],
        stream: str,
    ) -> None:
        """Store what the address is built of.

        :param context: context of the task
        :param operator: the task's operator or sensor
        :param stream: name or ARN of the stream
        """
        cls.persist(
            context=context,
            operator=operator,
            region_name=operator.hook.conn_region_name,
            aws_partition=operator.hook.conn_partition,
            stream_name=stream_name(stream),
        )
