"""Run a notebook once and return what it exits with."""

from __future__ import annotations

import time
import uuid
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, cast

from airflow.sdk import ResumableJobMixin, conf
from airflow.sdk.exceptions import AirflowTaskTimeout
from tenacity import Retrying, retry_if_result, wait_fixed

from cloud_operators.databricks import runs
from cloud_operators.databricks.links.pages import RunPageLink
from cloud_operators.databricks.operators.notebook_base import DatabricksNotebookBaseOperator
from cloud_operators.databricks.submission import check_names, submission
from cloud_operators.exceptions import ServiceFailed

if TYPE_CHECKING:
    from airflow.sdk import Context
    from pydantic import JsonValue


_SUBMISSION_KEY = "databricks_submission"
_FORGOTTEN = "FORGOTTEN"


class DatabricksRunNotebookOperator(ResumableJobMixin, DatabricksNotebookBaseOperator):
    """Run one notebook with ``runs/submit``, wait for it, and return its exit value.

    It is waited for on a worker, in the triggerer (``deferrable``), or not at all (``wait_for_completion``
    false: the task ends with the run's id once the run is submitted).

    Durable in the way of the provider's submit operator: the run's id is kept in the task's state store, and
    a retry after a lost worker re-attaches to the run, waits for it or takes its result. Only after a run
    that failed does a retry submit a new one. Two gaps are closed beyond that: a run submitted just before
    its id could be stored, and a submit request repeated because its answer was lost, by an idempotency token
    that is stored before the request and used for this one submission. (A token used again after a failure
    would give the failed run again, https://github.com/apache/airflow/issues/64828.)

    This holds for each way of waiting, a deferred task included. A task that is killed, or whose
    ``execution_timeout`` is over, cancels its run in each way too; a deferred one when it is marked or
    cleared.

    Where no two runs may go on at once, name ``run_name`` in ``waits_for``, or in ``replaces`` the runs that
    are to make room. Nothing of this concerns a retry that takes its own run up again.

    The arguments of what is run are described at
    :class:`~cloud_operators.databricks.operators.notebook_base.DatabricksNotebookBaseOperator`.

    .. seealso:: https://docs.databricks.com/api/jobs/v2.2/submit

    :param run_name: name of the run in the workspace (templated), default ``<DAG id>.<task id>``
    :param replaces: names of runs; before one is submitted, those of these names that go on are cancelled and
        waited for as those of ``waits_for`` are
    :param wait_for_completion: wait until the run has ended
    :param deferrable: wait in the triggerer, without a worker slot; implies waiting
    :param kwargs: ``durable`` (default true) and the arguments of BaseOperator
    """

    template_fields: Sequence[str] = (*DatabricksNotebookBaseOperator.template_fields, "replaces")
    external_id_key = "databricks_run_id"

    def __init__(
        self,
        *,
        run_name: str | None = None,
        replaces: Sequence[str] = (),
        wait_for_completion: bool = True,
        deferrable: bool = conf.getboolean("operators", "default_deferrable", fallback=False),
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.run_name = run_name
        self.replaces = replaces
        self.wait_for_completion = wait_for_completion
        self.deferrable = deferrable
        self.run_id: int | None = None

    def execute(self, context: Context) -> Any:
        """Run the notebook, or re-attach to the run of an earlier try.

        :returns: the exit value: parsed when it is JSON, otherwise the text, ``None`` when the notebook gave
            none; the run's id when the task does not wait
        :raises ValueError: when an argument is wrong
        :raises NotebookRunFailed: with the notebook's error, the end of its traceback and the run's page
        :raises ServiceFailed: when the exit value was truncated
        """
        self._check_arguments()
        check_names("replaces", self.replaces)
        # Its own return value depends on the way it came to the run; the run tells the same either way.
        self.execute_resumable(context)
        if not self.wait_for_completion and not self.deferrable:
            return self.run_id
        return self._exit_value()

    def execute_complete(self, context: Context, event: Mapping[str, Any]) -> Any:
        """Take over from the triggerer.

        :param event: event of the trigger
        :returns: the exit value, as :meth:`execute`
        :raises NotebookRunFailed: when the run ended without success
        :raises ServiceFailed: when the triggerer could not look at the run; the next try takes it up again
        :raises AirflowTaskTimeout: when ``execution_timeout`` was over; the run is cancelled
        """
        self.run_id = int(event["id"])
        if event["status"] == "error":
            raise ServiceFailed(f"the wait for run {self.run_id}", "broken off", message=event["message"])
        if event["status"] == "timeout":
            raise AirflowTaskTimeout(f"run {self.run_id} was cancelled after {self.execution_timeout}")
        self.hook.check_success(self.notebook_path, self.hook.get_run(self.run_id))
        return self._exit_value()

    def on_kill(self) -> None:
        """Cancel the run."""
        if self.run_id is not None:
            self.log.info("Cancelling run %s", self.run_id)
            self.hook.cancel_run(self.run_id)

    def submit_job(self, context: Context) -> int:
        """Submit the run, with a token that makes it one run however often the request is sent.

        Before that the runs of ``replaces`` are cancelled, and these and those of ``waits_for`` waited for.
        """
        others = [*self.waits_for, *self.replaces]
        anew = False
        while True:
            while in_the_way := self._unended(others):
                named = [run for run in in_the_way if run["run_name"] in self.replaces]
                self._cancel(named, f"{self.notebook_path} is to be run instead")
                self._await_end(in_the_way)
            run_id = self._submit(context, anew=anew)
            if not self._gives_way(run_id, others):
                return run_id
            self.run_id = None
            self._await_end([self.hook.get_run(run_id)])
            # The token that is kept would give the cancelled run again.
            anew = True

    def _submit(self, context: Context, *, anew: bool) -> int:
        request = submission(
            notebook_path=self.notebook_path,
            parameters=self.parameters,
            compute=self.compute,
            run_name=self.run_name or f"{context['ti'].dag_id}.{context['ti'].task_id}",
            timeout_seconds=int(self.timeout_seconds or 0),
            token=self._submission_token(context, anew=anew),
        )
        run_id = int(self.hook.submit_run(request))
        self.run_id = run_id  # at once: a kill from here on has to cancel it
        self.log.info("Submitted %s as run %s", self.notebook_path, run_id)
        return run_id

    def get_job_status(self, external_id: JsonValue, context: Context) -> str:
        """Give ``<life cycle state>:<result state>`` of a run, or that the workspace has forgotten it."""
        from airflow.providers.databricks.exceptions import DatabricksApiError

        try:
            state = self.hook.get_run(cast("int", external_id))["state"]
        except DatabricksApiError as error:
            # The hook's error has the answer in its text only, the one behind it has it as it came.
            answer = getattr(error.__cause__, "response", None)
            body = answer.text if answer is not None else ""
            if runs.is_forgotten(cast("int", external_id), error.http_status_code, body):
                return _FORGOTTEN
            raise
        return f"{state['life_cycle_state']}:{state.get('result_state', '')}"

    def is_job_active(self, status: str) -> bool:
        """Tell whether a run goes on."""
        return status != _FORGOTTEN and status.partition(":")[0] not in runs.TERMINAL

    def is_job_succeeded(self, status: str) -> bool:
        """Tell whether a run has ended well."""
        return status == "TERMINATED:SUCCESS"

    def poll_until_complete(self, external_id: JsonValue, context: Context) -> None:
        """Wait until the run has ended, in the way the task was asked to.

        :raises NotebookRunFailed: when it ended without success
        """
        self._announce(external_id, context)
        if self.deferrable:
            self._defer()
        if not self.wait_for_completion:
            return
        polling = Retrying(
            retry=retry_if_result(lambda run: not runs.has_ended(run)),
            wait=wait_fixed(self.polling_period_seconds),
            before_sleep=self._log_state,
        )
        self.hook.check_success(self.notebook_path, polling(self.hook.get_run, cast("int", external_id)))

    def get_job_result(self, external_id: JsonValue, context: Context) -> None:
        """Take over a run that ended well, in this try or before it."""
        if self.run_id != external_id:
            self._announce(external_id, context)

    def _announce(self, external_id: JsonValue, context: Context) -> None:
        """Keep the run's id for a kill and its page for people."""
        self.run_id = cast("int", external_id)
        url = self.hook.get_run_page_url(self.run_id)
        context["ti"].xcom_push(key="run_id", value=self.run_id)
        RunPageLink.persist(context, url)
        self.log.info("Run %s: %s", self.run_id, url)

    def _submission_token(self, context: Context, *, anew: bool) -> str:
        """Make a token for the submission that follows the run known so far (none, or one that failed).

        A try that died after submitting and before the run's id was stored leaves a token that belongs to the
        same known run: that one is used again, and Databricks answers with the run that it already made.
        """
        token = uuid.uuid4().hex
        store = context.get("task_state_store") if self.durable else None
        if store is None:
            return token
        known_run = store.get(self.external_id_key)
        kept = store.get(_SUBMISSION_KEY)
        if not anew and isinstance(kept, dict) and kept["after"] == known_run:
            return str(kept["token"])
        store.set(_SUBMISSION_KEY, {"token": token, "after": known_run})
        return token

    def _defer(self) -> None:
        from cloud_operators.databricks.triggers.ending import DatabricksRunEndTrigger

        # Airflow itself counts this limit anew for each part of a deferred task (3.3).
        limit = self.execution_timeout
        self.defer(
            trigger=DatabricksRunEndTrigger(
                external_id=cast("int", self.run_id),
                databricks_conn_id=self.databricks_conn_id,
                polling_period_seconds=self.polling_period_seconds,
                end_time=time.time() + limit.total_seconds() if limit else None,
                retry_limit=self.databricks_retry_limit,
                retry_delay=self.databricks_retry_delay,
            ),
            method_name="execute_complete",
        )

    def _exit_value(self) -> Any:
        run = self.hook.get_run(cast("int", self.run_id))
        return runs.exit_value(self.notebook_path, self.hook.get_notebook_output(run))
