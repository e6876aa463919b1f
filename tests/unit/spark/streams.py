"""Micro-batches as the ``kinesis`` source gives them, and what they leave in the tables."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from tests.unit.spark.pipelines import Pipeline

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

    from pinterest_spark.stream_batch import StreamIngest

_BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
_SCHEMA = (
    "partitionKey STRING, data BINARY, stream STRING, shardId STRING, sequenceNumber STRING, "
    "approximateArrivalTimestamp TIMESTAMP"
)


@dataclass(frozen=True)
class Arrived:
    """A record of a stream.

    :param data: its bytes, or their text.
    :param number: its sequence number.
    :param second: when it arrived.
    """

    data: str | bytes
    number: int
    second: float = 0
    shard: str = "shardId-000000000000"


def micro_batch(spark: SparkSession, *records: Arrived) -> DataFrame:
    """A batch of the source."""
    rows = [
        (
            "key",
            bytearray(r.data.encode() if isinstance(r.data, str) else r.data),
            "stream",
            r.shard,
            str(r.number),
            _BEGIN + timedelta(seconds=r.second),
        )
        for r in records
    ]
    return spark.createDataFrame(rows, _SCHEMA)


class StreamRun:
    """One run over the stream of an entity.

    :param checkpoint: id of the query; runs with the same one go on where the other ended.
    """

    def __init__(
        self, pipeline: Pipeline, run_id: str, *, entity: str = "geo", checkpoint: str | None = None
    ) -> None:
        from pinterest_spark.stream_batch import StreamIngest
        from pinterest_spark.tables import create_table

        self._pipeline = pipeline
        self._checkpoint = checkpoint or f"query of {entity}"
        create_table(pipeline.spark, "ledger", pipeline.names.ledger)
        self._ingest: StreamIngest = StreamIngest(
            pipeline.names, entity=entity, stream=f"the stream of {entity}", run_id=run_id
        )
        self._ingest.prepare(pipeline.spark)

    def take(self, batch_id: int, *records: Arrived) -> None:
        """Take one micro-batch."""
        batch = micro_batch(self._pipeline.spark, *records)
        self._ingest.take(batch, batch_id, checkpoint=self._checkpoint)


def countries(pipeline: Pipeline) -> dict[int, str]:
    """What the stream's geo table says, by key."""
    return {
        row["ind"]: row["country"] for row in pipeline.spark.table(pipeline.names.stream("geo")).collect()
    }


def counts(pipeline: Pipeline) -> dict[tuple[str, int], tuple[str, int, int, int, int]]:
    """Entity and batch to run, lines read, kept, merged and quarantined; checks that each is there once."""
    rows = pipeline.spark.table(pipeline.names.ledger).where("stage = 'stream'").collect()
    found: dict[Any, Any] = {
        (row["entity"], row["batch_id"]): (
            row["run_id"],
            *(row[name] for name in ("lines_read", "kept", "merged", "quarantined")),
        )
        for row in rows
    }
    assert len(found) == len(rows)
    assert all(read == kept + merged + refused for _, read, kept, merged, refused in found.values())
    return found
