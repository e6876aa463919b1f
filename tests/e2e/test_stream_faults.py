"""The stream path in trouble: nothing is lost, nothing counts twice, seen from Kinesis, ledger and tables."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from pinterest_sandbox.airflow.client import AirflowClient
from pinterest_sandbox.airflow.dags import EMULATE, STREAM_INGEST
from pinterest_sandbox.airflow.processes import task_process
from pinterest_sandbox.databricks.runs_client import kill_worker
from pinterest_sandbox.waiting import NotReady, wait_until
from tests.e2e.conftest import ENTITIES, Demo, s3_client
from tests.e2e.driving import finished, query, running, table, tries
from tests.e2e.streams import burst, check_stream, ingest, put_refused, records_in_stream
from tests.faults import Faults

pytestmark = pytest.mark.parametrize("demo", ["generated-1-partition"], indirect=True)

POSTS = 300
#: Slow enough that the task can be killed in its middle; beginning anew would double half of it.
SLOW_POSTS, A_SECOND = 600, 40
#: What may be doubled: 2 s until the progress is saved, 1 s that is caught up, and what is in flight.
DOUBLED = 5 * A_SECOND


@pytest.fixture
def airflow(demo: Demo) -> AirflowClient:
    return AirflowClient(demo.sandbox.url("airflow"))


@pytest.fixture
def faults(demo: Demo) -> Iterator[Faults]:
    faults = Faults(demo.sandbox)
    yield faults
    faults.clear()


def test_a_burst_rides_out_refusals_and_throttling(
    demo: Demo, airflow: AirflowClient, faults: Faults
) -> None:
    before = {entity: len(records_in_stream(demo, entity)) for entity in ENTITIES}
    faults.begin("api", "--client", "airflow", "--refuse-records", "--share", "0.2")
    faults.begin("api", "--client", "airflow", "--status", "503", "--share", "0.2")
    faults.begin(
        "kinesis", "--client", "api", "--error", "ProvisionedThroughputExceededException", "--share", "0.2"
    )

    burst(airflow, POSTS, start=2000, batch_size=40)

    struck = faults.struck()
    # None has ended by itself before the burst has.
    assert len(struck) == 3
    assert all(struck)
    faults.clear()
    after = {entity: len(records_in_stream(demo, entity)) for entity in ENTITIES}
    # Nothing was acknowledged whose answer was lost: so nothing is there twice.
    assert after == {entity: count + POSTS for entity, count in before.items()}
    ingest(airflow)
    check_stream(demo)


def under_way(demo: Demo) -> set[str]:
    """The micro-batches that are planned and not committed, as the checkpoints say."""
    client = s3_client(demo.sandbox)
    planned, committed = set(), set()
    for page in client.get_paginator("list_objects_v2").paginate(
        Bucket=demo.sandbox.bucket, Prefix="_state/checkpoints/"
    ):
        for item in page.get("Contents", []):
            folder, kind, name = item["Key"].rsplit("/", 2)
            if name.isdigit():
                {"offsets": planned, "commits": committed}.get(kind, set()).add(f"{folder}/{name}")
    return planned - committed


def test_a_worker_killed_in_the_middle_of_a_batch_loses_and_doubles_nothing(
    demo: Demo, airflow: AirflowClient
) -> None:
    burst(airflow, POSTS, start=3000)
    put_refused(demo, "killed")
    assert not under_way(demo)
    run_id = airflow.trigger(STREAM_INGEST, {})
    wait_until(running(airflow, STREAM_INGEST, run_id, "run_notebook"), what="the notebook", timeout=120)

    def in_the_middle() -> None:
        if not under_way(demo):
            raise NotReady("no batch is under way")

    wait_until(in_the_middle, what="a batch", timeout=120, interval=0.05)
    kill_worker(demo.sandbox, "stream ingest")
    left = under_way(demo)

    assert left
    finished(airflow, STREAM_INGEST, run_id)
    assert tries(airflow, STREAM_INGEST, run_id, "run_notebook") == 2
    assert not under_way(demo)
    check_stream(demo)


def test_a_killed_burst_goes_on_where_it_stopped(demo: Demo, airflow: AirflowClient) -> None:
    before = {entity: len(records_in_stream(demo, entity)) for entity in ENTITIES}
    conf = {"posts": SLOW_POSTS, "start": 8000, "target": "stream", "rate": A_SECOND, "batch_size": 20}
    run_id = airflow.trigger(EMULATE, conf)

    def half_sent() -> None:
        count = len(records_in_stream(demo, "pin")) - before["pin"]
        if count < SLOW_POSTS // 2:
            raise NotReady(f"{count} records are in the stream")

    wait_until(half_sent, what="a part of the burst", timeout=90, interval=0.2)

    task_process(demo.sandbox, airflow, EMULATE, run_id, "send_posts").kill()

    finished(airflow, EMULATE, run_id)
    assert tries(airflow, EMULATE, run_id, "send_posts") == 2
    for entity in ENTITIES:
        count = len(records_in_stream(demo, entity)) - before[entity]
        # What was in flight when it was killed may be in the stream twice; it did not begin anew.
        assert SLOW_POSTS <= count <= SLOW_POSTS + DOUBLED
        acknowledged = query(
            demo,
            f"SELECT sent, acknowledged, landed FROM {table(demo, 'ledger')} "
            f"WHERE stage = 'stream_burst' AND run_id = '{run_id}' AND entity = '{entity}'",
        )
        assert acknowledged == [[str(SLOW_POSTS)] * 3]
    ingest(airflow)
    check_stream(demo)


def test_two_runs_at_once_are_taken_one_by_one(demo: Demo, airflow: AirflowClient) -> None:
    burst(airflow, POSTS, start=4000)

    runs = [airflow.trigger(STREAM_INGEST, {}) for _ in range(2)]

    for run_id in runs:
        finished(airflow, STREAM_INGEST, run_id)
    check_stream(demo)
