"""What the Jobs API says about the run of a notebook. No service is called here."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Any

from cloud_operators.exceptions import NotebookRunFailed, ServiceFailed

TRACE_LINES = 20
#: Life cycle states in which a run has ended, well or not.
TERMINAL = ("TERMINATED", "SKIPPED", "INTERNAL_ERROR")
#: Result states of runs that came to their end, or were brought to it on purpose.
_WANTED_ENDS = ("SUCCESS", "CANCELED", "TIMEDOUT")
_ANSI_CODES = re.compile(r"\x1b\[[0-9;]*m")


def has_ended(run: Mapping[str, Any]) -> bool:
    """Tell whether a run has ended.

    :param run: answer of runs/get
    """
    return run["state"]["life_cycle_state"] in TERMINAL


def goes_on(run: Mapping[str, Any]) -> bool:
    """Tell whether a run has neither ended nor been told to.

    :param run: answer of runs/get, or one run of runs/list
    """
    return not has_ended(run) and run["state"]["life_cycle_state"] != "TERMINATING"


def has_failed(run: Mapping[str, Any]) -> bool:
    """Tell whether a run has ended by a fault: not well, nor cancelled, skipped, or by its own time limit.

    :param run: answer of runs/get, or one run of runs/list
    """
    state = run["state"]
    return (
        has_ended(run)
        and state["life_cycle_state"] != "SKIPPED"
        and state.get("result_state") not in _WANTED_ENDS
    )


def order(run: Mapping[str, Any]) -> tuple[int, int]:
    """Give what runs are sorted by, so that the one that was started first comes first for everybody.

    :param run: answer of runs/get, or one run of runs/list
    """
    return run["start_time"], run["run_id"]


def notebook_of(run: Mapping[str, Any]) -> str:
    """Give the workspace path of a run's notebook.

    :param run: answer of runs/get
    """
    return str(run["tasks"][0]["notebook_task"]["notebook_path"])


def changed(run: Mapping[str, Any], wanted: Mapping[str, str], names: Iterable[str]) -> list[str]:
    """Give the names of those parameters of a run's notebook that are not as wanted.

    :param run: answer of runs/get
    :param wanted: the notebook's widgets
    :param names: of the parameters that are compared
    """
    found = run["tasks"][0]["notebook_task"].get("base_parameters") or {}
    return [name for name in names if found.get(name) != wanted.get(name)]


def is_forgotten(run_id: int, status: int | None, body: str) -> bool:
    """Tell from a refusal of runs/get whether the workspace has no such run (it keeps them for 60 days).

    It answers that with status 400. Status 404 with the code for a missing resource is what such a refusal
    is elsewhere in the API. Any other refusal says nothing of the run: it may well be there.

    .. seealso:: https://github.com/databricks/databricks-sdk-py/blob/main/databricks/sdk/errors/overrides.py

    :param run_id: id of the run
    :param status: HTTP status
    :param body: what was answered
    """
    try:
        answer = json.loads(body)
    except ValueError:
        return False
    if not isinstance(answer, dict):
        return False
    code, message = (str(answer.get(key)) for key in ("error_code", "message"))
    if status == HTTPStatus.NOT_FOUND:
        return code == "RESOURCE_DOES_NOT_EXIST"
    missing = rf"Run {run_id} does not exist|Run: {run_id} in job: \S+ doesn't exist"
    return (
        status == HTTPStatus.BAD_REQUEST
        and code == "INVALID_PARAMETER_VALUE"
        and re.search(missing, message) is not None
    )


def exit_value(notebook_path: str, output: Mapping[str, Any]) -> Any:
    """Read what a notebook gave to ``dbutils.notebook.exit``.

    :param notebook_path: workspace path of the notebook
    :param output: answer of runs/get-output
    :returns: parsed when it is JSON, otherwise the text, ``None`` when the notebook gave none
    :raises ServiceFailed: when the service cut it short
    """
    notebook_output = output.get("notebook_output") or {}
    if notebook_output.get("truncated"):
        raise ServiceFailed(
            f"notebook {notebook_path}", "SUCCESS", message="its exit value is too long and was truncated"
        )
    result = notebook_output.get("result")
    if result is None:
        return None
    try:
        return json.loads(result)
    except ValueError:
        return result


def failure(notebook_path: str, run: Mapping[str, Any], output: Mapping[str, Any]) -> NotebookRunFailed:
    """Describe why a run ended without success.

    :param notebook_path: workspace path of the notebook
    :param run: answer of runs/get
    :param output: answer of runs/get-output; empty for a run that has none
    """
    state = run["state"]
    trace = _ANSI_CODES.sub("", str(output.get("error_trace") or "")).strip()
    return NotebookRunFailed(
        notebook_path,
        state.get("result_state") or state["life_cycle_state"],
        str(output.get("error") or state.get("state_message") or "no reason given"),
        trace="\n".join(trace.splitlines()[-TRACE_LINES:]),
        run_page_url=str(run.get("run_page_url") or ""),
    )
