"""Runs of a Databricks workspace, over the Jobs API 2.2."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, cast

from airflow.providers.common.compat.sdk import AirflowException
from airflow.providers.databricks.hooks.databricks import DatabricksHook

from cloud_operators.databricks import runs

#: Runs of a page, at most.
_PAGE = 25


class DatabricksRunsHook(DatabricksHook):
    """Find runs by name, and read what became of the notebook of a run.

    .. seealso:: https://docs.databricks.com/api/workspace/jobs

    :param databricks_conn_id: the Databricks connection
    :param kwargs: ``retry_limit``, ``retry_delay``, ``retry_args``, ``timeout_seconds`` of the provider's
        hook
    """

    def __init__(self, databricks_conn_id: str = DatabricksHook.default_conn_name, **kwargs: Any) -> None:
        kwargs.setdefault("caller", type(self).__name__)
        super().__init__(databricks_conn_id, **kwargs)

    def runs_by_name(
        self, *run_names: str, active_only: bool = False, start_time_from: int = 0
    ) -> list[dict[str, Any]]:
        """Find the runs of these names, the first that was started first.

        The API has no filter for names: all runs that the other arguments leave are read.

        :param run_names: exact names; without any nothing is read
        :param active_only: leave out those that have ended
        :param start_time_from: leave out those started before, in ms since 1970
        :returns: their descriptions (``run_id``, ``state``, ``start_time``, ...), without tasks
        """
        if not run_names:
            return []
        wanted: dict[str, Any] = {"limit": _PAGE}
        if active_only:
            wanted["active_only"] = "true"
        if start_time_from:
            wanted["start_time_from"] = start_time_from
        return sorted(
            (run for run in self._pages(wanted) if run.get("run_name") in run_names), key=runs.order
        )

    def ended_runs(self, run_name: str) -> Iterator[dict[str, Any]]:
        """Give the runs of this name that have ended, the one that was started last first.

        Pages are read as far as runs are taken: of a name without runs, all that the workspace keeps.

        :param run_name: exact name
        """
        ended = self._pages({"limit": _PAGE, "completed_only": "true"})
        return (run for run in ended if run.get("run_name") == run_name)

    def get_notebook_output(self, run: Mapping[str, Any]) -> dict[str, Any]:
        """Get the output of a run's notebook.

        :param run: answer of runs/get
        """
        # The output belongs to the task's own run, not to the submitted one.
        return cast("dict[str, Any]", self.get_run_output(run["tasks"][0]["run_id"]))

    def check_success(self, notebook_path: str, run: Mapping[str, Any]) -> None:
        """Check that a run which has ended did so well.

        :param notebook_path: workspace path of the notebook
        :param run: answer of runs/get
        :raises NotebookRunFailed: when it did not, with the notebook's error
        """
        if run["state"].get("result_state") == "SUCCESS":
            return
        try:
            output = self.get_notebook_output(run)
        except (AirflowException, LookupError):
            # A run whose cluster never came up has no output.
            output = {}
        raise runs.failure(notebook_path, run, output)

    def _pages(self, wanted: dict[str, Any]) -> Iterator[dict[str, Any]]:
        token = None
        while True:
            page = self._do_api_call(
                ("GET", "2.2/jobs/runs/list"), {**wanted, **({"page_token": token} if token else {})}
            )
            yield from page.get("runs", [])
            token = page.get("next_page_token")
            if not token:
                return
