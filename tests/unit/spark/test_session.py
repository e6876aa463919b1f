"""The session's surroundings."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pyspark

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


def test_python_workers_import_the_compiled_package(spark: SparkSession) -> None:
    numbers = spark.sparkContext.parallelize([0], 1)
    assert numbers.map(lambda _: __import__("pyspark").__file__).collect() == [pyspark.__file__]
    # The one that runs sources in Python.
    assert os.environ["PYSPARK_DRIVER_PYTHON"] == os.environ["PYSPARK_PYTHON"]
