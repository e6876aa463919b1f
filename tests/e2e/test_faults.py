"""A worker killed in the middle of the daily run, and two runs at once: the counts balance afterwards."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from pinterest_sandbox.airflow.client import AirflowClient
from pinterest_sandbox.databricks.runs_client import kill_worker, list_states
from pinterest_sandbox.databricks.sql_client import run_sql
from pinterest_sandbox.waiting import NotReady, wait_until
from tests.e2e.conftest import ENTITIES, Demo, landed_lines
from tests.e2e.driving import DAILY, EMULATE, finished, results_finished

pytestmark = pytest.mark.parametrize("demo", ["generated-1-partition"], indirect=True)


@pytest.fixture
def airflow(demo: Demo) -> AirflowClient:
    return AirflowClient(demo.sandbox.url("airflow"))


def balance(demo: Demo) -> list[list[str | None]]:
    """By entity: rows of the batch table, keys kept by all runs, lines that all runs have landed."""
    rows = []
    for entity in ENTITIES:
        table = f"`spark_catalog`.`default`.`{demo.sandbox.user_id}_{entity}_batch`"
        ledger = f"`spark_catalog`.`default`.`{demo.sandbox.user_id}_ledger`"
        rows += run_sql(
            demo.sandbox,
            f"SELECT (SELECT count(*) FROM {table}), sum(kept), sum(landed) FROM {ledger} "
            f"WHERE stage = 'batch' AND entity = '{entity}'",
        )
    return rows


def check_balance(demo: Demo) -> None:
    lines = landed_lines(demo.sandbox)
    for entity, (table_rows, kept, landed) in zip(ENTITIES, balance(demo), strict=True):
        assert table_rows == kept, entity
        assert int(landed or 0) == sum(count for (of, _), count in lines.items() if of == entity), entity


def test_a_killed_worker_of_the_daily_run_costs_a_retry_and_nothing_else(
    demo: Demo, airflow: AirflowClient
) -> None:
    finished(airflow, EMULATE, airflow.trigger(EMULATE, {"posts": 300, "start": 500}))
    began = datetime.now(UTC)
    run_id = airflow.trigger(DAILY, {})
    before = len(list_states(demo.sandbox))

    def in_its_middle() -> None:
        states = list_states(demo.sandbox)
        if len(states) == before or states[0] != "RUNNING":
            raise NotReady(str(states[:1]))

    wait_until(in_its_middle, what="the notebook", timeout=120, interval=0.2)

    kill_worker(demo.sandbox, "daily batch")

    finished(airflow, DAILY, run_id)
    assert list_states(demo.sandbox)[: len(list_states(demo.sandbox)) - before] == ["SUCCESS", "FAILED"]
    results_finished(airflow, began)
    check_balance(demo)


def test_two_daily_runs_started_at_once_take_turns(demo: Demo, airflow: AirflowClient) -> None:
    finished(airflow, EMULATE, airflow.trigger(EMULATE, {"posts": 50, "start": 900}))
    began = datetime.now(UTC)

    runs = [airflow.trigger(DAILY, {}) for _ in range(2)]

    for run_id in runs:
        finished(airflow, DAILY, run_id)
    results_finished(airflow, began)
    check_balance(demo)
    by_run = run_sql(
        demo.sandbox,
        f"SELECT run_id, sum(landed) > 0 FROM `spark_catalog`.`default`.`{demo.sandbox.user_id}_ledger` "
        f"WHERE stage = 'batch' AND run_id IN ('{runs[0]}', '{runs[1]}') GROUP BY run_id",
    )
    assert sorted(str(new) for _, new in by_run) == ["false", "true"]
