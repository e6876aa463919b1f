"""What the Jobs API says about the run of a notebook. No service is called here."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from cloud_operators.exceptions import NotebookRunFailed, ServiceFailed

TRACE_LINES = 20
#: Life cycle states in which a run has ended, well or not.
TERMINAL = ("TERMINATED", "SKIPPED", "INTERNAL_ERROR")
_ANSI_CODES = re.compile(r"\x1b\[[0-9;]*m")


def has_ended(run: Mapping[str, Any]) -> bool:
    """Tell whether a run has ended.

    :param run: answer of runs/get
    """
    return run["state"]["life_cycle_state"] in TERMINAL


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
