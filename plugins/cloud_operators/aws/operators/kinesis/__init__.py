"""Operators for Amazon Kinesis Data Streams: streams and the records that are put into them."""

from __future__ import annotations

from cloud_operators.aws.operators.kinesis.base import KinesisBaseOperator
from cloud_operators.aws.operators.kinesis.create import KinesisCreateStreamOperator
from cloud_operators.aws.operators.kinesis.delete import KinesisDeleteStreamOperator
from cloud_operators.aws.operators.kinesis.put_records import KinesisPutRecordsOperator
from cloud_operators.aws.operators.kinesis.update import KinesisUpdateStreamOperator

__all__ = [
    "KinesisBaseOperator",
    "KinesisCreateStreamOperator",
    "KinesisDeleteStreamOperator",
    "KinesisPutRecordsOperator",
    "KinesisUpdateStreamOperator",
]
