"""Lines and positions of landed objects, whatever their ends look like."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.unit.spark.landing_zone import LandingZone

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

SEPARATOR = "\N{LINE SEPARATOR}"
CONTENTS = {
    "usual": ("a\nb\n", ["a", "b"]),
    "no end behind the last line": ("a\nb", ["a", "b"]),
    "half a line at the end": ('{"a":1}\n{"a":', ['{"a":1}', '{"a":']),
    "carriage returns": ("a\r\nb\r\n", ["a", "b"]),
    "carriage returns but at the end": ("a\r\nb", ["a", "b"]),
    "empty object": ("", []),
    "empty line inside": ("a\n\nb\n", ["a", "", "b"]),
    "empty lines at the end": ("a\n\n", ["a", ""]),
    "line separators of Unicode": (f"a{SEPARATOR}b\x85c\n", [f"a{SEPARATOR}b\x85c"]),
    "blanks": (" a \n", [" a "]),
    "wide characters": ("𝓕𝓪𝓷 🎄\n", ["𝓕𝓪𝓷 🎄"]),
}


@pytest.fixture(scope="module")
def found(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> dict[int, list[tuple[int, str]]]:
    from pinterest_spark.landing import read_lines

    zone = LandingZone(tmp_path_factory.mktemp("landing"), "0a1b")
    paths = [zone.put("pin", number, text) for number, (text, _) in enumerate(CONTENTS.values())]
    lines: dict[int, list[tuple[int, str]]] = {number: [] for number in range(len(CONTENTS))}
    for row in read_lines(spark, [f"file://{path}" for path in paths]).collect():
        assert row["_partition"] == 0
        lines[row["_first_offset"]].append((row["_line"], row["raw"]))
    return lines


@pytest.mark.parametrize("name", CONTENTS)
def test_lines_of_an_object(found: dict[int, list[tuple[int, str]]], name: str) -> None:
    number = list(CONTENTS).index(name)
    assert sorted(found[number]) == list(enumerate(CONTENTS[name][1]))


def test_no_objects_have_no_lines(spark: SparkSession) -> None:
    from pinterest_spark.landing import read_lines

    assert read_lines(spark, []).columns == ["_partition", "_first_offset", "_line", "raw"]
    assert read_lines(spark, []).count() == 0


def test_exactly_the_named_objects_of_many_partitions_are_read(spark: SparkSession, tmp_path: Path) -> None:
    """Thousands of objects of one record, as a sink with a flush size of 1 writes them."""
    from pinterest_spark.landing import read_lines

    zone = LandingZone(tmp_path, "0a1b")
    paths = [
        zone.put("user", offset, [f"{partition}-{offset}"], partition=partition)
        for partition in range(3)
        for offset in range(700)
    ]
    zone.put("user", 700, ["not named"])
    rows = read_lines(spark, [f"file://{path}" for path in paths]).collect()
    assert len(rows) == 2100
    assert {(r["_partition"], r["_first_offset"], r["_line"], r["raw"]) for r in rows} == {
        (p, o, 0, f"{p}-{o}") for p in range(3) for o in range(700)
    }


def test_a_missing_object_is_an_error(spark: SparkSession, tmp_path: Path) -> None:
    from pinterest_spark.landing import read_lines

    with pytest.raises(Exception, match="PATH_NOT_FOUND"):
        read_lines(spark, [f"file://{tmp_path}/0a1b.pin+0+0000000000.json"]).count()
