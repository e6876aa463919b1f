"""A driver killed in the middle of a stream: the next one goes on, and every record is there once."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from pinterest_sandbox.waiting import NotReady, wait_until
from tests.kinesis_streams import HALF, StreamClient
from tests.unit.spark.streaming_driver import start_query

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

DRIVER = Path(__file__).with_name("streaming_driver.py")
CHECKOUT = DRIVER.parents[3]


def test_no_record_is_lost_or_doubled_when_the_driver_is_killed(
    spark: SparkSession, kinesis: Any, tmp_path: Path
) -> None:
    stream = StreamClient(kinesis, uuid4().hex, shards=2)
    query = {
        "stream": stream.name,
        "checkpoint": str(tmp_path / "checkpoint"),
        "table": str(tmp_path / "table"),
    }
    sent = 0

    def put(number: int) -> None:
        nonlocal sent
        for _ in range(number):
            stream.put(str(sent), key=(sent % 2) * HALF)
            sent += 1

    def under_way() -> None:
        """Records keep coming until some batches are committed and the next one is planned."""
        put(20)
        planned, committed = (
            {file.name for file in (tmp_path / "checkpoint" / name).glob("[0-9]*")}
            for name in ("offsets", "commits")
        )
        if len(committed) < 2 or not planned - committed:
            raise NotReady(f"{len(committed)} batches committed")

    driver = subprocess.Popen(
        [sys.executable, str(DRIVER), json.dumps([str(tmp_path), query])],
        env={**os.environ, "PYTHONPATH": str(CHECKOUT / "sandbox" / "src")},
        start_new_session=True,
    )
    try:
        wait_until(under_way, what="a batch under way", timeout=600, interval=1)
    finally:
        os.killpg(driver.pid, signal.SIGKILL)
        driver.wait()
    stream.split(next(iter(stream.shards())))
    put(50)
    start_query(spark, **query, availableNow=True).awaitTermination()

    rows = spark.read.format("delta").load(query["table"]).select("text").collect()
    assert sorted(int(row["text"]) for row in rows) == list(range(sent))
