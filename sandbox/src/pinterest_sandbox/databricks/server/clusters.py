"""What clients ask before they start: runtime versions and SQL warehouses."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter

from pinterest_sandbox.config import WAREHOUSE_ID
from pinterest_sandbox.databricks.compute import check_warehouse


def routes() -> APIRouter:
    """``clusters/spark-versions`` and ``sql/warehouses``."""
    router = APIRouter(prefix="/api")

    @router.get("/2.0/clusters/spark-versions")
    @router.get("/2.1/clusters/spark-versions")
    def spark_versions() -> dict[str, Any]:
        name = "17.3 LTS (includes Apache Spark 4.0.0, Scala 2.13)"
        return {"versions": [{"key": "17.3.x-scala2.13", "name": name}]}

    @router.get("/2.0/sql/warehouses")
    def warehouses() -> dict[str, Any]:
        return {"warehouses": [_warehouse()]}

    @router.get("/2.0/sql/warehouses/{warehouse_id}")
    def warehouse(warehouse_id: str) -> dict[str, Any]:
        check_warehouse(warehouse_id)
        return _warehouse()

    return router


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
