"""The examples of the READMEs run as they stand, and their tables say what there is."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from airflow.sdk import DAG

from tests.unit.cloud_operators import running
from tests.unit.cloud_operators.aws.fake_kinesis import FakeKinesis
from tests.unit.cloud_operators.aws.fake_msk import FakeMsk
from tests.unit.cloud_operators.databricks.fake_databricks import Answer, FakeDatabricks, Notebook
from tests.unit.cloud_operators.databricks.warehouse import BUCKET, ROWS, Warehouse
from tests.unit.cloud_operators.kafka.fake_kafka import FakeKafka
from tests.unit.cloud_operators.public import ROOT, public_operators
from tests.unit.cloud_operators.ways import LONG_RUNNING

# The examples leave the pauses at their defaults, which are meant for the services.
NO_PAUSES = {"waiter_delay": 0, "poke_interval": 1, "polling_period_seconds": 0.01}


def blocks(part: str) -> list[str]:
    return re.findall(r"```python\n(.*?)```", (ROOT / part / "README.md").read_text(), re.DOTALL)


def made(code: str) -> DAG:
    names: dict[str, Any] = {}
    exec(compile(code, "README.md", "exec"), names)
    dag: DAG = names["dag"]
    return dag


@pytest.fixture
def example(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Make the DAG of this id from the README of a part."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("AIRFLOW_CONN_AWS_DEFAULT", "aws://")

    def find(part: str, dag_id: str) -> DAG:
        (code,) = (block for block in blocks(part) if f'DAG("{dag_id}"' in block)
        return made(code)

    return find


class Results(running.TaskInstance):
    """Hands results on from task to task."""

    def __init__(self, results: dict[str, Any]) -> None:
        super().__init__()
        self.results = results

    def xcom_pull(self, task_ids: str, **_: Any) -> Any:
        return self.results[task_ids]


def run(dag: DAG, **replacements: Any) -> dict[str, Any]:
    """Run all tasks of a DAG in order; gives their results."""
    results: dict[str, Any] = {}
    tasks: list[Any] = dag.topological_sort()  # type: ignore[no-untyped-call]
    for task in tasks:
        for name, value in {**NO_PAUSES, **replacements}.items():
            if hasattr(task, name):
                setattr(task, name, value)
        context: Any = {
            **running.context(),
            "ti": Results(results),
            "run_id": "r1",
            "expanded_ti_count": None,
        }
        task.render_template_fields(context)
        results[task.task_id] = running.run(task, context)
    return results


@pytest.mark.parametrize("part", ["aws", "databricks", "kafka"])
def test_every_operator_has_an_example(part: str, example: Any) -> None:
    shown = {type(task).__name__ for code in blocks(part) for task in made(code).tasks}

    there = {each.__name__ for each in public_operators() if f".{part}." in each.__module__}
    assert there - shown == set()


def test_the_table_lists_every_operator_with_its_modes() -> None:
    rows = re.findall(r"^\| `(\w+)` \| (.+?) \| (.+?) \|", (ROOT / "README.md").read_text(), re.MULTILINE)

    cases = {operator.__name__: case for operator, case in LONG_RUNNING.items()}
    for name, without_waiting, deferred in rows:
        case = cases.get(name)
        assert (without_waiting != "-") is bool(case and not case.always_waits), name
        assert (deferred == "yes") is bool(case), name
    assert sorted(name for name, *_ in rows) == [operator.__name__ for operator in public_operators()]


def test_msk_connect(msk: FakeMsk, example: Any) -> None:
    results = run(example("aws", "example_msk_connect"))

    connector = msk.connectors[results["create_connector"]].body
    assert connector["connectorState"] == "RUNNING"
    assert connector["capacity"] == {"provisionedCapacity": {"mcuCount": 1, "workerCount": 2}}
    assert results["restart_failed_tasks"] == connector["connectorArn"]
    assert msk.restarts == ["true"]
    assert results["double_the_workers"] == results["wait_for_connector_running"] == connector["connectorArn"]

    again = run(example("aws", "example_msk_connect_teardown"))

    assert again.keys() == {"delete_connector", "delete_custom_plugin", "delete_worker_configuration"}
    assert (msk.connectors, msk.plugins, msk.workers) == ({}, {}, {})


def test_kinesis(kinesis: FakeKinesis, example: Any) -> None:
    results = run(example("aws", "example_kinesis"))

    assert results["create_stream"] == results["scale_stream"] == results["wait_for_stream_active"]
    assert results["create_stream"].endswith(":stream/demo")
    assert results["put_records"]["records"] == 2
    changes = [request for request in kinesis.requests if request != "DescribeStreamSummary"]
    # One shard becomes three by way of two.
    assert changes == [
        "CreateStream",
        "IncreaseStreamRetentionPeriod",
        "PutRecords",
        "UpdateShardCount",
        "UpdateShardCount",
        "DeleteStream",
    ]
    assert kinesis.streams == {}


def test_api_gateway(apigateway: Any, example: Any) -> None:
    results = run(example("aws", "example_apigateway"))

    rest_api_id = results["put_rest_api"]
    assert (results["deploy_api"]["rest_api_id"], results["deploy_api"]["stage_name"]) == (
        rest_api_id,
        "test",
    )
    stage = apigateway.get_stage(restApiId=rest_api_id, stageName="test")
    assert stage["variables"] == {"proxyHost": "10.0.0.1:8082"}


def test_databricks(databricks: FakeDatabricks, s3: Any, example: Any) -> None:
    kept = Warehouse(ROWS)

    def warehouse(request: dict[str, Any]) -> Answer:
        counts = "range(:limit)" in request["statement"]
        return Answer((("n", "LONG"),), ([["3"]],)) if counts else kept(request)

    databricks.statements = warehouse
    # The example's bucket is one of the reader's; the notebook runs where the folder was published.
    dag = example("databricks", "example_databricks")
    databricks.notebooks = _AnyNotebook([Notebook(exit_value='{"hello": "r1"}')])

    results = run(dag, destination=f"s3://{BUCKET}/results/example")

    folder = results["publish"]
    assert databricks.objects[f"{folder}/hello"]["object_type"] == "NOTEBOOK"
    assert b"dbutils.notebook.exit" in databricks.objects[f"{folder}/hello"]["content"]
    (submitted,) = (each.request["tasks"][0]["notebook_task"] for each in databricks.runs.values())
    assert submitted["notebook_path"] == f"{folder}/hello"
    assert submitted["base_parameters"] == {"name": "r1"}
    assert results["run_notebook"] == {"hello": "r1"}
    assert results["count_rows"] == [{"n": 3}]
    assert results["keep_result"]["rows"] == len(ROWS)
    keys = [found["Key"] for found in s3.list_objects_v2(Bucket=BUCKET)["Contents"]]
    assert keys == ["results/example/result.csv", "results/example/result.jsonl"]


def test_databricks_stream(databricks: FakeDatabricks, example: Any) -> None:
    databricks.notebooks["/Shared/example/stream"] = [Notebook(looks=("RUNNING",) * 1000)]

    ids = [run(example("databricks", "example_databricks_stream"), min_seconds=0) for _ in range(2)]

    assert ids == [{"keep_stream_running": 1000}] * 2
    (submitted,) = databricks.runs.values()
    assert submitted.request["run_name"] == "example-stream"


class _AnyNotebook(dict[str, list[Notebook]]):
    """The same scripts for each path: where a folder is published is known only once it is."""

    def __init__(self, scripts: list[Notebook]) -> None:
        super().__init__()
        self.scripts = scripts

    def get(self, path: str, default: Any = None) -> Any:
        return self.scripts


def test_kafka(kafka: FakeKafka, example: Any) -> None:
    kafka.committed = [0]

    results = run(example("kafka", "example_kafka"))

    assert {name: len(topic.ends) for name, topic in kafka.topics.items()} == {
        "events": 3,
        "events-dead-letters": 1,
    }
    assert kafka.topics["events"].config == {"retention.ms": "604800000"}
    assert results["wait_for_sink"]["end"] == {"events": {"0": 0, "1": 0, "2": 0}}

    assert [each["action"] for each in run(example("kafka", "example_kafka"))["create_topic"]] == [
        "adopted",
        "adopted",
    ]

    assert run(example("kafka", "example_kafka_teardown")) == {
        "delete_topics": ["events", "events-dead-letters"]
    }
    assert kafka.topics == {}
