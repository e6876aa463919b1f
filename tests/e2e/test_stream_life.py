"""Streams that change while the pipeline goes on, and an ingest that does not end.

Nothing is lost and nothing counts twice, seen from Kinesis, ledger and tables. The stream that is made again
comes last: what the ledger knows of it then is more than the stream holds.
"""

from __future__ import annotations

import pytest

from pinterest_sandbox.airflow.client import AirflowClient
from pinterest_sandbox.airflow.dags import PROVISION_STREAM, STREAM_INGEST
from pinterest_sandbox.databricks.runs_client import cancel_run, list_runs
from pinterest_sandbox.waiting import NotReady, wait_until
from tests.e2e.conftest import Demo, aws_client
from tests.e2e.driving import (
    cleaned_rows,
    dags_test,
    finished,
    query,
    table,
)
from tests.e2e.streams import SMOKE_TEST, burst, check_stream, ingest, records_in_stream, stream_name

pytestmark = pytest.mark.parametrize("demo", ["generated-1-partition"], indirect=True)

POSTS = 200


@pytest.fixture
def airflow(demo: Demo) -> AirflowClient:
    return AirflowClient(demo.sandbox.url("airflow"))


def set_shards(demo: Demo, entity: str, count: int) -> None:
    kinesis, stream = aws_client(demo.sandbox, "kinesis"), stream_name(demo, entity)
    kinesis.update_shard_count(StreamName=stream, TargetShardCount=count, ScalingType="UNIFORM_SCALING")
    kinesis.get_waiter("stream_exists").wait(StreamName=stream, WaiterConfig={"Delay": 1})


def open_shards(demo: Demo, entity: str) -> int:
    shards = aws_client(demo.sandbox, "kinesis").list_shards(StreamName=stream_name(demo, entity))["Shards"]
    return sum("EndingSequenceNumber" not in shard["SequenceNumberRange"] for shard in shards)


def lines_read(demo: Demo, entity: str) -> int:
    ((count,),) = query(
        demo,
        f"SELECT sum(lines_read) FROM {table(demo, 'ledger')} WHERE stage = 'stream' AND entity = '{entity}'",
    )
    return int(count or 0)


def test_shards_are_split_and_merged_between_two_runs(demo: Demo, airflow: AirflowClient) -> None:
    assert open_shards(demo, "pin") == 1
    for number, count in enumerate((2, 1)):
        set_shards(demo, "pin", count)
        assert open_shards(demo, "pin") == count
        burst(airflow, POSTS, start=5000 + number * POSTS)
        ingest(airflow)
        check_stream(demo)


def test_the_continuous_ingest_goes_on_between_two_runs_of_the_dag(
    demo: Demo, airflow: AirflowClient
) -> None:
    dags_test(demo, STREAM_INGEST, {}, PINTEREST_STREAM_MODE="continuous")
    notebook, *_ = list_runs(demo.sandbox)
    assert notebook["state"]["life_cycle_state"] == "RUNNING"
    try:
        before = lines_read(demo, "user")
        burst(airflow, POSTS, start=6000)

        def read() -> None:
            if (count := lines_read(demo, "user")) < before + POSTS:
                raise NotReady(f"{count - before} of {POSTS} records are read")

        wait_until(read, what="the records of the burst", timeout=120, interval=0.5)
        dags_test(demo, STREAM_INGEST, {}, PINTEREST_STREAM_MODE="continuous")
        adopted, *_ = list_runs(demo.sandbox)
        assert adopted["run_id"] == notebook["run_id"]
        assert adopted["state"]["life_cycle_state"] == "RUNNING"
    finally:
        cancel_run(demo.sandbox, notebook["run_id"])
    check_stream(demo)


def test_a_stream_that_was_made_again_is_read_from_its_beginning(demo: Demo, airflow: AirflowClient) -> None:
    read_before = lines_read(demo, "geo")
    keys_before = {row["ind"] for row in cleaned_rows(demo, "geo", kind="table")}
    kinesis = aws_client(demo.sandbox, "kinesis")
    kinesis.delete_stream(StreamName=stream_name(demo, "geo"))
    kinesis.get_waiter("stream_not_exists").wait(
        StreamName=stream_name(demo, "geo"), WaiterConfig={"Delay": 1}
    )

    finished(airflow, PROVISION_STREAM, airflow.trigger(PROVISION_STREAM, {"dry_run": False}))
    burst(airflow, POSTS, start=7000)
    ingest(airflow)

    keys = [int(key) for key in records_in_stream(demo, "geo") if key != SMOKE_TEST]
    assert len(keys) == POSTS
    assert lines_read(demo, "geo") == read_before + POSTS
    rows = cleaned_rows(demo, "geo", kind="table")
    assert sorted(row["ind"] for row in rows) == sorted(keys_before | set(keys))
