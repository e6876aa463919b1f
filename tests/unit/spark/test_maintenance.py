"""The statements of the maintenance on Delta tables as the ingest makes them."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest

from pinterest_pipeline.maintenance import statements

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

#: Seconds by which files are made older than VACUUM keeps them.
PAST_S = (statements.LEAST_RETENTION_HOURS + 1) * 3600


class Table:
    """A table of many small files, in which rows were replaced."""

    def __init__(self, spark: SparkSession) -> None:
        self.spark = spark
        self.name = f"`spark_catalog`.`default`.`{uuid4().hex[:12]}_pin_batch`"
        spark.sql(
            f"CREATE TABLE {self.name} (ind BIGINT, word STRING) USING DELTA "
            "TBLPROPERTIES ('delta.enableDeletionVectors' = 'true')"
        )
        # Files of one and of several rows, one of them with a deletion vector.
        for values in ("(1, 'a'), (2, 'b'), (3, 'c')", "(4, 'd')", "(5, 'e')"):
            spark.sql(f"INSERT INTO {self.name} SELECT /*+ COALESCE(1) */ * FROM VALUES {values}")
        self.merge(3, 6)

    def merge(self, *keys: int) -> None:
        values = ", ".join(f"({key}, 'of {keys}')" for key in keys)
        self.spark.sql(
            f"MERGE INTO {self.name} AS t USING (SELECT * FROM VALUES {values} AS v(ind, word)) AS s "
            "ON t.ind = s.ind WHEN MATCHED THEN UPDATE SET * WHEN NOT MATCHED THEN INSERT *"
        )

    def ask(self, statement: str) -> list[dict[str, Any]]:
        """The rows as the warehouse gives them: structs and maps as dicts."""
        return [row.asDict(recursive=True) for row in self.spark.sql(statement).collect()]

    def rows(self) -> list[tuple[Any, ...]]:
        return sorted(tuple(row) for row in self.spark.table(self.name).collect())

    def files(self) -> int:
        (row,) = self.ask(statements.detail(self.name))
        return int(row["numFiles"])

    def stored(self) -> dict[Path, int]:
        """The data files of all versions, and their bytes."""
        (row,) = self.ask(statements.detail(self.name))
        folder = Path(row["location"].removeprefix("file:"))
        return {file: file.stat().st_size for file in folder.iterdir() if file.suffix in (".parquet", ".bin")}

    def version(self) -> int:
        (row,) = self.ask(statements.newest_commit(self.name))
        return int(row["version"])


@pytest.fixture
def table(spark: SparkSession) -> Iterator[Table]:
    table = Table(spark)
    yield table
    spark.sql(f"DROP TABLE {table.name}")


def test_optimize_makes_few_files_and_leaves_the_rows(table: Table) -> None:
    from pinterest_spark.tables import rows_inserted

    rows, files = table.rows(), table.files()
    assert len(rows) == 6
    done = statements.read_optimized(table.ask(statements.optimize(table.name)))
    assert files >= 4
    assert (done.removed, done.added) == (files, 1)
    assert table.files() == 1
    assert table.rows() == rows
    # What the ledger counts by Delta's history is the same.
    assert rows_inserted(table.spark, table.name, after=-1) == (table.version(), 1)
    # Again there is nothing to do.
    assert statements.read_optimized(table.ask(statements.optimize(table.name))) == (0, 0)


def test_vacuum_deletes_what_has_long_been_of_no_version(table: Table) -> None:
    rows = table.rows()
    table.ask(statements.optimize(table.name))
    needed = {
        Path(file.removeprefix("file:").replace("///", "/"))
        for file in table.spark.table(table.name).inputFiles()
    }
    stored = table.stored()
    removed = {file: size for file, size in stored.items() if file not in needed}
    assert len(needed) == 1
    assert {file.suffix for file in removed} == {".parquet", ".bin"}
    before = table.version()
    table.ask(statements.vacuum(table.name, 168))
    # A reader may need them still.
    assert table.stored() == stored
    assert read_vacuumed(table, after=before) == (0, 0)

    age(table)
    listed = table.ask(statements.vacuum(table.name, 168, dry_run=True))
    assert {Path(row["path"].removeprefix("file:")) for row in listed} == removed.keys()
    assert table.stored() == stored

    before = table.version()
    table.ask(statements.vacuum(table.name, 168))
    assert read_vacuumed(table, after=before) == (len(removed), sum(removed.values()))
    assert table.stored().keys() == needed
    assert table.rows() == rows


def test_a_table_that_does_not_exist_is_told_as_such(spark: SparkSession) -> None:
    missing = "`spark_catalog`.`default`.`no_such_table`"
    for statement in (statements.newest_commit(missing), statements.optimize(missing)):
        with pytest.raises(Exception, match="TABLE_OR_VIEW_NOT_FOUND"):
            spark.sql(statement).collect()


@pytest.mark.parametrize("statement", ["OPTIMIZE", "DESCRIBE DETAIL", "DESCRIBE HISTORY"])
def test_a_name_can_be_no_parameter_here(spark: SparkSession, statement: str) -> None:
    """Once this fails, the statements can be files under include/sql as the others are."""
    with pytest.raises(Exception, match="PARSE_SYNTAX_ERROR"):
        spark.sql(f"{statement} IDENTIFIER(:t)", args={"t": "`spark_catalog`.`default`.`t`"}).collect()


def read_vacuumed(table: Table, *, after: int) -> statements.Vacuumed:
    return statements.read_vacuumed(table.ask(statements.recent_commits(table.name)), after=after)


def age(table: Table) -> None:
    """Let everything have happened longer ago than VACUUM keeps files: a week can't be waited for."""
    past = time.time() - PAST_S
    for file in table.stored():
        os.utime(file, (past, past))
    log = next(iter(table.stored())).parent / "_delta_log"
    for file in log.glob("*.json"):
        actions = [json.loads(line) for line in file.read_text().splitlines()]
        for action in actions:
            if "remove" in action:
                action["remove"]["deletionTimestamp"] = int(past * 1000)
        file.write_text("".join(f"{json.dumps(action)}\n" for action in actions))
        file.with_name(f".{file.name}.crc").unlink()
    table.spark._jvm.org.apache.spark.sql.delta.DeltaLog.clearCache()
