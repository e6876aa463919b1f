"""Make a stream, put records into it, scale it, delete it."""

from airflow.sdk import DAG

from cloud_operators.aws.operators.kinesis import (
    KinesisCreateStreamOperator,
    KinesisDeleteStreamOperator,
    KinesisPutRecordsOperator,
    KinesisUpdateStreamOperator,
)
from cloud_operators.aws.sensors.kinesis import KinesisStreamStateSensor

with DAG("example_kinesis") as dag:
    stream = KinesisCreateStreamOperator(
        task_id="create_stream",
        name="demo",
        shard_count=1,
        retention_hours=48,
        tags={"made-by": "airflow"},
        deferrable=True,
    )
    records = KinesisPutRecordsOperator(
        task_id="put_records",
        stream=stream.output,
        records=[
            {"Data": {"index": 1, "title": "first"}, "PartitionKey": "1"},
            {"Data": {"index": 2, "title": "second"}, "PartitionKey": "2"},
        ],
    )
    scaled = KinesisUpdateStreamOperator(
        task_id="scale_stream", stream=stream.output, shard_count=3, deferrable=True
    )
    active = KinesisStreamStateSensor(task_id="wait_for_stream_active", stream=scaled.output, deferrable=True)
    deleted = KinesisDeleteStreamOperator(task_id="delete_stream", stream="demo", deferrable=True)
    records >> scaled >> active >> deleted
