"""The Delta tables: their names, how they are made, and the MERGEs that fill them.

Every MERGE may be repeated: rows are found by key or by position, and change only when the source is later.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from delta.tables import DeltaTable
from pyspark.sql import functions as F

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

    from pinterest_spark.contracts import Contract
    from pinterest_spark.positions import Position

SQL = Path(__file__).resolve().parents[2] / "sql" / "tables"
_USER_ID = re.compile(r"[a-z0-9]{1,40}")
_NAME = re.compile(r"[A-Za-z0-9_-]{1,255}")
# A MERGE then marks the rows that it replaces instead of rewriting every file that holds one of its keys.
# Every run leaves files; 50 small ones are made one, for whoever reads the whole table. A table that has
# several writers, as the ledger, must do without: the compaction would conflict with their MERGEs.
_PROPERTIES = (
    "TBLPROPERTIES ('delta.enableDeletionVectors' = 'true', 'delta.autoOptimize.autoCompact' = 'true')"
)
# Between two runs a table has few commits: one MERGE, and what maintenance adds.
_RECENT = 10
USER_METADATA = "spark.databricks.delta.commitInfo.userMetadata"


@dataclass(frozen=True, kw_only=True)
class TableNames:
    """Full, back-quoted names of one pipeline's tables.

    :param user_id: the resource id; may start with a digit.
    :param catalog: Databricks catalog.
    :param schema: schema in it.
    :raises ValueError: when a part is not a plain name.
    """

    user_id: str
    catalog: str
    schema: str

    def __post_init__(self) -> None:
        if not _USER_ID.fullmatch(self.user_id):
            raise ValueError(f"user_id {self.user_id!r}: 1 to 40 lower-case letters and digits are allowed")
        for part, value in (("catalog", self.catalog), ("schema", self.schema)):
            if not _NAME.fullmatch(value):
                raise ValueError(f"{part} {value!r}: letters, digits, underscores and hyphens are allowed")

    def table(self, suffix: str) -> str:
        """Name of the table ``<id>_<suffix>``."""
        return f"`{self.catalog}`.`{self.schema}`.`{self.user_id}_{suffix}`"

    def batch(self, entity: str) -> str:
        """The cleaned records of an entity, one row a key."""
        return self.table(f"{entity}_batch")

    def stream(self, entity: str) -> str:
        """The cleaned records of an entity as they came through its stream, one row a key."""
        return self.table(f"{entity}_table")

    def quarantine(self, entity: str) -> str:
        """What came through an entity's topic or stream and is no record of it."""
        return self.table(f"{entity}_quarantine")

    @property
    def positions(self) -> str:
        """Where the ingest stands."""
        return self.table("ingest_positions")

    @property
    def ledger(self) -> str:
        """The counts of every run."""
        return self.table("ledger")


def frame_of(spark: SparkSession, rows: Sequence[Mapping[str, Any]], schema: str) -> DataFrame:
    """Make a frame of a few rows that the driver knows.

    ``createDataFrame`` would send them through a Python worker, whose start costs more than all else that
    is done with such a frame.

    :param rows: column to value, as JSON has it; with no rows, the frame is empty.
    :param schema: the columns, as ``name TYPE, …``.
    """
    text = json.dumps(rows, ensure_ascii=False)
    parsed = F.from_json(F.lit(text), f"ARRAY<STRUCT<{schema}>>", {"mode": "FAILFAST"})
    return spark.range(1).select(F.inline(parsed))


def create_records_table(spark: SparkSession, table: str, contract: Contract, position: Position) -> None:
    """Make a table of an entity's cleaned records, each with its position, when it is missing."""
    columns = ", ".join(f"`{name}` {spark_type}" for name, spark_type in contract.cleaned)
    if not spark.catalog.tableExists(table):
        spark.sql(f"CREATE TABLE IF NOT EXISTS {table} ({columns}, {position.ddl}) USING DELTA {_PROPERTIES}")


def create_table(spark: SparkSession, kind: str, table: str) -> None:
    """Make a table by ``sql/tables/create_<kind>.sql`` when it is missing.

    :param kind: ``ingest_positions``, ``ledger`` or ``quarantine``.
    """
    if not spark.catalog.tableExists(table):
        parameter = "positions_table" if kind == "ingest_positions" else f"{kind}_table"
        text = (SQL / f"create_{kind}.sql").read_text(encoding="utf-8")
        spark.sql(text, args={parameter: table})


def merge_records(
    spark: SparkSession,
    table: str,
    latest: DataFrame,
    *,
    keys: tuple[int, int],
    position: Position,
    again: bool = False,
) -> None:
    """MERGE one record a key into a table of cleaned records.

    :param latest: what :func:`records.last_by_key` gave; the table's columns.
    :param keys: least and greatest key in it, so that files without such keys are left out.
    :param position: what says which record is the later one.
    :param again: also update rows of the same position, to clean anew what had been read before.
    """
    later = f"{position.rank('s')} {'>=' if again else '>'} {position.rank('t')}"
    within = f"t.ind BETWEEN {keys[0]:d} AND {keys[1]:d}"
    (
        DeltaTable.forName(spark, table)
        .alias("t")
        .merge(latest.alias("s"), f"t.ind = s.ind AND {within}")
        .whenMatchedUpdateAll(condition=later)
        .whenNotMatchedInsertAll()
        .execute()
    )


def append_once(rows: DataFrame, table: str, *, writer: str, version: int) -> None:
    """Append rows, unless this writer has appended those of this version or a later one.

    It conflicts with no other writer, and columns of the table that ``rows`` lacks are null.

    :param rows: must not be read from ``table`` itself.
    :param writer: who appends, alone or not.
    :param version: rises with every append of the writer; the same one again has the same rows.
    """
    writing = rows.write.format("delta").mode("append").option("txnAppId", writer)
    writing.option("txnVersion", version).saveAsTable(table)


def rows_inserted(spark: SparkSession, table: str, *, after: int) -> tuple[int, int]:
    """Rows that MERGEs inserted, by Delta's history, whichever run started them.

    :param after: the version up to which they are known; -1 counts all. When the table has not come so far
        it was dropped and made anew, and all are counted.
    :returns: the table's newest version, and the rows inserted after ``after`` up to it.
    """
    inserted = F.col("operationMetrics")["numTargetRowsInserted"].cast("bigint")
    history = DeltaTable.forName(spark, table).history
    # Newest first; the whole history is read only when the latest commits do not reach back far enough.
    commits = history(_RECENT).select("version", "operation", inserted.alias("inserted")).collect()
    newest, oldest = commits[0]["version"], commits[-1]["version"]
    after = after if after <= newest else -1
    if oldest > after + 1:
        commits = history().select("version", "operation", inserted.alias("inserted")).collect()
    counted = [c for c in commits if after < c["version"] <= newest and c["operation"] == "MERGE"]
    return newest, sum(c["inserted"] or 0 for c in counted)
