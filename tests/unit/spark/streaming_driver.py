"""A driver of its own that streams from Kinesis into a Delta table until it is killed."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pinterest_sandbox.databricks.session import build_session

if TYPE_CHECKING:
    from pyspark.sql import SparkSession
    from pyspark.sql.streaming.query import StreamingQuery


def start_query(
    spark: SparkSession, *, stream: str, checkpoint: str, table: str, **trigger: Any
) -> StreamingQuery:
    """Start the query; with the same checkpoint it goes on where it was."""
    records = (
        spark.readStream.format("kinesis")
        .option("streamName", stream)
        .option("region", "us-east-1")
        .option("initialPosition", "trim_horizon")
        .load()
    )
    writing = records.selectExpr("CAST(data AS STRING) AS text", "shardId").writeStream.format("delta")
    return writing.option("checkpointLocation", checkpoint).trigger(**trigger).start(table)


if __name__ == "__main__":
    # One argument: JSON of a folder and the query.
    folder, query = json.loads(sys.argv[1])
    session = build_session(warehouse=Path(folder) / "warehouse", memory="1g")
    start_query(session, **query, processingTime="0 seconds").awaitTermination()
