"""One Spark session for all tests here, and the ingest package as a notebook finds it."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from pinterest_sandbox.databricks.session import build_session
from tests.kinesis_streams import running_kinesis
from tests.ports import held_port
from tests.unit.spark.pipelines import Pipeline

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

sys.path.insert(0, str(Path(__file__).resolve().parents[3] / "include" / "spark"))


@pytest.fixture(scope="session")
def kinesis_port() -> Iterator[int]:
    """Where Spark's Python processes look for Kinesis; nothing listens there unless a test needs it."""
    with held_port() as port:
        yield port


@pytest.fixture(scope="session")
def kinesis(kinesis_port: int) -> Iterator[Any]:
    """A client of the Kinesis that the session's ``kinesis`` source reads from."""
    from pinterest_sandbox.aws.clients import aws_client

    with running_kinesis(kinesis_port) as url:
        yield aws_client("kinesis", url)


@pytest.fixture(scope="session")
def spark(tmp_path_factory: pytest.TempPathFactory, kinesis_port: int) -> Iterator[SparkSession]:
    """A session with Delta tables and a catalog in memory, prepared as a run prepares it."""
    from pinterest_spark.batch import prepare_session

    # Spark's processes have the environment in which the JVM was started.
    os.environ["AWS_ENDPOINT_URL_KINESIS"] = f"http://127.0.0.1:{kinesis_port}"
    os.environ["AWS_ACCESS_KEY_ID"] = os.environ["AWS_SECRET_ACCESS_KEY"] = "test"
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
