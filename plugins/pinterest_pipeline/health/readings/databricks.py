"""The workspace, and the runs of the notebooks in it, read without all that it keeps of other runs."""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from pinterest_pipeline import connections
from pinterest_pipeline.entities import names
from pinterest_pipeline.health.checks.databricks import EndedRun, Reading
from pinterest_pipeline.health.readings.workspace import PATIENCE, workspace_trouble
from pinterest_pipeline.settings import settings

if TYPE_CHECKING:
    from cloud_operators.databricks.hooks.runs import DatabricksRunsHook

BATCH, STREAM, CONTINUOUS = "daily batch", "stream ingest", "continuous stream ingest"
#: How far back the first check looks, step by step while the workspace answers fast.
STEPS = tuple(timedelta(hours=hours) for hours in (1, 6, 26, 120))
#: Seconds that a step may take, for the next one to be taken: it reads about five times as many runs.
FAST_S = 0.8
#: A check that is older is as good as none: too much may have to be read.
LONG_AGO = timedelta(hours=6)
#: The clocks of Airflow and the workspace may differ by so much.
SLACK = timedelta(minutes=5)


def read(memory: Mapping[str, Any]) -> Reading:
    """Find the runs that go on, and those that have ended since the check before.

    :param memory: ``at``: when the check before was; ``active``: ids of the runs that went on then.
    """
    from airflow.sdk.exceptions import AirflowException, AirflowNotFoundException

    from cloud_operators.databricks.hooks.runs import DatabricksRunsHook

    at = datetime.now(UTC)
    try:
        hook = DatabricksRunsHook(connections.DATABRICKS, **PATIENCE)
        return _read(hook, memory, at)
    except AirflowNotFoundException:
        return Reading(at=at, no_connection=True)
    except AirflowException as error:
        if not (trouble := workspace_trouble(error)):
            raise
        return Reading(at=at, trouble=trouble)


def run_names() -> dict[str, str]:
    """Name of a run in the workspace to its notebook, for people; those of the present mode."""
    user_id = names().user_id
    stream = CONTINUOUS if settings().stream_mode == "continuous" else STREAM
    return {f"{user_id}: {notebook}": notebook for notebook in (BATCH, stream)}


def _read(hook: DatabricksRunsHook, memory: Mapping[str, Any], at: datetime) -> Reading:
    from cloud_operators.databricks import runs

    wanted = run_names()
    began = time.monotonic()
    going_on = hook.runs_by_name(*wanted, active_only=True)
    latency = time.monotonic() - began
    # What has ended between two answers is told by the later one.
    found = {run["run_id"]: run for run in [*going_on, *_started_since(hook, wanted, memory.get("at"), at)]}
    # Those that went on at the check before may have been started long ago.
    for run_id in map(int, memory.get("active", {})):
        if run_id not in found and (run := _get(hook, run_id)) and run["run_name"] in wanted:
            found[run_id] = run
    notebooks = {run_id: wanted[run["run_name"]] for run_id, run in found.items()}
    return Reading(
        at=at,
        latency_s=latency,
        notebooks=tuple(wanted.values()),
        continuous=CONTINUOUS if CONTINUOUS in wanted.values() else "",
        ended=tuple(_ended(notebooks[id_], run) for id_, run in found.items() if runs.has_ended(run)),
        active={id_: notebooks[id_] for id_, run in found.items() if not runs.has_ended(run)},
        alive=tuple(sorted({notebooks[id_] for id_, run in found.items() if runs.goes_on(run)})),
    )


def _started_since(
    hook: DatabricksRunsHook, wanted: Mapping[str, str], before: str | None, at: datetime
) -> list[dict[str, Any]]:
    """Runs that were started since the check before; when that is long ago, as many as are read fast."""
    last = datetime.fromisoformat(before) if before else None
    if last and at - last < LONG_AGO:
        return hook.runs_by_name(*wanted, start_time_from=_milliseconds(last - SLACK))
    found: list[dict[str, Any]] = []
    for step in STEPS:
        began = time.monotonic()
        found = hook.runs_by_name(*wanted, start_time_from=_milliseconds(at - step))
        if time.monotonic() - began > FAST_S:
            break
    return found


def _get(hook: DatabricksRunsHook, run_id: int) -> dict[str, Any] | None:
    """A run; ``None`` when the workspace has forgotten it."""
    from airflow.providers.databricks.exceptions import DatabricksApiError

    try:
        run: dict[str, Any] = hook.get_run(run_id)
    except DatabricksApiError as error:
        if error.http_status_code not in (HTTPStatus.BAD_REQUEST, HTTPStatus.NOT_FOUND):
            raise
        return None
    return run


def _ended(notebook: str, run: Mapping[str, Any]) -> EndedRun:
    from cloud_operators.databricks import runs

    state = run["state"]
    end = run.get("end_time") or run["start_time"]
    return EndedRun(
        notebook=notebook,
        run_id=run["run_id"],
        ended=datetime.fromtimestamp(end / 1000, UTC),
        seconds=(end - run["start_time"]) / 1000,
        result=state.get("result_state") or state["life_cycle_state"],
        failed=runs.has_failed(run),
    )


def _milliseconds(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)
