"""Run a notebook once and return what it exits with."""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, cast

from airflow.providers.common.compat.sdk import AirflowException
from airflow.providers.databricks.hooks.databricks import DatabricksHook, RunState
from airflow.providers.databricks.operators.databricks import DatabricksSubmitRunOperator

from cloud_operators.exceptions import NotebookRunFailed, ServiceFailed

if TYPE_CHECKING:
    from airflow.sdk import Context
    from pydantic import JsonValue

TRACE_LINES = 20
_ANSI_CODES = re.compile(r"\x1b\[[0-9;]*m")
_TASK_KEY = "notebook"
_SUBMISSION_KEY = "databricks_submission"
_COMPUTE_KEYS = {"existing_cluster_id", "new_cluster", "libraries"}


class DatabricksRunNotebookOperator(DatabricksSubmitRunOperator):
    """Run one notebook with ``runs/submit``, wait for it, and return its exit value.

    Built on the provider's submit operator and durable as that one is: the run's id is kept in the task's
    state store, and a retry after a lost worker re-attaches to the run, waits for it or takes its result.
    Only after a run that failed does a retry submit a new one. Two gaps of the provider are closed here: a
    run submitted just before its id could be stored, and a submit request repeated because its answer was
    lost, by an idempotency token that is stored before the request and used for this one submission. (A token
    used again after a failure would give the failed run again,
    https://github.com/apache/airflow/issues/64828.)

    There is no deferrable mode, on purpose: the provider's deferrable path stores no run id, so that a retry
    submits a second run. The price is a worker slot while the notebook runs.

    .. seealso:: https://docs.databricks.com/api/jobs/v2.2/submit

    :param notebook_path: absolute workspace path of the notebook, without extension (templated)
    :param parameters: the notebook's widgets, text to text (templated)
    :param compute: ``{"existing_cluster_id": …}`` or ``{"new_cluster": {…}}``, with ``"libraries"`` if
        needed; ``{}`` runs it on serverless compute (templated)
    :param run_name: name of the run in the workspace (templated), default ``<DAG id>.<task id>``
    :param timeout_seconds: limit that Databricks puts on the run, 0 is none
    :param polling_period_seconds: seconds between two looks at the run
    :param databricks_conn_id: the Databricks connection (templated)
    :param kwargs: ``durable`` and the ``databricks_retry_*`` arguments of the provider's operator; those of
        BaseOperator
    """

    template_fields: Sequence[str] = (
        "notebook_path",
        "parameters",
        "compute",
        "run_name",
        "timeout_seconds",
        "databricks_conn_id",
    )
    template_fields_renderers = {"parameters": "json", "compute": "json"}  # noqa: RUF012 # as BaseOperator has it

    def __init__(
        self,
        *,
        notebook_path: str,
        parameters: dict[str, str] | None = None,
        compute: dict[str, Any],
        run_name: str | None = None,
        timeout_seconds: int = 0,
        polling_period_seconds: int = 30,
        databricks_conn_id: str = DatabricksHook.default_conn_name,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            run_name=run_name,
            timeout_seconds=timeout_seconds,
            polling_period_seconds=polling_period_seconds,
            databricks_conn_id=databricks_conn_id,
            deferrable=False,
            **kwargs,
        )
        self.notebook_path = notebook_path
        self.parameters = parameters
        self.compute = compute

    @cached_property
    def _hook(self) -> DatabricksHook:
        return self._get_hook(caller=type(self).__name__)

    def execute(self, context: Context) -> Any:
        """Run the notebook, or re-attach to the run of an earlier try.

        :returns: the exit value: parsed when it is JSON, otherwise the text, ``None`` when the notebook gave
            none
        :raises ValueError: when an argument is wrong
        :raises NotebookRunFailed: with the notebook's error, the end of its traceback and the run's page
        """
        self._check_arguments()
        self.execute_resumable(context)
        return self._exit_value()

    def submit_job(self, context: Context) -> int:
        """Submit the run, with a token that makes it one run however often the request is sent."""
        task = {
            "task_key": _TASK_KEY,
            "notebook_task": {
                "notebook_path": self.notebook_path,
                "base_parameters": self.parameters or {},
                "source": "WORKSPACE",
            },
            **self.compute,
        }
        run_name = self.run_name or f"{context['ti'].dag_id}.{context['ti'].task_id}"
        submission = {
            "run_name": run_name,
            "tasks": [task],
            "timeout_seconds": int(self.timeout_seconds or 0),
            "idempotency_token": self._submission_token(context),
        }
        self.run_id = int(self._hook.submit_run(submission))
        self.log.info("Submitted %s as run %s", self.notebook_path, self.run_id)
        return self.run_id

    def poll_until_complete(self, external_id: JsonValue, context: Context) -> None:
        """Wait until the run has ended.

        :raises NotebookRunFailed: when it ended without success
        """
        try:
            super().poll_until_complete(external_id, context)
        except AirflowException as error:
            # The provider's error may also be that the service could not be asked.
            failure = self._failure(cast("int", external_id))
            if failure is None:
                raise
            raise failure from error

    def _check_arguments(self) -> None:
        if not self.notebook_path.startswith("/"):
            raise ValueError(f"notebook_path={self.notebook_path!r}: an absolute workspace path is needed")
        wrong = [name for name, value in (self.parameters or {}).items() if not isinstance(value, str)]
        if wrong:
            raise ValueError(f"parameters {', '.join(wrong)}: a notebook's parameters are text")
        if not isinstance(self.compute, Mapping) or set(self.compute) - _COMPUTE_KEYS:
            raise ValueError(f"compute: an object with keys of {sorted(_COMPUTE_KEYS)} is needed")
        if {"existing_cluster_id", "new_cluster"} <= set(self.compute):
            raise ValueError("compute: existing_cluster_id and new_cluster exclude each other")

    def _submission_token(self, context: Context) -> str:
        """Make a token for the submission that follows the run known so far (none, or one that failed).

        A try that died after submitting and before the run's id was stored leaves a token that belongs to the
        same known run: that one is used again, and Databricks answers with the run that it already made.
        """
        token = uuid.uuid4().hex
        store = context.get("task_state_store") if self.durable else None
        if store is None:
            return token
        known_run = store.get(self.external_id_key)
        submission = store.get(_SUBMISSION_KEY)
        if isinstance(submission, dict) and submission["after"] == known_run:
            return str(submission["token"])
        store.set(_SUBMISSION_KEY, {"token": token, "after": known_run})
        return token

    def _exit_value(self) -> Any:
        output = self._task_output(self._hook.get_run(cast("int", self.run_id)))
        notebook_output = output.get("notebook_output") or {}
        if notebook_output.get("truncated"):
            raise ServiceFailed(
                f"notebook {self.notebook_path}",
                "SUCCESS",
                message="its exit value is too long and was truncated",
            )
        result = notebook_output.get("result")
        if result is None:
            return None
        try:
            return json.loads(result)
        except ValueError:
            return result

    def _task_output(self, run: dict[str, Any]) -> dict[str, Any]:
        # The output belongs to the task's own run, not to the submitted one.
        return cast("dict[str, Any]", self._hook.get_run_output(run["tasks"][0]["run_id"]))

    def _failure(self, run_id: int) -> NotebookRunFailed | None:
        """Describe why the run ended; ``None`` when it has not failed or that cannot be found out."""
        try:
            run = self._hook.get_run(run_id)
        except AirflowException:
            return None
        state = RunState(**run["state"])
        if not state.is_terminal or state.is_successful:
            return None
        try:
            output = self._task_output(run)
        except (AirflowException, LookupError):
            # A run whose cluster never came up has no output.
            output = {}
        trace = _ANSI_CODES.sub("", str(output.get("error_trace") or "")).strip()
        return NotebookRunFailed(
            self.notebook_path,
            state.result_state or state.life_cycle_state,
            str(output.get("error") or state.state_message or "no reason given"),
            trace="\n".join(trace.splitlines()[-TRACE_LINES:]),
            run_page_url=str(run.get("run_page_url") or ""),
        )
