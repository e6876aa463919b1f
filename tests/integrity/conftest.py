"""An Airflow home laid out as the product is, and the DAGs as Airflow itself loads them."""

from __future__ import annotations

import pytest

from tests.unit.pinterest_pipeline.airflow_home import CHECKOUT, prepare

prepare()

from airflow.dag_processing.dagbag import DagBag  # noqa: E402

DAG_FOLDER = CHECKOUT / "dags"


@pytest.fixture(scope="session")
def dag_bag() -> DagBag:
    return DagBag(dag_folder=str(DAG_FOLDER))
