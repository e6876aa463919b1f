"""The stream path in trouble: nothing is lost, nothing counts twice, seen from Kinesis, ledger and tables."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator

import pytest
import requests

from pinterest_sandbox.airflow.client import AirflowClient
from pinterest_sandbox.airflow.dags import STREAM_INGEST
from pinterest_sandbox.waiting import NotReady, wait_until
from tests.e2e.conftest import ENTITIES, Demo
from tests.e2e.driving import finished, notebook_states, running, tries
from tests.e2e.streams import burst, check_stream, ingest, records_in_stream
from tests.faults import Faults

pytestmark = pytest.mark.parametrize("demo", ["generated-1-partition"], indirect=True)

POSTS = 300


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


def test_a_burst_rides_out_refusals_and_throttling(
    demo: Demo, airflow: AirflowClient, faults: Faults
) -> None:
    before = {entity: len(records_in_stream(demo, entity)) for entity in ENTITIES}
    faults.begin("api", "--client", "airflow", "--refuse-records", "--share", "0.2")
    faults.begin("api", "--client", "airflow", "--status", "503", "--share", "0.3")
    faults.begin(
        "kinesis", "--client", "api", "--error", "ProvisionedThroughputExceededException", "--share", "0.3"
    )

    burst(airflow, POSTS, start=2000, batch_size=40)

    assert all(faults.struck())
    faults.clear()
    after = {entity: len(records_in_stream(demo, entity)) for entity in ENTITIES}
    # Nothing was acknowledged whose answer was lost: so nothing is there twice.
    assert after == {entity: count + POSTS for entity, count in before.items()}
    ingest(airflow)
    check_stream(demo)


def test_a_killed_worker_of_the_ingest_loses_and_doubles_nothing(demo: Demo, airflow: AirflowClient) -> None:
    burst(airflow, POSTS, start=3000)
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
    burst(airflow, POSTS, start=4000)

    runs = [airflow.trigger(STREAM_INGEST, {}) for _ in range(2)]

    for run_id in runs:
        finished(airflow, STREAM_INGEST, run_id)
    check_stream(demo)
