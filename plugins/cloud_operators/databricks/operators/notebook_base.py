"""What the operators that run a notebook have in common: what to run, where, and over which connection."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

from airflow.sdk import BaseOperator
from tenacity import RetryCallState, Retrying, retry_if_result, wait_fixed

from cloud_operators.databricks import runs
from cloud_operators.databricks.links.pages import RunPageLink
from cloud_operators.databricks.submission import check_names, check_notebook

if TYPE_CHECKING:
    from airflow.sdk import Context

    from cloud_operators.databricks.hooks.runs import DatabricksRunsHook


class DatabricksNotebookBaseOperator(BaseOperator):
    """Base of the operators that run a notebook. All arguments but the last three are templated.

    Runs that must not go on beside each other, such as two that write from the same checkpoint, know each
    other by their names: a task waits for those of ``waits_for`` before it submits. Should both have
    submitted before one of them saw the other, the run that was started later is cancelled by its own task,
    which then waits in its turn; this needs each task to name the other's runs.

    The provider's operator is no base class: importing it costs every parse of a DAG file most of a second.

    :param notebook_path: absolute workspace path of the notebook, without extension
    :param parameters: the notebook's widgets, text to text
    :param compute: ``{"existing_cluster_id": …}`` or ``{"new_cluster": {…}}``, with ``"libraries"`` if
        needed; ``{}`` runs it on serverless compute
    :param waits_for: names of runs; none is submitted before all runs of these names have ended. The wait is
        on the worker, ``execution_timeout`` limits it
    :param timeout_seconds: limit that Databricks puts on the run, 0 is none
    :param databricks_conn_id: the Databricks connection
    :param polling_period_seconds: seconds between two looks at a run
    :param databricks_retry_limit: how often a request is sent before it counts as failed
    :param databricks_retry_delay: seconds before the first repetition; it doubles with each
    """

    template_fields: Sequence[str] = (
        "notebook_path",
        "parameters",
        "compute",
        "run_name",
        "waits_for",
        "timeout_seconds",
        "databricks_conn_id",
    )
    template_fields_renderers: ClassVar[dict[str, str]] = {"parameters": "json", "compute": "json"}
    operator_extra_links = (RunPageLink(),)
    ui_color = "#1CB1C2"
    ui_fgcolor = "#fff"

    def __init__(
        self,
        *,
        notebook_path: str,
        parameters: dict[str, str] | None = None,
        compute: dict[str, Any],
        waits_for: Sequence[str] = (),
        timeout_seconds: int = 0,
        polling_period_seconds: float = 30,
        databricks_conn_id: str = "databricks_default",
        databricks_retry_limit: int = 3,
        databricks_retry_delay: float = 1,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.notebook_path = notebook_path
        self.parameters = parameters
        self.compute = compute
        self.waits_for = waits_for
        self.timeout_seconds = timeout_seconds
        self.polling_period_seconds = polling_period_seconds
        self.databricks_conn_id = databricks_conn_id
        self.databricks_retry_limit = databricks_retry_limit
        self.databricks_retry_delay = databricks_retry_delay

    @cached_property
    def hook(self) -> DatabricksRunsHook:
        """The hook that all calls go through."""
        # Imported here: the provider's modules would cost every parse of a DAG file half a second.
        from cloud_operators.databricks.hooks.runs import DatabricksRunsHook

        return DatabricksRunsHook(
            self.databricks_conn_id,
            retry_limit=self.databricks_retry_limit,
            retry_delay=self.databricks_retry_delay,
            caller=type(self).__name__,
        )

    @abstractmethod
    def execute(self, context: Context) -> Any:
        """Run the notebook."""

    def _check_arguments(self) -> None:
        """Check the arguments that the operators have in common, as rendered.

        :raises ValueError: naming what is wrong
        """
        check_notebook(self.notebook_path, self.parameters, self.compute)
        check_names("waits_for", self.waits_for)

    def _await_end(self, found: Iterable[dict[str, Any]]) -> None:
        """Wait until these runs have ended, however they end."""
        for run in found:
            self.log.info("Waiting for the end of %s", _described(run))
            polling = Retrying(
                retry=retry_if_result(lambda seen: not runs.has_ended(seen)),
                wait=wait_fixed(self.polling_period_seconds),
                before_sleep=self._log_state,
            )
            polling(self.hook.get_run, run["run_id"])

    def _cancel(self, found: Iterable[dict[str, Any]], reason: str) -> None:
        """Cancel those of these runs that have not been told to end."""
        for run in filter(runs.goes_on, found):
            self.log.info("Cancelling %s: %s", _described(run), reason)
            self.hook.cancel_run(run["run_id"])

    def _gives_way(self, run_id: int, names: Sequence[str]) -> bool:
        """Cancel a run that was just submitted if an earlier one of these names goes on; tell whether."""
        others = [run for run in self._unended(names) if run["run_id"] != run_id]
        if not others:
            return False
        own = self.hook.get_run(run_id)
        earlier = [run for run in others if runs.order(run) < runs.order(own)]
        if not earlier or runs.has_ended(own):
            return False
        self._cancel([own], f"{_described(earlier[0])} was started before it")
        return True

    def _unended(self, names: Sequence[str]) -> list[dict[str, Any]]:
        """Find the runs of these names that have not ended, also those that are about to."""
        found = self.hook.runs_by_name(*names, active_only=True)
        return [run for run in found if not runs.has_ended(run)]

    def _log_state(self, polling: RetryCallState) -> None:
        run = polling.outcome.result() if polling.outcome else {}
        self.log.info("Run %s is %s", run["run_id"], run["state"]["life_cycle_state"])


def _described(run: dict[str, Any]) -> str:
    return f"run {run['run_id']} ({run['run_name']!r}, {run['run_page_url']})"
