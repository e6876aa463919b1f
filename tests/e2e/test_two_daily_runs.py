"""Two daily runs at once: the counts balance afterwards."""

from __future__ import annotations

import pytest

from pinterest_sandbox.airflow.client import AirflowClient
from pinterest_sandbox.databricks.sql_client import run_sql
from tests.e2e.balance import check_balance
from tests.e2e.conftest import Demo
from tests.e2e.driving import DAILY, EMULATE, finished

pytestmark = pytest.mark.parametrize("demo", ["generated-1-partition"], indirect=True)


@pytest.fixture
def airflow(demo: Demo) -> AirflowClient:
    return AirflowClient(demo.sandbox.url("airflow"))


def test_two_daily_runs_started_at_once_take_turns(demo: Demo, airflow: AirflowClient) -> None:
    finished(airflow, EMULATE, airflow.trigger(EMULATE, {"posts": 50, "start": 900}))

    runs = [airflow.trigger(DAILY, {}) for _ in range(2)]

    for run_id in runs:
        finished(airflow, DAILY, run_id)
    check_balance(demo)
    by_run = run_sql(
        demo.sandbox,
        f"SELECT run_id, sum(landed) > 0 FROM `spark_catalog`.`default`.`{demo.sandbox.user_id}_ledger` "
        f"WHERE stage = 'batch' AND run_id IN ('{runs[0]}', '{runs[1]}') GROUP BY run_id",
    )
    assert sorted(str(new) for _, new in by_run) == ["false", "true"]
