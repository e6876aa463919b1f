"""One Spark session for all tests here, and the ingest package as a notebook finds it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pinterest_sandbox.databricks.session import build_session
from tests.unit.spark.pipelines import Pipeline

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

sys.path.insert(0, str(Path(__file__).resolve().parents[3] / "include" / "spark"))


@pytest.fixture(scope="session")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SparkSession]:
    """A session with Delta tables and a catalog in memory, prepared as a run prepares it."""
    from pinterest_spark.batch import prepare_session

    folder = tmp_path_factory.mktemp("spark")
    session = build_session(warehouse=folder / "warehouse", scratch=folder / "scratch", memory="1500m")
    session.sparkContext.setLogLevel("ERROR")
    prepare_session(session, "tests")
    yield session
    session.stop()


@pytest.fixture
def pipeline(spark: SparkSession, tmp_path: Path) -> Iterator[Pipeline]:
    pipeline = Pipeline(spark, tmp_path)
    yield pipeline
    for table in pipeline.everything():
        spark.sql(f"DROP TABLE `{table}`")
