"""What the operators that run a notebook have in common: what to run, where, and over which connection."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

from airflow.sdk import BaseOperator

from cloud_operators.databricks.links.pages import RunPageLink

if TYPE_CHECKING:
    from airflow.sdk import Context

    from cloud_operators.databricks.hooks.runs import DatabricksRunsHook


class DatabricksNotebookBaseOperator(BaseOperator):
    """Base of the operators that run a notebook. All arguments but the last three are templated.

    The provider's operator is no base class: importing it costs every parse of a DAG file most of a second.

    :param notebook_path: absolute workspace path of the notebook, without extension
    :param parameters: the notebook's widgets, text to text
    :param compute: ``{"existing_cluster_id": …}`` or ``{"new_cluster": {…}}``, with ``"libraries"`` if
        needed; ``{}`` runs it on serverless compute
    :param timeout_seconds: limit that Databricks puts on the run, 0 is none
    :param databricks_conn_id: the Databricks connection
    :param polling_period_seconds: seconds between two looks at the run
    :param databricks_retry_limit: how often a request is sent before it counts as failed
    :param databricks_retry_delay: seconds before the first repetition; it doubles with each
    """

    template_fields: Sequence[str] = (
        "notebook_path",
        "parameters",
        "compute",
        "run_name",
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
