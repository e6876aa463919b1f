"""What clients ask before they start: cluster, runtimes, SQL warehouses. Clusters can't be managed."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request

from pinterest_sandbox.config import CLUSTER_ID, WAREHOUSE_ID
from pinterest_sandbox.databricks.compute import check_cluster, check_warehouse
from pinterest_sandbox.databricks.errors import ApiError

RUNTIME = "17.3.x-scala2.13"
#: What makes, changes and lists clusters, and what runs on them outside of jobs.
_CLUSTER_APIS = (
    "clusters",
    "cluster-policies",
    "policies/clusters",
    "instance-pools",
    "libraries",
    "contexts",
)


def routes() -> APIRouter:
    """``clusters/get``, ``clusters/spark-versions``, ``sql/warehouses``; the rest of clusters is refused."""
    router = APIRouter(prefix="/api")

    @router.get("/2.0/clusters/spark-versions")
    @router.get("/2.1/clusters/spark-versions")
    def spark_versions() -> dict[str, Any]:
        name = "17.3 LTS (includes Apache Spark 4.0.0, Scala 2.13)"
        return {"versions": [{"key": RUNTIME, "name": name}]}

    @router.get("/2.0/clusters/get")
    @router.get("/2.1/clusters/get")
    def cluster(cluster_id: str) -> dict[str, Any]:
        check_cluster(cluster_id)
        return {
            "cluster_id": CLUSTER_ID,
            "cluster_name": CLUSTER_ID,
            "spark_version": RUNTIME,
            "state": "RUNNING",
            "state_message": "",
        }

    @router.get("/2.0/sql/warehouses")
    def warehouses() -> dict[str, Any]:
        return {"warehouses": [_warehouse()]}

    @router.get("/2.0/sql/warehouses/{warehouse_id}")
    def warehouse(warehouse_id: str) -> dict[str, Any]:
        check_warehouse(warehouse_id)
        return _warehouse()

    # After the paths above, which win.
    for api in _CLUSTER_APIS:
        router.add_api_route(f"/{{version}}/{api}/{{path:path}}", _refuse, methods=["GET", "POST"])
    return router


def _refuse(request: Request) -> None:
    api = request.url.path.removeprefix("/api/")
    message = f"{api} is not supported here: the only cluster is {CLUSTER_ID!r}, and it is always there"
    raise ApiError("FEATURE_DISABLED", message)


def _warehouse() -> dict[str, Any]:
    return {
        "id": WAREHOUSE_ID,
        "name": WAREHOUSE_ID,
        "state": "RUNNING",
        "cluster_size": "2X-Small",
        "odbc_params": {
            "hostname": "127.0.0.1",
            "path": f"/sql/1.0/warehouses/{WAREHOUSE_ID}",
            "protocol": "http",
        },
    }
