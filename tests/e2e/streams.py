"""What the end-to-end tests look at on the stream path, from outside: the streams, the ledger, the tables."""

from __future__ import annotations

from typing import Any

from pinterest_sandbox.airflow.client import AirflowClient
from pinterest_sandbox.airflow.dags import EMULATE, STREAM_INGEST
from tests.e2e.conftest import ENTITIES, Demo, aws_client
from tests.e2e.driving import cleaned_rows, finished, query, table

#: By which provisioning's own records are known.
SMOKE_TEST = "smoke-test-8f3b9d52-6c0e-4b7a-9f1d-2a54c7e8d106"


def stream_name(demo: Demo, entity: str) -> str:
    return f"streaming-{demo.sandbox.user_id}-{entity}"


def records_in_stream(demo: Demo, entity: str) -> list[str]:
    """Partition keys of all records that a stream holds, by a plain client."""
    kinesis = aws_client(demo.sandbox, "kinesis")
    stream = stream_name(demo, entity)
    keys: list[str] = []
    for shard in kinesis.list_shards(StreamName=stream)["Shards"]:
        position: dict[str, Any] = kinesis.get_shard_iterator(
            StreamName=stream, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON"
        )
        iterator = position["ShardIterator"]
        while iterator:
            answer = kinesis.get_records(ShardIterator=iterator, Limit=10_000)
            keys += [record["PartitionKey"] for record in answer["Records"]]
            if not answer["Records"] and not answer["MillisBehindLatest"]:
                break
            iterator = answer.get("NextShardIterator")
    return keys


def check_stream(demo: Demo) -> None:
    """Every record of the streams was read once, and each key is in its table once."""
    ledger = table(demo, "ledger")
    for entity in ENTITIES:
        keys = [key for key in records_in_stream(demo, entity) if key != SMOKE_TEST]
        ((read, kept, merged, quarantined),) = query(
            demo,
            f"SELECT sum(lines_read), sum(kept), sum(merged), sum(quarantined) FROM {ledger} "
            f"WHERE stage = 'stream' AND entity = '{entity}'",
        )
        counts = [int(count or 0) for count in (read, kept, merged, quarantined)]
        distinct = len(set(keys))
        assert counts == [len(keys), distinct, len(keys) - distinct, 0], entity
        rows = cleaned_rows(demo, entity, kind="table")
        assert sorted(row["ind"] for row in rows) == sorted(int(key) for key in set(keys))


def ingest(airflow: AirflowClient) -> str:
    run_id = airflow.trigger(STREAM_INGEST, {})
    finished(airflow, STREAM_INGEST, run_id)
    return run_id


def burst(airflow: AirflowClient, posts: int, *, start: int, **conf: object) -> None:
    """Send posts to the streams by the DAG."""
    chosen = {"posts": posts, "start": start, "target": "stream", **conf}
    finished(airflow, EMULATE, airflow.trigger(EMULATE, chosen))
