"""The body of a submitted run."""

from __future__ import annotations

from typing import Any

import pytest

from pinterest_sandbox.databricks.errors import ApiError, InvalidParameter
from pinterest_sandbox.databricks.submission import read_submission


def task(key: str, *after: str, **extra: Any) -> dict[str, Any]:
    return {
        "task_key": key,
        "notebook_task": {"notebook_path": f"/{key}"},
        "depends_on": [{"task_key": other} for other in after],
        **extra,
    }


def test_task_at_the_top_level_takes_the_name_of_the_run() -> None:
    read = read_submission(
        {
            "run_name": "daily",
            "existing_cluster_id": "sandbox",
            "notebook_task": {"notebook_path": "/Workspace/Shared/n", "base_parameters": {"n": 1, "s": "x"}},
            "timeout_seconds": 60,
        }
    )
    [only] = read.tasks
    assert read.single
    assert (only.task_key, only.notebook_path, only.timeout_seconds) == ("daily", "/Shared/n", 60)
    assert only.parameters == {"n": "1", "s": "x"}
    assert only.compute == {"existing_cluster_id": "sandbox"}


def test_members_that_are_null_are_missing() -> None:
    read = read_submission(
        {
            "run_name": None,
            "idempotency_token": None,
            "tasks": [{**task("a"), "timeout_seconds": None, "depends_on": None, "new_cluster": None}],
        }
    )
    assert (read.run_name, read.idempotency_token) == ("Untitled", None)
    [only] = read.tasks
    assert (only.timeout_seconds, only.depends_on, only.compute) == (0, [], {})


def test_numbers_may_be_text_and_parameters_numbers() -> None:
    notebook = {"notebook_path": "/n", "base_parameters": {"i": 7, "f": 1.5, "b": True}}
    [only] = read_submission({"notebook_task": notebook, "timeout_seconds": "60"}).tasks
    assert only.timeout_seconds == 60
    assert only.parameters == {"i": "7", "f": "1.5", "b": "true"}


@pytest.mark.parametrize(
    ("path", "read"),
    [("/Workspace/Shared/n", "/Shared/n"), ("/Workspaces/n", "/Workspaces/n"), ("/n", "/n")],
)
def test_path_without_the_root(path: str, read: str) -> None:
    [only] = read_submission({"notebook_task": {"notebook_path": path}}).tasks
    assert only.notebook_path == read


def test_tasks_come_in_an_order_that_can_be_run() -> None:
    read = read_submission({"tasks": [task("c", "a", "b"), task("b", "a"), task("a")]})
    assert not read.single
    assert [one.task_key for one in read.tasks] == ["a", "b", "c"]


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({}, "exactly a notebook_task"),
        ({"tasks": ["x"]}, "Expected object for field tasks.0, found STRING"),
        ({"tasks": [{"notebook_task": {"notebook_path": "/n"}}]}, "Missing required field: tasks.0.task_key"),
        ({"tasks": [task("a"), task("a")]}, "must be unique"),
        ({"tasks": [task("a", "b"), task("b", "a")]}, "in a circle"),
        ({"tasks": [task("a", spark_jar_task={})]}, "exactly a notebook_task"),
        ({"notebook_task": {"notebook_path": "n"}}, "absolute path"),
        (
            {"notebook_task": {"notebook_path": "/n", "base_parameters": ["x"]}},
            "Expected object .* found ARRAY",
        ),
    ],
    ids=["empty", "no-objects", "no-key", "same-key", "circle", "two-kinds", "relative", "parameters"],
)
def test_bad_body_is_refused(body: dict[str, Any], message: str) -> None:
    with pytest.raises(ApiError, match=message):
        read_submission(body)


CLUSTER = {"spark_version": "17.3.x-scala2.13", "node_type_id": "m5.large", "num_workers": 2}


def without(name: str, **more: Any) -> dict[str, Any]:
    return {key: value for key, value in {**CLUSTER, **more}.items() if key != name}


@pytest.mark.parametrize(
    "compute",
    [
        {},
        {"environment_key": "e"},
        {"existing_cluster_id": "sandbox"},
        {"new_cluster": {**CLUSTER, "spark_conf": {"a": "b"}}},
        {"new_cluster": without("node_type_id", instance_pool_id="pool")},
        {"new_cluster": without("num_workers", autoscale={"min_workers": 1, "max_workers": 2})},
        {"new_cluster": {"policy_id": "p", "apply_policy_default_values": True}},
    ],
    ids=["serverless", "environment", "existing", "new", "pool", "autoscale", "policy"],
)
def test_compute_is_kept_as_it_was_given(compute: dict[str, Any]) -> None:
    [only] = read_submission({"tasks": [task("a", **compute)]}).tasks
    assert only.compute == compute


@pytest.mark.parametrize(
    ("compute", "message"),
    [
        ({"existing_cluster_id": "0123-456789-abcdefgh"}, "Cluster 0123-456789-abcdefgh does not exist"),
        ({"existing_cluster_id": "sandbox", "new_cluster": CLUSTER}, "Only one of"),
        ({"job_cluster_key": "main"}, "no job clusters"),
        ({"new_cluster": {}}, "Missing required field: settings.cluster_spec.new_cluster.size"),
        ({"new_cluster": without("num_workers")}, "new_cluster.size"),
        ({"new_cluster": without("spark_version")}, "new_cluster.spark_version"),
        ({"new_cluster": without("node_type_id")}, "new_cluster.node_type_id"),
        ({"new_cluster": {**CLUSTER, "instance_pool_id": "p"}}, "'node_type_id' cannot be supplied"),
        ({"new_cluster": {"policy_id": "p"}}, "new_cluster.size"),
    ],
    ids=["unknown", "two", "job-cluster", "nothing", "size", "version", "node", "node-and-pool", "policy"],
)
def test_compute_that_would_fail_on_databricks_is_refused(compute: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidParameter, match=message):
        read_submission({"tasks": [task("a", **compute)]})


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"idempotency_token": 5}, "MALFORMED_REQUEST"),
        ({"idempotency_token": "x" * 65}, "INVALID_PARAMETER_VALUE"),
        ({"run_name": ["r"]}, "MALFORMED_REQUEST"),
        ({"tasks": {}}, "INVALID_PARAMETER_VALUE"),
        ({"tasks": {"a": 1}}, "MALFORMED_REQUEST"),
        ({"depends_on": ["a"]}, "MALFORMED_REQUEST"),
        ({"depends_on": [{}]}, "INVALID_PARAMETER_VALUE"),
        ({"depends_on": "a"}, "MALFORMED_REQUEST"),
        ({"task_key": 5}, "MALFORMED_REQUEST"),
        ({"task_key": ""}, "INVALID_PARAMETER_VALUE"),
        ({"timeout_seconds": "abc"}, "MALFORMED_REQUEST"),
        ({"timeout_seconds": True}, "MALFORMED_REQUEST"),
        ({"timeout_seconds": 1.5}, "MALFORMED_REQUEST"),
        ({"timeout_seconds": -1}, "INVALID_PARAMETER_VALUE"),
        ({"timeout_seconds": 1e10}, "INVALID_PARAMETER_VALUE"),
        ({"existing_cluster_id": {}}, "MALFORMED_REQUEST"),
        ({"new_cluster": "large"}, "MALFORMED_REQUEST"),
        ({"new_cluster": {**CLUSTER, "num_workers": []}}, "MALFORMED_REQUEST"),
        ({"notebook_task": "/n"}, "MALFORMED_REQUEST"),
        ({"notebook_task": {}}, "INVALID_PARAMETER_VALUE"),
        ({"notebook_task": {"notebook_path": ["/n"]}}, "MALFORMED_REQUEST"),
        ({"notebook_task": {"notebook_path": "/n", "base_parameters": {"p": {}}}}, "MALFORMED_REQUEST"),
    ],
    ids=str,
)
def test_member_of_the_wrong_kind_is_refused(changes: dict[str, Any], code: str) -> None:
    at_the_top = {
        name: changes[name] for name in ("idempotency_token", "run_name", "tasks") if name in changes
    }
    inside = {name: value for name, value in changes.items() if name not in at_the_top}
    with pytest.raises(ApiError) as refused:
        read_submission({"tasks": [{**task("a"), **inside}], **at_the_top})
    assert (refused.value.code, refused.value.status) == (code, 400)
