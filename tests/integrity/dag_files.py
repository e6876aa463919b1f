"""The DAG files of the checkout."""

from __future__ import annotations

from tests.unit.pinterest_pipeline.airflow_home import CHECKOUT

FILES = sorted((CHECKOUT / "dags").glob("*.py"))
