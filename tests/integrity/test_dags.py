"""Every DAG imports, keeps to the policy, and has the graph that was reviewed."""

from __future__ import annotations

import ast
import json
from typing import Any

import pytest
from airflow.dag_processing.dagbag import DagBag
from airflow.serialization.serialized_objects import DagSerialization
from syrupy.assertion import SnapshotAssertion

from pinterest_pipeline.defaults import OWNER, Tag
from tests.integrity.dag_files import FILES

#: Every file under dags/ and the one DAG that it holds.
DAG_IDS = [
    "pinterest_daily_batch",
    "pinterest_emulate_posts",
    "pinterest_heal",
    "pinterest_health",
    "pinterest_maintenance",
    "pinterest_materialise_results",
    "pinterest_provision_batch",
    "pinterest_provision_stream",
    "pinterest_replay",
    "pinterest_stream_ingest",
    "pinterest_teardown",
    "pinterest_trace",
]
SCHEDULED = {
    "pinterest_daily_batch",
    "pinterest_heal",
    "pinterest_health",
    "pinterest_maintenance",
    "pinterest_materialise_results",
    "pinterest_stream_ingest",
}


def test_all_dags_import_without_an_error(dag_bag: DagBag) -> None:
    assert dag_bag.import_errors == {}
    assert not any(dag_bag.captured_warnings.values())


def test_every_file_is_known_and_holds_the_dag_it_is_named_after(dag_bag: DagBag) -> None:
    assert [file.stem for file in FILES] == DAG_IDS
    assert sorted(dag_bag.dags) == DAG_IDS
    assert {dag.fileloc.rpartition("/")[2] for dag in dag_bag.dags.values()} == {f.name for f in FILES}


def test_a_teardown_waits_for_all_that_need_more_than_tables() -> None:
    from pinterest_pipeline.provisioning.teardown.tasks import USERS

    others = {"pinterest_teardown", "pinterest_materialise_results", "pinterest_health", "pinterest_heal"}
    # It writes nothing but versions of tables, and deletes what has expired from a bucket that may be gone.
    others.add("pinterest_maintenance")
    # It tells what is not there.
    others.add("pinterest_trace")
    assert set(USERS) == set(DAG_IDS) - others


@pytest.fixture(params=DAG_IDS)
def dag(request: pytest.FixtureRequest, dag_bag: DagBag) -> Any:
    return dag_bag.dags[request.param]


def test_policy_of_dags(dag: Any) -> None:
    known = {str(tag) for tag in Tag}
    assert dag.tags <= known
    assert Tag.PINTEREST in dag.tags
    assert (Tag.SCHEDULED in dag.tags) == (dag.dag_id in SCHEDULED)
    assert (Tag.MANUAL in dag.tags) == (dag.dag_id not in SCHEDULED)
    assert dag.max_active_runs == 1
    assert dag.description
    assert dag.dag_display_name != dag.dag_id
    assert dag.catchup is False
    assert dag.start_date is None
    assert dag.allowed_run_types is not None
    assert bool(dag.deadline) == (dag.dag_id in SCHEDULED)


@pytest.mark.parametrize(
    "part", ["**When.**", "**Params.**", "Example: `{", "**Writes.**", "**When it fails.**"]
)
def test_the_documentation_is_an_operators_manual(dag: Any, part: str) -> None:
    assert dag.doc_md.strip().startswith("# ")
    assert part in dag.doc_md


def test_the_example_conf_of_the_manual_is_accepted(dag: Any) -> None:
    example = dag.doc_md.partition("Example: `")[2].partition("`")[0]
    conf = json.loads(example.replace("\n", " "))
    assert set(conf) == set(dag.params)
    for name, value in conf.items():
        dag.params[name] = value
    dag.params.validate()


def test_params_are_typed_and_described(dag: Any) -> None:
    for name in dag.params:
        param = dag.params.get_param(name)
        kind = param.schema["type"]
        if isinstance(kind, list):
            # A param that may be left empty.
            assert kind[0] == "null", name
            (kind,) = kind[1:]
        assert kind in ("integer", "string", "boolean", "object"), name
        assert param.description, name
        if kind == "integer":
            assert {"minimum", "maximum"} <= set(param.schema) or "enum" in param.schema, name
        if kind == "string":
            assert "enum" in param.schema or "pattern" in param.schema, name
        if kind == "object":
            assert "additionalProperties" in param.schema, name


#: Tasks that call a person themselves, once for several tries. Of ``pinterest_health`` the alarm on its
#: heartbeat tells: while S3 is away it fails every five minutes.
TELL_THEMSELVES = {("pinterest_heal", "treat"), ("pinterest_heal", "look_again")}


#: Tasks that Airflow does not try again. Each run of a DAG that is a remedy is a try of ``pinterest_heal``:
#: chosen by the present state, noted and counted.
NOT_TRIED_AGAIN = {("pinterest_heal", "run_dag")}


def test_policy_of_tasks(dag: Any) -> None:
    for task in dag.tasks:
        assert task.owner == OWNER, task.task_id
        if (dag.dag_id, task.task_id) in NOT_TRIED_AGAIN:
            assert task.retries == 0, task.task_id
        else:
            assert task.retries >= 2, task.task_id
        assert task.retry_policy is not None, task.task_id
        assert task.execution_timeout is not None, task.task_id
        told_otherwise = dag.dag_id == "pinterest_health" or (dag.dag_id, task.task_id) in TELL_THEMSELVES
        assert bool(task.on_failure_callback) is not told_otherwise, task.task_id


def test_the_graph_is_the_reviewed_one(dag: Any, snapshot: SnapshotAssertion) -> None:
    assert describe(dag) == snapshot


def test_both_modes_of_the_stream_ingest_know_the_runs_of_the_other(dag_bag: DagBag) -> None:
    """Two notebook runs that write from one checkpoint would harm it."""
    dag = dag_bag.dags["pinterest_stream_ingest"]
    once: Any = dag.get_task("run_notebook")
    continuous: Any = dag.get_task("keep_running")

    assert once.run_name != continuous.run_name
    assert once.waits_for == continuous.waits_for
    assert once.run_name in continuous.waits_for
    assert once.replaces == [continuous.run_name]
    assert set(continuous.replace_on_change) == {"streams", "checkpoints"}


def test_a_replay_and_the_runs_that_write_the_same_tables_know_each_other(dag_bag: DagBag) -> None:
    """Of two that are submitted at once, the later one gives way only if each names the other."""
    from pinterest_pipeline.replay.tasks import plan_runs

    replay = plan_runs(dry_run=False)
    daily: Any = dag_bag.dags["pinterest_daily_batch"].get_task("run_notebook")
    once: Any = dag_bag.dags["pinterest_stream_ingest"].get_task("run_notebook")
    continuous: Any = dag_bag.dags["pinterest_stream_ingest"].get_task("keep_running")
    for task in (daily, once, continuous):
        assert replay["run_name"] in task.waits_for
        assert task.run_name in replay["waits_for"] + replay["replaces"]
    # It never ends by itself.
    assert replay["replaces"] == [continuous.run_name]


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_dag_files_are_wiring(file: Any) -> None:
    tree = ast.parse(file.read_text(encoding="utf-8"))
    assert not [node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.ClassDef)]
    roots = {
        name.partition(".")[0]
        for node in ast.walk(tree)
        for name in (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else [node.module or ""]
            if isinstance(node, ast.ImportFrom)
            else []
        )
    }
    assert roots <= {"__future__", "datetime", "airflow", "cloud_operators", "pinterest_pipeline"}
    docstring = len((ast.get_docstring(tree) or "").splitlines())
    assert len(file.read_text(encoding="utf-8").splitlines()) - docstring <= 140


def describe(dag: Any) -> dict[str, Any]:
    """What a reviewer wants to see of a DAG."""
    serialized = json.loads(json.dumps(DagSerialization.to_dict(dag)))["dag"]
    return {
        "schedule": serialized["timetable"],
        "params": {name: dict(dag.params.get_param(name).schema) for name in sorted(dag.params)},
        "tags": sorted(serialized["tags"]),
        "deadlines": [(alert.name, str(alert.interval)) for alert in dag.deadline or []],
        "tasks": {
            task.task_id: {
                "kind": task.operator_name if hasattr(task, "operator_name") else task.task_type,
                "after": sorted(task.upstream_task_ids),
                "mapped": task.is_mapped,
                "outlets": sorted(asset.name for asset in task.outlets or []),
            }
            for task in sorted(dag.tasks, key=lambda task: task.task_id)
        },
    }
