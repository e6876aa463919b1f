"""A run of the stream ingest: one query for each stream, each with a checkpoint of its own."""

from __future__ import annotations

import json
import re
from concurrent.futures import Future
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pyspark.sql import functions as F

from pinterest_spark import stream_ledger, tables
from pinterest_spark.batch import prepare_session
from pinterest_spark.contracts import ENTITIES
from pinterest_spark.stream_batch import StreamIngest
from pinterest_spark.stream_ends import Ends, StreamFailed

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pyspark.sql import DataFrame, SparkSession
    from pyspark.sql.streaming.query import StreamingQuery

    from pinterest_spark.tables import TableNames

#: Until everything is read that is there when the run begins.
AVAILABLE_NOW = "available_now"
#: Until the run is cancelled.
CONTINUOUS = "continuous"
_LIFE = re.compile(r"[0-9A-Za-z.]{1,40}")
_POLL_S = 2


@dataclass(frozen=True, kw_only=True)
class Stream:
    """One stream in one of its lives.

    :param entity: what it carries.
    :param name: its name.
    :param created: when it was created, in letters and digits: a stream that is deleted and created again
        cannot go on with the checkpoint of the old one.
    """

    entity: str
    name: str
    created: str

    def __post_init__(self) -> None:
        if self.entity not in ENTITIES:
            raise ValueError(f"unknown entity {self.entity!r}: one of {', '.join(ENTITIES)}")
        if not _LIFE.fullmatch(self.created):
            raise ValueError(f"created {self.created!r}: 1 to 40 letters, digits and points are allowed")

    def checkpoint(self, root: str) -> str:
        """Where its query keeps how far it has come.

        :param root: URI of the folder of all checkpoints.
        """
        return f"{root.rstrip('/')}/{self.entity}/{self.created}"


def parse_streams(text: str) -> list[Stream]:
    """Read the streams of a run from JSON: entity to ``{"name": …, "created": …}``."""
    return [Stream(entity=entity, **said) for entity, said in json.loads(text).items()]


def trigger_of(mode: str, interval: str) -> dict[str, Any]:
    """What Spark calls a mode.

    :param mode: ``available_now`` or ``continuous``.
    :param interval: the least time between two micro-batches of a continuous run.
    """
    if mode not in (AVAILABLE_NOW, CONTINUOUS):
        raise ValueError(f"unknown mode {mode!r}: {AVAILABLE_NOW} or {CONTINUOUS}")
    return {"availableNow": True} if mode == AVAILABLE_NOW else {"processingTime": interval}


def run_streams(
    spark: SparkSession,
    streams: Sequence[Stream],
    names: TableNames,
    *,
    run_id: str,
    region: str,
    checkpoints: str,
    leave_out: str = "",
    mode: str = AVAILABLE_NOW,
    interval: str = "5 seconds",
) -> dict[str, Any]:
    """Read the streams into their tables.

    :param spark: a session whose catalog has Delta tables and that has the ``kinesis`` source.
    :param streams: what to read.
    :param names: the tables to write.
    :param run_id: id of this run in the ledger and in the commits.
    :param region: the streams' region.
    :param checkpoints: URI of the folder of all checkpoints.
    :param leave_out: partition key of records that are not read, such as those that try the way to a stream.
    :param mode: ``available_now``, or ``continuous``, which does not end by itself.
    :param interval: the least time between two micro-batches of a continuous run.
    :returns: ``{"run_id": …, "entities": {entity: counts}}``: what this run was the first to count.
    :raises StreamFailed: when a query has failed, with its entity. When a micro-batch of an ``available_now``
        run has failed, the others have come to their end; otherwise they were stopped.
    """
    trigger = trigger_of(mode, interval)
    prepare_session(spark, run_id)
    tables.create_table(spark, "ledger", names.ledger)
    queries: dict[str, StreamingQuery] = {}
    ends = Ends([stream.entity for stream in streams], patient=mode == AVAILABLE_NOW)
    for stream in streams:
        try:
            queries[stream.entity] = start(
                spark,
                stream,
                names,
                run_id=run_id,
                region=region,
                checkpoints=checkpoints,
                leave_out=leave_out,
                trigger=trigger,
                ends=ends,
            )
        except Exception as error:
            for query in queries.values():
                query.stop()
            raise StreamFailed(f"{stream.entity}: {error}") from error
    await_end(queries, ends, together=mode == CONTINUOUS)
    counted = stream_ledger.read_counts(spark, names.ledger, run_id=run_id)
    nothing = dict.fromkeys(stream_ledger.COUNTS, 0)
    return {"run_id": run_id, "entities": {entity: counted.get(entity, nothing) for entity in queries}}


def start(
    spark: SparkSession,
    stream: Stream,
    names: TableNames,
    *,
    run_id: str,
    region: str,
    checkpoints: str,
    leave_out: str,
    trigger: Mapping[str, Any],
    ends: Ends,
) -> StreamingQuery:
    """Start the query of one stream, from its oldest record on when it has no checkpoint yet.

    :param ends: what it has to do with its errors.
    """
    ingest = StreamIngest(names, entity=stream.entity, stream=stream.name, run_id=run_id)
    ingest.prepare(spark)
    query_id: Future[str] = Future()

    def take(batch: DataFrame, batch_id: int) -> None:
        try:
            # The first batch may begin before the query is known here.
            ingest.take(batch, batch_id, checkpoint=query_id.result(timeout=60))
        except Exception as error:
            raise ends.hold_back(stream.entity, error) from error

    records = (
        spark.readStream.format("kinesis")
        .option("streamName", stream.name)
        .option("region", region)
        .option("initialPosition", "trim_horizon")
        .load()
        .where(F.col("partitionKey") != leave_out)
    )
    query = (
        records.writeStream.queryName(stream.name)
        .option("checkpointLocation", stream.checkpoint(checkpoints))
        .foreachBatch(take)
        .trigger(**trigger)
        .start()
    )
    ends.started(stream.entity, query)
    query_id.set_result(query.id)
    return query


def await_end(queries: Mapping[str, StreamingQuery], ends: Ends, *, together: bool) -> None:
    """Wait until all queries have ended. When one has failed, the others are stopped, as the platform does.

    :param queries: entity to its query.
    :param ends: what their micro-batches have met.
    :param together: whether the others are also stopped when one has ended well.
    :raises StreamFailed: when one has failed.
    """
    while active := [query for query in queries.values() if query.isActive]:
        ended = [query for query in queries.values() if query not in active]
        if any(together or query.exception() is not None for query in ended):
            for query in active:
                query.stop()
        else:
            _await(active[0])
    errors = {entity: query.exception() for entity, query in queries.items()} | ends.errors()
    if failed := [f"{entity}: {error}" for entity, error in errors.items() if error is not None]:
        raise StreamFailed("\n".join(failed))


def _await(query: StreamingQuery) -> None:
    """Wait a while, or until the query has ended."""
    from pyspark.errors import StreamingQueryException

    try:
        query.awaitTermination(_POLL_S)
    except StreamingQueryException:
        # It is asked for its error when all have ended.
        return
