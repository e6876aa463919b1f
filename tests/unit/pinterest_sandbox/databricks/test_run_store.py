"""What is kept of runs."""

from __future__ import annotations

from pathlib import Path

import pytest

from pinterest_sandbox.databricks.errors import InvalidParameter
from pinterest_sandbox.databricks.runs import RESULT_LIMIT, Run, RunStore, State, TaskRun


def new_run(store: RunStore, *, single: bool = False, tasks: int = 1) -> Run:
    run_id, job_id, *ids = store.new_ids(2 + tasks)
    return Run(
        run_id=run_id,
        job_id=job_id,
        run_name="r",
        single=single,
        tasks=[
            TaskRun(run_id=one, task_key=f"t{n}", notebook_path="/n", parameters={})
            for n, one in enumerate(ids)
        ],
    )


def test_runs_outlive_the_store(tmp_path: Path) -> None:
    store = RunStore(tmp_path)
    run = new_run(store)
    run.tasks[0].exit_value = "done"
    run.tasks[0].finish("TERMINATED", "SUCCESS")
    run.finish()
    store.save(run)

    again = RunStore(tmp_path)
    found, task = again.find(run.tasks[0].run_id)
    assert (found, task) == (run, run.tasks[0])
    assert again.new_ids(1)[0] > run.tasks[0].run_id


def test_run_that_was_active_ends_with_a_reason(tmp_path: Path) -> None:
    store = RunStore(tmp_path)
    run = new_run(store)
    run.state = run.tasks[0].state = State(life_cycle="RUNNING")
    store.save(run)

    found, _ = RunStore(tmp_path).find(run.run_id)
    assert (found.state.life_cycle, found.state.result) == ("INTERNAL_ERROR", "FAILED")
    assert found.tasks[0].state.message == "The workspace was restarted while this run was active"
    assert RunStore(tmp_path).find(run.run_id)[0] == found


def test_run_that_can_not_be_kept_was_not_submitted(tmp_path: Path) -> None:
    store = RunStore(tmp_path / "runs")
    run = new_run(store)
    run.idempotency_token = "token"
    (tmp_path / "runs").rmdir()

    with pytest.raises(FileNotFoundError):
        store.save(run)

    assert store.by_token("token") is None
    assert store.all() == []


def test_unknown_run(tmp_path: Path) -> None:
    with pytest.raises(InvalidParameter, match="Run 5 does not exist"):
        RunStore(tmp_path).find(5)


@pytest.mark.parametrize(
    ("results", "single", "state"),
    [
        (["SUCCESS", "SUCCESS"], False, ("TERMINATED", "SUCCESS")),
        (["SUCCESS", "FAILED"], False, ("INTERNAL_ERROR", "FAILED")),
        (["TIMEDOUT"], False, ("INTERNAL_ERROR", "TIMEDOUT")),
        (["FAILED"], True, ("TERMINATED", "FAILED")),
    ],
    ids=["success", "one-failed", "timed-out", "single"],
)
def test_state_of_a_run_comes_from_its_tasks(
    tmp_path: Path, results: list[str], single: bool, state: tuple[str, str]
) -> None:
    run = new_run(RunStore(tmp_path), single=single, tasks=len(results))
    for task, result in zip(run.tasks, results, strict=True):
        task.finish("TERMINATED", result, "why")
    run.finish()
    assert (run.state.life_cycle, run.state.result) == state


def test_cancelled_run(tmp_path: Path) -> None:
    run = new_run(RunStore(tmp_path))
    run.cancelled = True
    run.tasks[0].finish("TERMINATED", "CANCELED")
    run.finish()
    assert run.to_api("http://x")["state"] == {
        "life_cycle_state": "TERMINATED",
        "result_state": "CANCELED",
        "state_message": "Run cancelled.",
    }


def test_long_exit_value_is_cut(tmp_path: Path) -> None:
    run = new_run(RunStore(tmp_path))
    run.tasks[0].exit_value = "x" * (RESULT_LIMIT + 1)
    output = run.output(run.tasks[0], "http://x")["notebook_output"]
    assert (len(output["result"]), output["truncated"]) == (RESULT_LIMIT, True)
