"""What a killed or stopped trigger leaves behind, in the triggerer's own loop."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from airflow.jobs.triggerer_job_runner import _USER_ACTION_CANCEL_MSG, TriggerRunner
from airflow.sdk import BaseOperator
from airflow.sdk.exceptions import TaskDeferred

from cloud_operators.databricks.operators.notebook import DatabricksRunNotebookOperator
from cloud_operators.databricks.operators.sql import DatabricksSqlStatementOperator
from tests.unit.cloud_operators import running
from tests.unit.cloud_operators.databricks.fake_databricks import Answer, FakeDatabricks, Notebook

FOREVER = ("RUNNING",) * 10_000


def notebook(databricks: FakeDatabricks) -> BaseOperator:
    databricks.notebooks["/n"] = [Notebook(looks=FOREVER)]
    return DatabricksRunNotebookOperator(
        task_id="run", notebook_path="/n", compute={}, deferrable=True, polling_period_seconds=0.01
    )


def statement(databricks: FakeDatabricks) -> BaseOperator:
    databricks.statements = lambda _: Answer(looks=FOREVER)
    return DatabricksSqlStatementOperator(
        task_id="query", sql="SELECT 1", warehouse_id="w1", deferrable=True, polling_period_seconds=0.01
    )


@pytest.mark.parametrize("operator", [notebook, statement])
@pytest.mark.parametrize(
    ("message", "cancelled"),
    [
        pytest.param(_USER_ACTION_CANCEL_MSG, True, id="marked-or-cleared"),
        pytest.param(None, False, id="triggerer-stops"),
    ],
)
def test_only_a_killed_task_cancels_what_it_started(
    databricks: FakeDatabricks, context: Any, operator: Any, message: str | None, cancelled: bool
) -> None:
    with pytest.raises(TaskDeferred) as deferred:
        operator(databricks).execute(context)
    trigger = running.rebuilt(deferred.value.trigger)
    begun = databricks.called("GET ")

    async def triggerer() -> None:
        runner = TriggerRunner()
        runner.triggers[1] = {"name": "trigger", "events": 0}  # type: ignore[typeddict-item]
        task = asyncio.ensure_future(runner.run_trigger(1, trigger))
        while databricks.called("GET ") == begun:
            await asyncio.sleep(0.01)
        task.cancel(message)
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(asyncio.wait_for(triggerer(), 30))

    started = [*databricks.runs.values(), *databricks.running.values()]
    assert [each.cancelled for each in started] == [cancelled]
