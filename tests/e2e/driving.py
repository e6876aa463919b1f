"""What the end-to-end tests do with a running demo: run its DAGs, ask its tables."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from datetime import datetime
from typing import Any

import requests

from pinterest_sandbox.airflow.client import AirflowClient
from pinterest_sandbox.databricks.sql_client import run_sql
from pinterest_sandbox.waiting import NotReady
from tests.e2e.conftest import Demo
from tests.running_sandbox import CHECKOUT, sandbox_variables

EMULATE, DAILY, RESULTS = "pinterest_emulate_posts", "pinterest_daily_batch", "pinterest_materialise_results"
RUN_LIMIT = 600.0
#: The forms that cleaned rows are written in by Spark.
JSON_OPTIONS = "map('timestampFormat', 'yyyy-MM-dd HH:mm:ss', 'ignoreNullFields', 'false')"


def dags_test(demo: Demo, dag_id: str, conf: dict[str, object], **environment: str) -> None:
    """Run a DAG by ``airflow dags test`` in the environment that ``sandbox env`` gives.

    The scheduler would take tasks of such a run as well, between two looks of the command: it leaves those of
    a paused DAG alone.

    :param environment: further variables.
    """
    client = AirflowClient(demo.sandbox.url("airflow"))
    was_paused = client.is_paused(dag_id)
    client.pause(dag_id)
    try:
        _dags_test(demo, dag_id, conf, environment)
    finally:
        if not was_paused:
            client.unpause(dag_id)


def _dags_test(demo: Demo, dag_id: str, conf: dict[str, object], environment: dict[str, str]) -> None:
    airflow = CHECKOUT / ".venv" / "airflow" / "bin" / "airflow"
    done = subprocess.run(
        [str(airflow), "dags", "test", dag_id, "--conf", json.dumps(conf)],
        env={
            **os.environ,
            **sandbox_variables(demo.sandbox.home),
            **demo.sandbox.environment,
            **environment,
        },
        capture_output=True,
        text=True,
        timeout=900,
        check=False,
    )
    assert done.returncode == 0, (done.stdout + done.stderr)[-6000:]


def finished(airflow: AirflowClient, dag_id: str, run_id: str) -> None:
    airflow.wait_for_run(dag_id, run_id, timeout=RUN_LIMIT)


def results_finished(airflow: AirflowClient, since: datetime) -> None:
    """The results follow each daily run; what comes next should not meet them."""
    finished(airflow, RESULTS, airflow.find_run(RESULTS, since=since, timeout=60))


def table(demo: Demo, name: str) -> str:
    return f"`spark_catalog`.`default`.`{demo.sandbox.user_id}_{name}`"


def query(demo: Demo, statement: str) -> list[list[str | None]]:
    return run_sql(demo.sandbox, statement)


def cleaned_rows(
    demo: Demo, entity: str, where: str = "true", *, kind: str = "batch"
) -> list[dict[str, Any]]:
    """A table without its position columns, in the order of the key.

    :param kind: ``batch``, or ``table`` for that of the stream path.
    """
    name = table(demo, f"{entity}_{kind}")
    columns = [str(column) for (column, *_) in query(demo, f"SHOW COLUMNS IN {name}")]
    cleaned = ", ".join(f"`{column}`" for column in columns if not column.startswith("_"))
    rows = query(
        demo, f"SELECT to_json(struct({cleaned}), {JSON_OPTIONS}) FROM {name} WHERE {where} ORDER BY ind"
    )
    return [json.loads(str(row)) for (row,) in rows]


def running(airflow: AirflowClient, dag_id: str, run_id: str, task_id: str) -> Callable[[], None]:
    def check() -> None:
        states = [task.state for task in airflow.tasks(dag_id, run_id) if task.task_id == task_id]
        if states != ["running"]:
            raise NotReady(f"{task_id} is {states}")

    return check


def tries(airflow: AirflowClient, dag_id: str, run_id: str, task_id: str) -> int:
    return max(task.try_number for task in airflow.tasks(dag_id, run_id) if task.task_id == task_id)


def clear_task(demo: Demo, dag_id: str, run_id: str, task_id: str) -> None:
    """Clear a task, as a user does in the UI."""
    _call(
        demo,
        "POST",
        f"/dags/{dag_id}/clearTaskInstances",
        {"dry_run": False, "only_failed": False, "dag_run_id": run_id, "task_ids": [task_id]},
    )


def give_up_run(demo: Demo, dag_id: str, run_id: str) -> None:
    """Mark a run as failed, so that no task of it is tried again."""
    _call(demo, "PATCH", f"/dags/{dag_id}/dagRuns/{run_id}", {"state": "failed"})


def _call(demo: Demo, method: str, path: str, content: dict[str, object]) -> None:
    url = demo.sandbox.url("airflow")
    token = requests.get(f"{url}/auth/token", timeout=30).json()["access_token"]
    headers = {"Authorization": f"Bearer {token}"}
    answer = requests.request(method, f"{url}/api/v2{path}", headers=headers, json=content, timeout=60)
    assert answer.status_code == 200, answer.text
