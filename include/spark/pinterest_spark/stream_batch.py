"""One micro-batch of a stream into the Delta tables, in an order that survives crashes.

Records are merged first and counted then; Spark commits the batch last. A batch that is repeated finds what
was done before: rows change only when a record's position is later, and counts are written once.

A stream table has no other writer. Quarantine and ledger have: the daily run, the other queries, bursts.
There the stream only appends, which conflicts with nobody.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pyspark.sql import functions as F

from pinterest_spark import stream_ledger, tables, tally
from pinterest_spark.contracts import load_contract
from pinterest_spark.ledger import Account
from pinterest_spark.positions import STREAMED
from pinterest_spark.records import last_by_key, read_records
from pinterest_spark.stream_ledger import BatchCounts, Standing

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

    from pinterest_spark.tables import TableNames


def lines_of(batch: DataFrame) -> DataFrame:
    """The records of a stream as lines: ``raw`` and where they stand.

    :param batch: frame with the columns of the ``kinesis`` source. Bytes that are no UTF-8 become U+FFFD, so
        that the text can be kept and shown.
    """
    return batch.select(
        F.make_valid_utf8(F.col("data").cast("string")).alias("raw"),
        F.col("shardId").alias("_shard"),
        F.col("sequenceNumber").alias("_sequence_number"),
        F.col("approximateArrivalTimestamp").alias("_arrived_at"),
    )


class StreamIngest:
    """Takes the micro-batches of one stream, one after the other.

    :param names: the tables to write.
    :param entity: what the stream carries.
    :param stream: its name.
    :param run_id: id of this run in the ledger and in the commits.
    """

    def __init__(self, names: TableNames, *, entity: str, stream: str, run_id: str) -> None:
        self.entity = entity
        self._names = names
        self._contract = load_contract(entity)
        self._stream = stream
        self._run_id = run_id
        self._standing: Standing | None = None

    def prepare(self, spark: SparkSession) -> None:
        """Make the tables that are missing."""
        tables.create_records_table(spark, self._names.stream(self.entity), self._contract, STREAMED)
        tables.create_table(spark, "quarantine", self._names.quarantine(self.entity))

    def take(self, batch: DataFrame, batch_id: int, *, checkpoint: str) -> None:
        """Merge, quarantine and count one micro-batch.

        :param batch: frame with the columns of the ``kinesis`` source.
        :param batch_id: its number; a repeated batch has the same and holds the same records.
        :param checkpoint: id of the query, which its checkpoint keeps.
        """
        spark = batch.sparkSession
        # A checkpoint, not a cache, as in the daily run; it also keeps the source from being read twice.
        records = read_records(lines_of(batch), self._contract, carry=STREAMED.names)
        records = records.localCheckpoint(eager=False)
        found = tally.count(records, self._contract)
        if found.keys is not None:
            columns = [*(name for name, _ in self._contract.cleaned), *STREAMED.names]
            latest = last_by_key(records.where(F.col("reason").isNull()).select(*columns), STREAMED)
            table = self._names.stream(self.entity)
            tables.merge_records(spark, table, latest, keys=found.keys, position=STREAMED)
        if found.quarantined:
            self._quarantine(spark, records.where(F.col("reason").isNotNull()), batch_id, checkpoint)
        if found.lines_read:
            self._record(spark, found, batch_id, checkpoint)

    def _quarantine(self, spark: SparkSession, refused: DataFrame, batch_id: int, checkpoint: str) -> None:
        """Append refused records, but none that is there already."""
        table = self._names.quarantine(self.entity)
        rows = refused.select(
            F.lit(self._stream).alias("stream"),
            F.col("_shard").alias("shard"),
            F.col("_sequence_number").alias("sequence_number"),
            F.col("_arrived_at").alias("arrived_at"),
            "reason",
            "raw",
            F.lit(self._run_id).alias("run_id"),
            F.current_timestamp().alias("quarantined_at"),
        )
        key = ["stream", "shard", "sequence_number"]
        there = spark.table(table).where(F.col("stream") == self._stream).select(*key)
        # Read to its end before the append begins, which then depends on nothing that others write meanwhile.
        new = rows.join(there, key, "left_anti").localCheckpoint()
        tables.append_once(new, table, writer=checkpoint, version=batch_id)

    def _record(self, spark: SparkSession, found: tally.Tally, batch_id: int, checkpoint: str) -> None:
        ledger = self._names.ledger
        standing = self._standing or stream_ledger.read_standing(
            spark, ledger, entity=self.entity, checkpoint=checkpoint
        )
        if batch_id <= standing.batch_id:
            # Its driver died between the counts and Spark's commit.
            return
        version, inserted = tables.rows_inserted(
            spark, self._names.stream(self.entity), after=standing.account.table_version
        )
        kept, uncounted = standing.account.settle(version=version, inserted=inserted, records=found.records)
        counts = BatchCounts(
            lines_read=found.lines_read,
            kept=kept,
            quarantined=found.quarantined,
            unreadable=found.unreadable,
            table_version=version,
            uncounted=uncounted,
        )
        stream_ledger.record_batch(
            spark,
            ledger,
            counts,
            run_id=self._run_id,
            entity=self.entity,
            checkpoint=checkpoint,
            batch_id=batch_id,
        )
        account = Account(table_version=version, uncounted=uncounted)
        self._standing = Standing(account=account, batch_id=batch_id)
