"""Clusters, their runtimes and SQL warehouses of a workspace, over the Clusters and Warehouses APIs."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any, cast

from airflow.providers.databricks.exceptions import DatabricksApiError
from airflow.providers.databricks.hooks.databricks import DatabricksHook


class DatabricksComputeHook(DatabricksHook):
    """Look at what notebooks and statements run on.

    .. seealso:: https://docs.databricks.com/api/workspace/clusters,
        https://docs.databricks.com/api/workspace/warehouses

    :param databricks_conn_id: the Databricks connection
    :param kwargs: ``retry_limit``, ``retry_delay``, ``retry_args``, ``timeout_seconds`` of the provider's
        hook
    """

    def __init__(self, databricks_conn_id: str = DatabricksHook.default_conn_name, **kwargs: Any) -> None:
        kwargs.setdefault("caller", type(self).__name__)
        super().__init__(databricks_conn_id, **kwargs)

    def get_cluster(self, cluster_id: str) -> dict[str, Any] | None:
        """Look up a cluster.

        :param cluster_id: its id
        :returns: its description (``state``, ``spark_version``, ...), ``None`` when there is none
        """
        return self._find("2.1/clusters/get", {"cluster_id": cluster_id})

    def get_warehouse(self, warehouse_id: str) -> dict[str, Any] | None:
        """Look up a SQL warehouse.

        :param warehouse_id: its id
        :returns: its description (``state``, ``name``, ...), ``None`` when there is none
        """
        return self._find(f"2.0/sql/warehouses/{warehouse_id}")

    def spark_versions(self) -> list[str]:
        """List the keys of the runtime versions that new clusters may have."""
        answer = self._do_api_call(("GET", "2.1/clusters/spark-versions"))
        return [str(version["key"]) for version in answer["versions"]]

    def _find(self, endpoint: str, query: dict[str, Any] | None = None) -> dict[str, Any] | None:
        try:
            return cast("dict[str, Any]", self._do_api_call(("GET", endpoint), query))
        except DatabricksApiError as error:
            # A cluster that is not there, and what can't be a warehouse's id, are an invalid parameter.
            absent = ("does not exist", "is not a valid endpoint id")
            if error.http_status_code == HTTPStatus.NOT_FOUND or (
                error.http_status_code == HTTPStatus.BAD_REQUEST
                and any(each in str(error) for each in absent)
            ):
                return None
            raise
