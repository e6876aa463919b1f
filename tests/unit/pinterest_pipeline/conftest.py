"""The surroundings of these tests: see ``airflow_home``."""

from __future__ import annotations

from tests.unit.pinterest_pipeline.airflow_home import prepare

prepare()
