"""The body of a submitted run."""

from __future__ import annotations

from typing import Any

import pytest

from pinterest_sandbox.databricks.errors import ApiError
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
            "existing_cluster_id": "c1",
            "notebook_task": {"notebook_path": "/Workspace/Shared/n", "base_parameters": {"n": 1, "s": "x"}},
            "timeout_seconds": 60,
        }
    )
    [only] = read.tasks
    assert read.single
    assert (only.task_key, only.notebook_path, only.timeout_seconds) == ("daily", "/Shared/n", 60)
    assert only.parameters == {"n": "1", "s": "x"}
    assert only.compute == {"existing_cluster_id": "c1"}


def test_tasks_come_in_an_order_that_can_be_run() -> None:
    read = read_submission({"tasks": [task("c", "a", "b"), task("b", "a"), task("a")]})
    assert not read.single
    assert [one.task_key for one in read.tasks] == ["a", "b", "c"]


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({}, "exactly a notebook_task"),
        ({"tasks": ["x"]}, "list of objects"),
        ({"tasks": [{"notebook_task": {"notebook_path": "/n"}}]}, "needs a task_key"),
        ({"tasks": [task("a"), task("a")]}, "must be unique"),
        ({"tasks": [task("a", "b"), task("b", "a")]}, "in a circle"),
        ({"tasks": [task("a", spark_jar_task={})]}, "exactly a notebook_task"),
        ({"notebook_task": {"notebook_path": "n"}}, "absolute path"),
        ({"notebook_task": {"notebook_path": "/n", "base_parameters": ["x"]}}, "must be an object"),
    ],
    ids=["empty", "no-objects", "no-key", "same-key", "circle", "two-kinds", "relative", "parameters"],
)
def test_bad_body_is_refused(body: dict[str, Any], message: str) -> None:
    with pytest.raises(ApiError, match=message):
        read_submission(body)
