"""Parts killed in the middle of the work, and runs started at once: the counts balance afterwards."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import psutil
import pytest
import requests

from pinterest_sandbox.airflow.client import AirflowClient
from pinterest_sandbox.databricks.sql_client import run_sql
from pinterest_sandbox.waiting import NotReady, wait_until
from tests.e2e.conftest import ENTITIES, Demo, landed_lines
from tests.e2e.driving import DAILY, EMULATE, finished, results_finished

pytestmark = pytest.mark.parametrize("demo", ["generated-1-partition"], indirect=True)

#: Slow enough that the task can be killed in its middle.
SLOW_POSTS, POSTS_A_SECOND = 600, 40
#: It is killed when so many of its posts have landed; beginning anew would double all of them.
LANDED_BEFORE = 300
#: What may be doubled: 2 s until the progress is saved, 1 s that is caught up, and what is in flight.
DOUBLED = 5 * POSTS_A_SECOND


@pytest.fixture
def airflow(demo: Demo) -> AirflowClient:
    return AirflowClient(demo.sandbox.url("airflow"))


def running(airflow: AirflowClient, dag_id: str, run_id: str, task_id: str) -> Callable[[], None]:
    def check() -> None:
        states = [task.state for task in airflow.tasks(dag_id, run_id) if task.task_id == task_id]
        if states != ["running"]:
            raise NotReady(f"{task_id} is {states}")

    return check


def tries(airflow: AirflowClient, dag_id: str, run_id: str, task_id: str) -> int:
    return max(task.try_number for task in airflow.tasks(dag_id, run_id) if task.task_id == task_id)


def notebook_states(demo: Demo) -> list[str]:
    """What became of each notebook run, the newest first."""
    answer = requests.get(
        demo.sandbox.url("databricks", "/api/2.2/jobs/runs/list"),
        headers={"Authorization": f"Bearer {demo.sandbox.databricks_token}"},
        params={"limit": "25", "expand_tasks": "true"},
        timeout=10,
    ).json()
    states = [run["state"] for run in answer.get("runs", [])]
    return [state.get("result_state") or state["life_cycle_state"] for state in states]


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


def task_process(demo: Demo, dag_id: str, run_id: str, task_id: str) -> psutil.Process:
    """The process of a running task: its title has the task instance's id."""
    url = demo.sandbox.url("airflow")
    token = requests.get(f"{url}/auth/token", timeout=30).json()["access_token"]
    instance: dict[str, Any] = requests.get(
        f"{url}/api/v2/dags/{dag_id}/dagRuns/{run_id}/taskInstances/{task_id}",
        headers={"Authorization": f"Bearer {token}"},
        timeout=30,
    ).json()
    found: list[psutil.Process] = []

    def named() -> None:
        supervisor = psutil.Process(int((demo.sandbox.home / "run" / "supervisor.pid").read_text()))
        for process in supervisor.children(recursive=True):
            if instance["id"] in " ".join(process.cmdline()):
                found.append(process)
                return
        raise NotReady("no process has its id")

    wait_until(named, what=f"the process of {task_id}", timeout=30, interval=0.1)
    return found[0]


def test_a_killed_worker_of_the_daily_run_costs_a_retry_and_nothing_else(
    demo: Demo, airflow: AirflowClient
) -> None:
    finished(airflow, EMULATE, airflow.trigger(EMULATE, {"posts": 300, "start": 500}))
    began = datetime.now(UTC)
    run_id = airflow.trigger(DAILY, {})
    before = len(notebook_states(demo))

    def in_its_middle() -> None:
        states = notebook_states(demo)
        if len(states) == before or states[0] != "RUNNING":
            raise NotReady(str(states[:1]))

    wait_until(in_its_middle, what="the notebook", timeout=120, interval=0.2)
    worker = requests.get(demo.sandbox.url("databricks", "/health"), timeout=10).json()["notebook"]

    os.kill(worker["pid"], signal.SIGKILL)

    finished(airflow, DAILY, run_id)
    assert notebook_states(demo)[: len(notebook_states(demo)) - before] == ["SUCCESS", "FAILED"]
    results_finished(airflow, began)
    check_balance(demo)


def test_a_killed_burst_goes_on_where_it_stopped(demo: Demo, airflow: AirflowClient) -> None:
    before = landed_lines(demo.sandbox)
    run_id = airflow.trigger(EMULATE, {"posts": SLOW_POSTS, "rate": POSTS_A_SECOND, "batch_size": 20})
    wait_until(running(airflow, EMULATE, run_id, "send_posts"), what="the burst", timeout=60)
    topic = f"{demo.sandbox.user_id}.pin"

    def half_sent() -> None:
        lines = landed_lines(demo.sandbox).get(("pin", 0), 0) - before.get(("pin", 0), 0)
        if lines < LANDED_BEFORE:
            raise NotReady(f"{lines} lines of {topic} have landed")

    wait_until(half_sent, what="a part of the burst", timeout=60, interval=0.2)

    task_process(demo, EMULATE, run_id, "send_posts").kill()

    finished(airflow, EMULATE, run_id)
    assert tries(airflow, EMULATE, run_id, "send_posts") == 2
    added = {place: count - before[place] for place, count in landed_lines(demo.sandbox).items()}
    sent = run_sql(
        demo.sandbox,
        f"SELECT entity, sent, acknowledged, landed + dead_lettered "
        f"FROM `spark_catalog`.`default`.`{demo.sandbox.user_id}_ledger` "
        f"WHERE stage = 'burst' AND run_id = '{run_id}' ORDER BY entity",
    )
    assert sent == [[entity, *[str(SLOW_POSTS)] * 3] for entity in sorted(ENTITIES)]
    # What was in flight when it was killed may be in the topic twice; it did not begin anew.
    assert all(SLOW_POSTS <= count <= SLOW_POSTS + DOUBLED for count in added.values()), added


def test_two_daily_runs_started_at_once_take_turns(demo: Demo, airflow: AirflowClient) -> None:
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
