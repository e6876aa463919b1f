"""The stream path in trouble: nothing is lost, nothing counts twice, seen from Kinesis, ledger and tables."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from pinterest_sandbox.airflow.client import AirflowClient
from pinterest_sandbox.airflow.dags import EMULATE, STREAM_INGEST
from pinterest_sandbox.waiting import NotReady, wait_until
from tests.e2e.conftest import ENTITIES, Demo, aws_client
from tests.e2e.driving import cleaned_rows, finished, notebook_states, query, running, table, tries
from tests.faults import Faults

pytestmark = pytest.mark.parametrize("demo", ["generated-1-partition"], indirect=True)

POSTS = 300
#: By which provisioning's own records are known.
SMOKE_TEST = "smoke-test"


@pytest.fixture
def airflow(demo: Demo) -> Iterator[AirflowClient]:
    airflow = AirflowClient(demo.sandbox.url("airflow"))
    airflow.unpause(STREAM_INGEST)
    yield airflow
    airflow.pause(STREAM_INGEST)


@pytest.fixture
def faults(demo: Demo) -> Iterator[Faults]:
    faults = Faults(demo.sandbox)
    yield faults
    faults.clear()


def records_in_stream(demo: Demo, entity: str) -> list[str]:
    """Partition keys of all records that a stream holds, by a plain client."""
    kinesis = aws_client(demo.sandbox, "kinesis")
    stream = f"streaming-{demo.sandbox.user_id}-{entity}"
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


def test_a_burst_rides_out_refusals_and_throttling(
    demo: Demo, airflow: AirflowClient, faults: Faults
) -> None:
    before = {entity: len(records_in_stream(demo, entity)) for entity in ENTITIES}
    faults.begin("api", "--client", "airflow", "--refuse-records", "--share", "0.2")
    faults.begin("api", "--client", "airflow", "--status", "503", "--share", "0.3")
    faults.begin(
        "kinesis", "--client", "api", "--error", "ProvisionedThroughputExceededException", "--share", "0.3"
    )

    conf = {"posts": POSTS, "start": 2000, "target": "stream", "batch_size": 40}
    finished(airflow, EMULATE, airflow.trigger(EMULATE, conf))

    assert all(faults.struck())
    faults.clear()
    after = {entity: len(records_in_stream(demo, entity)) for entity in ENTITIES}
    # Nothing was acknowledged whose answer was lost: so nothing is there twice.
    assert after == {entity: count + POSTS for entity, count in before.items()}
    ingest(airflow)
    check_stream(demo)


def test_a_killed_worker_of_the_ingest_loses_and_doubles_nothing(demo: Demo, airflow: AirflowClient) -> None:
    conf = {"posts": POSTS, "start": 3000, "target": "stream"}
    finished(airflow, EMULATE, airflow.trigger(EMULATE, conf))
    run_id = airflow.trigger(STREAM_INGEST, {})
    wait_until(running(airflow, STREAM_INGEST, run_id, "run_notebook"), what="the notebook", timeout=120)

    def at_work() -> None:
        states = notebook_states(demo)
        if states[0] != "RUNNING":
            raise NotReady(states[0])

    wait_until(at_work, what="the notebook's run", timeout=60, interval=0.2)
    worker = requests.get(demo.sandbox.url("databricks", "/health"), timeout=10).json()["notebook"]
    os.kill(worker["pid"], signal.SIGKILL)

    finished(airflow, STREAM_INGEST, run_id)
    assert tries(airflow, STREAM_INGEST, run_id, "run_notebook") == 2
    check_stream(demo)


def test_two_runs_at_once_take_turns(demo: Demo, airflow: AirflowClient) -> None:
    conf = {"posts": POSTS, "start": 4000, "target": "stream"}
    finished(airflow, EMULATE, airflow.trigger(EMULATE, conf))

    runs = [airflow.trigger(STREAM_INGEST, {}) for _ in range(2)]

    for run_id in runs:
        finished(airflow, STREAM_INGEST, run_id)
    check_stream(demo)
