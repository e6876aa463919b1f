"""What the end-to-end tests look at on the stream path, from outside: the streams, the ledger, the tables."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import requests

from pinterest_sandbox.airflow.client import AirflowClient
from pinterest_sandbox.airflow.dags import EMULATE, STREAM_INGEST
from tests.e2e.api import api_url, key_header
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


def put_records(demo: Demo, entity: str, records: Iterable[tuple[str, Any]]) -> None:
    """Put records into a stream through the API in one request; every one must be acknowledged.

    :param records: partition key and value, which is what JSON can say.
    """
    answer = requests.put(
        api_url(demo, f"/streams/{stream_name(demo, entity)}/records"),
        json={"records": [{"data": value, "partition-key": key} for key, value in records]},
        headers=key_header(demo),
        timeout=30,
    )
    assert answer.status_code == 200, answer.text
    assert answer.json()["FailedRecordCount"] == 0, answer.text


def put_refused(demo: Demo, name: str) -> None:
    """Put what can be no record into each stream, under partition keys that are no numbers."""
    for entity in ENTITIES:
        put_records(demo, entity, [(f"{name}-text", "half a rec"), (f"{name}-keyless", {"title": "none"})])


def check_stream(demo: Demo) -> None:
    """Every record of the streams was read once: each key is in its table, all others in quarantine."""
    ledger = table(demo, "ledger")
    for entity in ENTITIES:
        keys = [key for key in records_in_stream(demo, entity) if key != SMOKE_TEST]
        refused = [key for key in keys if not key.isdigit()]
        ((read, kept, merged, quarantined),) = query(
            demo,
            f"SELECT sum(lines_read), sum(kept), sum(merged), sum(quarantined) FROM {ledger} "
            f"WHERE stage = 'stream' AND entity = '{entity}'",
        )
        counts = [int(count or 0) for count in (read, kept, merged, quarantined)]
        distinct = set(keys) - set(refused)
        assert counts == [
            len(keys),
            len(distinct),
            len(keys) - len(distinct) - len(refused),
            len(refused),
        ], entity
        rows = cleaned_rows(demo, entity, kind="table")
        assert sorted(row["ind"] for row in rows) == sorted(int(key) for key in distinct)
        ((lines,),) = query(
            demo,
            f"SELECT count(*) FROM {table(demo, f'{entity}_quarantine')} "
            f"WHERE stream = '{stream_name(demo, entity)}'",
        )
        assert int(str(lines)) == len(refused)


def ingest(airflow: AirflowClient) -> str:
    run_id = airflow.trigger(STREAM_INGEST, {})
    finished(airflow, STREAM_INGEST, run_id)
    return run_id


def burst(airflow: AirflowClient, posts: int, *, start: int, **conf: object) -> None:
    """Send posts to the streams by the DAG."""
    chosen = {"posts": posts, "start": start, "target": "stream", **conf}
    finished(airflow, EMULATE, airflow.trigger(EMULATE, chosen))
