"""The checks in SQL: silent on good tables, a row for each thing that is wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.unit.spark.queries import SQL, ask, register

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

CHECKS = sorted(path.stem for path in (SQL / "quality").glob("*.sql"))
ROW = "ind BIGINT, _partition INT, _first_offset BIGINT, _line INT"
SCHEMAS = {
    "pin": ROW,
    "geo": f"{ROW}, coordinates ARRAY<DOUBLE>",
    "user": ROW,
    "ledger": (
        "run_id STRING, stage STRING, entity STRING, lines_read BIGINT, landed BIGINT, reread BIGINT, "
        "kept BIGINT, merged BIGINT, quarantined BIGINT, uncounted BIGINT, recorded_at INT, "
        "checkpoint STRING, batch_id BIGINT"
    ),
    "positions": "topic STRING, partition INT, lines BIGINT",
    "quarantine": (
        "topic STRING, partition INT, first_offset BIGINT, line INT, raw STRING, reason STRING, "
        "stream STRING, shard STRING, sequence_number STRING"
    ),
}
#: What a row of the stream has in the columns of a line: nothing.
NO_LINE = (None, None, None, None)
GOOD: dict[str, list[tuple[Any, ...]]] = {
    "pin": [(1, 0, 0, 0), (2, 0, 0, 1)],
    "geo": [(1, 0, 0, 0, [-90.0, 180.0]), (2, 0, 0, 1, None)],
    "user": [],
    "ledger": [
        ("r1", "batch", "pin", 3, 3, 0, 1, 1, 1, 1, 1),
        ("r2", "batch", "pin", 3, 1, 2, 1, 2, 0, 0, 2),
        # The object read again had lost two of its three lines.
        ("r3", "batch", "pin", 1, -2, 3, 0, 1, 0, 0, 3),
        ("r1", "batch", "geo", 2, 2, 0, 1, 1, 0, 9, 1),
        ("r1", "burst", "pin", None, 3, None, None, None, None, None, 3),
        ("r1", "stream", "pin", 3, None, None, 1, 1, 1, 0, 1, "q", 0),
        ("r1", "stream", "pin", 2, None, None, 0, 2, 0, 0, 2, "q", 1),
        ("r4", "replay", "geo", 4, None, None, 1, 2, 1, 0, 2),
        ("r4", "stream_replay", "geo", 4, None, None, 3, 0, 1, 5, 2),
    ],
    "positions": [("x.pin", 0, 3), ("x.pin", 1, 3), ("x.geo", 0, 2)],
    "quarantine": [
        ("x.pin", 0, 0, 1, "a", "not_json"),
        ("x.pin", 0, 0, 2, "{}", "key_missing"),
        # The line was written again with another text.
        ("x.pin", 0, 0, 2, "b", "not_json"),
        (*NO_LINE, "a", "not_json", "x-pin", "s0", "1"),
        (*NO_LINE, "a", "not_json", "x-pin", "s0", "2"),
        (*NO_LINE, "a", "not_json", "x-pin", "s1", "1"),
        # Dead letters that stood before the same line.
        ("x.pin", 0, 0, 1, "a", "not_json", None, None, "1"),
        ("x.pin", 0, 0, 1, "a", "not_json", None, None, "2"),
    ],
}
# check, table, its rows, what is reported
WRONG: list[tuple[str, str, list[tuple[Any, ...]], list[tuple[str, str, str]]]] = [
    ("duplicate_keys", "user", [(7, 0, 0, 0), (7, 0, 0, 1)], [("user", "ind 7", "2 rows")]),
    ("missing_keys", "pin", [(None, 0, 0, 0)], [("pin", "rows without key or position", "1 rows")]),
    ("missing_keys", "geo", [(1, 0, None, 0, None)], [("geo", "rows without key or position", "1 rows")]),
    (
        "coordinates_out_of_range",
        "geo",
        [
            (1, 0, 0, 0, [90.5, 0.0]),
            (2, 0, 0, 0, [0.0, -180.5]),
            (3, 0, 0, 0, [1.0, 1.0]),
            (4, 0, 0, 0, [float("nan"), 1.0]),
            (5, 0, 0, 0, [1.0, float("inf")]),
        ],
        [
            ("geo", "ind 1", "(90.5, 0.0)"),
            ("geo", "ind 2", "(0.0, -180.5)"),
            ("geo", "ind 4", "(NaN, 1.0)"),
            ("geo", "ind 5", "(1.0, Infinity)"),
        ],
    ),
    (
        "ledger_not_balanced",
        "ledger",
        [("r1", "batch", "pin", 3, 3, 0, 2, 2, 0, 0, 1)],
        [("pin", "run r1", "lines_read 3, landed 3, reread 0, kept 2, merged 2, quarantined 0")],
    ),
    (
        "ledger_not_balanced",
        "ledger",
        [("r1", "batch", "pin", 3, 4, -1, 3, 0, 0, 0, 1), ("r2", "batch", "pin", -1, -4, 3, 0, -1, 0, 0, 2)],
        [
            ("pin", "run r1", "lines_read 3, landed 4, reread -1, kept 3, merged 0, quarantined 0"),
            ("pin", "run r2", "lines_read -1, landed -4, reread 3, kept 0, merged -1, quarantined 0"),
        ],
    ),
    (
        "ledger_not_balanced",
        "ledger",
        [("r1", "batch", "pin", 3, 3, 0, 3, 0, 0, 0, 1), ("r2", "batch", "pin", 0, -4, 4, 0, 0, 0, 0, 2)],
        [("pin", "all runs", "landed -1")],
    ),
    (
        "ledger_not_balanced",
        "ledger",
        [("r1", "stream", "geo", 3, None, None, 1, 1, 0, 0, 1, "q", 7)],
        [("geo", "query q, batch 7", "lines_read 3, kept 1, merged 1, quarantined 0")],
    ),
    (
        "ledger_not_balanced",
        "ledger",
        [
            ("r1", "replay", "geo", 3, None, None, 1, 1, 0, 0, 1),
            ("r1", "stream_replay", "pin", 3, None, None, 4, -1, 0, 0, 1),
        ],
        [
            ("geo", "replay r1", "lines_read 3, kept 1, merged 1, quarantined 0"),
            ("pin", "stream_replay r1", "lines_read 3, kept 4, merged -1, quarantined 0"),
        ],
    ),
    ("rows_not_kept", "pin", [(1, 0, 0, 0)], [("pin", "rows of the batch table", "1 rows")]),
    (
        "rows_not_kept",
        "ledger",
        [("r1", "batch", "pin", 2, 2, 0, 2, 0, 0, 1, 1), ("r1", "batch", "geo", 2, 2, 0, 1, 1, 0, 0, 1)],
        [("geo", "rows of the batch table", "2 rows"), ("pin", "rows of the batch table", "2 rows")],
    ),
    (
        "rows_not_kept",
        "ledger",
        [
            ("r1", "batch", "pin", 2, 2, 0, 2, 0, 0, 0, 1),
            # What a replay leaves waiting counts as well.
            ("r1", "batch", "geo", 2, 2, 0, 1, 1, 0, 0, 1),
            ("r2", "replay", "geo", 2, None, None, 1, 1, 0, 1, 2),
        ],
        [("geo", "rows of the batch table", "2 rows")],
    ),
    ("rows_not_kept", "user", [(1, 0, 0, 0)], [("user", "rows of the batch table", "1 rows")]),
    (
        "duplicate_positions",
        "positions",
        [("x.pin", 0, 1), ("x.pin", 0, 2)],
        [("x.pin", "partition 0", "2 marks")],
    ),
    (
        "duplicate_quarantine",
        "quarantine",
        [("x.pin", 0, 5, 1, "a", "not_json"), ("x.pin", 0, 5, 1, "a", "not_json")],
        [("x.pin", "partition 0, first offset 5, line 1", "2 rows, reason not_json")],
    ),
    (
        "duplicate_quarantine",
        "quarantine",
        [("x.pin", 0, 5, 1, "a", "odd")],
        [("x.pin", "partition 0, first offset 5, line 1", "1 rows, reason odd")],
    ),
    (
        "duplicate_quarantine",
        "quarantine",
        [("x.pin", 0, 5, 1, "a", "not_json", None, None, "7")] * 2,
        [("x.pin", "partition 0, first offset 5, line 1", "2 rows, reason not_json")],
    ),
    (
        "duplicate_quarantine",
        "quarantine",
        [(*NO_LINE, "a", "not_json", "x-pin", "s0", "1")] * 2,
        [("x-pin", "s0, record 1", "2 rows, reason not_json")],
    ),
]


def _tables(
    spark: SparkSession, unchecked: int = 0, **changed: list[tuple[Any, ...]]
) -> dict[str, str | int]:
    rows = {**GOOD, **changed}
    views = register(
        {
            name: spark.createDataFrame(_filled(rows[name], schema), schema)
            for name, schema in SCHEMAS.items()
        },
        "checked",
    )
    return {**views, **{f"{entity}_unchecked": unchecked for entity in ("pin", "geo", "user")}}


def _filled(rows: list[tuple[Any, ...]], schema: str) -> list[tuple[Any, ...]]:
    """The last columns are null where a row has no value for them."""
    width = len(schema.split(","))
    return [(*row, *[None] * (width - len(row))) for row in rows]


@pytest.mark.parametrize("check", CHECKS)
def test_silent_on_good_tables(spark: SparkSession, check: str) -> None:
    assert ask(spark, f"quality/{check}", _tables(spark)) == []


@pytest.mark.parametrize(
    ("check", "table", "rows", "reported"), WRONG, ids=[f"{check}-{table}" for check, table, _, _ in WRONG]
)
def test_says_what_is_wrong(
    spark: SparkSession,
    check: str,
    table: str,
    rows: list[tuple[Any, ...]],
    reported: list[tuple[str, str, str]],
) -> None:
    found = ask(spark, f"quality/{check}", _tables(spark, **{table: rows}))
    assert [row[:3] for row in found] == reported


# check, table, its rows; those at offset 500 and above have not passed a check yet
PASSED: list[tuple[str, str, list[tuple[Any, ...]]]] = [
    ("duplicate_keys", "user", [(7, 0, 499, 0), (7, 0, 499, 1)]),
    ("missing_keys", "pin", [(None, 0, 499, 0)]),
    ("coordinates_out_of_range", "geo", [(1, 0, 499, 0, [90.5, 0.0])]),
]
UNCHECKED: list[tuple[str, str, list[tuple[Any, ...]]]] = [
    # Only one of the two was written since.
    ("duplicate_keys", "user", [(7, 0, 499, 0), (7, 0, 500, 1)]),
    ("missing_keys", "pin", [(None, 0, 500, 0)]),
    # Without an offset nobody can tell when it was written.
    ("missing_keys", "geo", [(1, 0, None, 0, None)]),
    ("coordinates_out_of_range", "geo", [(1, 0, 500, 0, [90.5, 0.0])]),
]


@pytest.mark.parametrize(("check", "table", "rows"), PASSED)
def test_rows_that_have_passed_are_not_looked_at_again(
    spark: SparkSession, check: str, table: str, rows: list[tuple[Any, ...]]
) -> None:
    assert ask(spark, f"quality/{check}", _tables(spark, 500, **{table: rows})) == []


@pytest.mark.parametrize(("check", "table", "rows"), UNCHECKED)
def test_rows_written_since_are_looked_at(
    spark: SparkSession, check: str, table: str, rows: list[tuple[Any, ...]]
) -> None:
    assert len(ask(spark, f"quality/{check}", _tables(spark, 500, **{table: rows}))) == 1


def test_every_check_has_a_wrong_table() -> None:
    assert {check for check, _, _, _ in WRONG} == set(CHECKS)
