"""How the tables of the two paths are compared."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.unit.spark.queries import ask, register

CONTRACTS = Path(__file__).resolve().parents[3] / "include" / "contracts"

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

#: Two unequal values of each type of cleaned column.
VALUES: dict[str, tuple[Any, Any]] = {
    "bigint": (5, 6),
    "int": (5, 6),
    "string": ("a", "A"),
    "boolean": (True, False),
    "array<string>": (["a", "b"], ["b", "a"]),
    "array<double>": ([1.5, -2.0], [1.5, 2.0]),
    "timestamp": (datetime(2020, 1, 1, 0, 0, 0), datetime(2020, 1, 1, 0, 0, 1)),
}
COLUMNS = {
    entity: [(column["name"], column["type"]) for column in json.loads(text)["cleaned"]]
    for entity in ("pin", "geo", "user")
    for text in [(CONTRACTS / f"{entity}.json").read_text(encoding="utf-8")]
}


def compared(
    spark: SparkSession, entity: str, batch: list[dict[str, Any]], stream: list[dict[str, Any]]
) -> tuple[int, int, int, int, Any]:
    schema = ", ".join(f"`{name}` {kind}" for name, kind in COLUMNS[entity])
    names = [name for name, _ in COLUMNS[entity]]
    frames = {
        table: spark.createDataFrame([tuple(row[name] for name in names) for row in rows], schema)
        for table, rows in (("batch", batch), ("stream", stream))
    }
    ((*counts, examples),) = ask(spark, f"comparison/{entity}", register(frames, "compared"))
    both, batch_alone, stream_alone, differences = counts
    return both, batch_alone, stream_alone, differences, json.loads(examples)


def row(entity: str, key: int, **changed: Any) -> dict[str, Any]:
    return {name: VALUES[kind][0] for name, kind in COLUMNS[entity]} | {"ind": key} | changed


def empty(entity: str, key: int) -> dict[str, Any]:
    return dict.fromkeys((name for name, _ in COLUMNS[entity]), None) | {"ind": key}


@pytest.mark.parametrize("entity", COLUMNS)
def test_equal_rows_do_not_differ(spark: SparkSession, entity: str) -> None:
    rows = [row(entity, 1), row(entity, 2), empty(entity, 3)]
    assert compared(spark, entity, rows, rows[::-1]) == (3, 0, 0, 0, [])


@pytest.mark.parametrize("entity", COLUMNS)
def test_every_column_is_compared(spark: SparkSession, entity: str) -> None:
    columns = [(name, VALUES[kind][1]) for name, kind in COLUMNS[entity] if name != "ind"]
    batch = [row(entity, key) for key in range(2 * len(columns))]
    changed = [row(entity, key, **{name: other}) for key, (name, other) in enumerate(columns)]
    nulled = [row(entity, key, **{name: None}) for key, (name, _) in enumerate(columns, len(columns))]
    *counts, examples = compared(spark, entity, batch, [*changed, *nulled])
    assert counts == [len(batch), 0, 0, len(batch)]
    wanted = [{"ind": key, "differing": columns[key % len(columns)][0]} for key in range(len(batch))]
    assert examples == wanted[:20]


def test_keys_of_one_table_alone_are_counted_and_do_not_differ(spark: SparkSession) -> None:
    batch = [row("geo", 1), row("geo", 2), row("geo", 3)]
    stream = [row("geo", 3, country="x", coordinates=None), row("geo", 4)]
    assert compared(spark, "geo", batch, stream) == (
        1,
        2,
        1,
        1,
        [{"ind": 3, "differing": "country, coordinates"}],
    )


def test_empty_tables_are_compared(spark: SparkSession) -> None:
    assert compared(spark, "user", [], []) == (0, 0, 0, 0, [])
    assert compared(spark, "user", [row("user", 1)], []) == (0, 1, 0, 0, [])
