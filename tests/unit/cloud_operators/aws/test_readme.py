"""The examples of the README run as they stand."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from airflow.sdk import DAG

from tests.unit.cloud_operators import running
from tests.unit.cloud_operators.aws.fake_msk import FakeMsk

README = Path(__file__).parents[4] / "plugins" / "cloud_operators" / "README.md"
# The examples leave the pauses at their defaults, which are meant for AWS.
NO_PAUSES = {"waiter_delay": 0, "poke_interval": 1}


def examples() -> dict[str, DAG]:
    dags: dict[str, DAG] = {}
    for block in re.findall(r"```python\n(.*?)```", README.read_text(), re.DOTALL):
        if "cloud_operators.aws" in block:
            names: dict[str, Any] = {}
            exec(compile(block, str(README), "exec"), names)
            dags[names["dag"].dag_id] = names["dag"]
    return dags


class Results(running.TaskInstance):
    """Hands results on from task to task."""

    def __init__(self, results: dict[str, Any]) -> None:
        super().__init__()
        self.results = results

    def xcom_pull(self, task_ids: str, **_: Any) -> Any:
        return self.results[task_ids]


def run(dag: DAG) -> dict[str, Any]:
    """Run all tasks of a DAG in order; gives their results."""
    results: dict[str, Any] = {}
    tasks: list[Any] = dag.topological_sort()  # type: ignore[no-untyped-call]
    for task in tasks:
        for name, value in NO_PAUSES.items():
            if hasattr(task, name):
                setattr(task, name, value)
        context: Any = {"ti": Results(results), "expanded_ti_count": None}
        task.render_template_fields(context)
        results[task.task_id] = running.run(task, context)
    return results


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_AWS_DEFAULT", "aws://")


def test_every_operator_has_an_example() -> None:
    from cloud_operators.aws.operators import apigateway, msk_connect

    shown = {type(task).__name__ for dag in examples().values() for task in dag.tasks}
    operators = {*msk_connect.__all__, *(name for name in vars(apigateway) if name.startswith("ApiGateway"))}
    assert {name for name in operators if name.endswith("Operator")} - {"MskConnectBaseOperator"} <= shown


@pytest.mark.usefixtures("account")
def test_msk_connect(msk: FakeMsk) -> None:
    dags = examples()

    results = run(dags["example_msk_connect"])

    connector = msk.connectors[results["create_connector"]].body
    assert connector["connectorState"] == "RUNNING"
    assert connector["capacity"] == {"provisionedCapacity": {"mcuCount": 1, "workerCount": 2}}
    assert results["double_the_workers"] == results["wait_for_connector_running"] == connector["connectorArn"]

    again = run(dags["example_msk_connect_teardown"])

    assert again.keys() == {"delete_connector", "delete_custom_plugin", "delete_worker_configuration"}
    assert (msk.connectors, msk.plugins, msk.workers) == ({}, {}, {})


@pytest.mark.usefixtures("account")
def test_api_gateway(apigateway: Any) -> None:
    results = run(examples()["example_apigateway"])

    rest_api_id = results["put_rest_api"]
    assert results["deploy_api"]["invoke_url"].startswith(f"https://{rest_api_id}.execute-api.us-east-1.")
    stage = apigateway.get_stage(restApiId=rest_api_id, stageName="test")
    assert stage["variables"] == {"proxyHost": "10.0.0.1:8082"}
