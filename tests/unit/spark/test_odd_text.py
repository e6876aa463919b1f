"""Lines that stretch what JSON and text can be: each is the row it means or quarantined; none is lost."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.unit.spark.landing_zone import LandingZone

if TYPE_CHECKING:
    from pathlib import Path

    from pyspark.sql import Row, SparkSession

BIG = "x" * 2_000_000
#: Half of a surrogate pair as Jackson writes it.
HALF = r"\uD800"


def post(title: str, more: str = "", *, key: str = "1") -> str:
    return f'{{"index":{key},"title":"{title}"{more}}}'


# line, title of the row with key 1
TAKEN: dict[str, tuple[str | bytes, str]] = {
    "half a pair": (post(f"a{HALF}b"), "a?b"),
    "halves in the wrong order": (post(r"\uDE00\uD83D"), "??"),
    "half a pair at the end": (post(r"a\uDC00"), "a?"),
    "half a pair in a list": (f"[{post(f'a{HALF}b')}]", "a?b"),
    "half a pair encoded twice": (json.dumps(post(f"a{HALF}b")), "a?b"),
    "half a pair as a name": (post("a", f',"{HALF}":2'), "a"),
    # Three bytes that UTF-8 does not have.
    "half a pair in bytes": (b'{"index":1,"title":"a\xed\xa0\x80b"}', "a\N{REPLACEMENT CHARACTER}b"),
    "a pair": (post(r"a\uD83D\uDE00"), "a😀"),
    "bytes that are no UTF-8": (b'{"index":1,"title":"a\xffb"}', "a\N{REPLACEMENT CHARACTER}b"),
    "NUL in a text": (post(r"a\u0000b"), "a\0b"),
    "NUL at the end of a text": (post(r"a\u0000"), "a\0"),
    "NUL in a list": (f"[{post(r'a' + chr(92) + 'u0000b')}]", "a\0b"),
    "over 1 MB": (post(BIG), BIG),
    "over 1 MB in a list": (f"[{post(BIG)}]", BIG),
    "over 1 MB encoded twice": (json.dumps(post(BIG)), BIG),
    "over 1 MB in a column that nobody asks for": (post("a", f',"extra":"{BIG}"'), "a"),
    "a number of a thousand digits": (post("a", f',"extra":{"1" * 1000}'), "a"),
    "lists in lists, 900 deep": (post("a", f',"extra":{"[" * 900}{"]" * 900}'), "a"),
}
# line, reason
REFUSED: dict[str, tuple[str | bytes, str]] = {
    "half a pair in the key": (post("a", key=f'"1{HALF}"'), "key_not_an_integer"),
    "NUL in the key": (post("a", key=r'"1\u0000"'), "key_not_an_integer"),
    "infinity as key": (post("a", key='"Infinity"'), "key_not_an_integer"),
    "a key beyond all doubles": (post("a", key="1e999"), "key_not_an_integer"),
    "a key of a thousand digits": (post("a", key="1" * 1000), "key_not_an_integer"),
    "a plain NUL in a text": (post("a\0b"), "not_json"),
    "a NUL behind the record": (post("a") + "\0", "not_json"),
    "a NUL": ("\0", "not_json"),
    "bytes that are nothing": (b"\xff\x00\x01", "not_json"),
    "a byte order mark": ("\ufeff" + post("a"), "not_json"),
    "over 1 MB and no JSON": (BIG, "not_json"),
    "half a record over 1 MB": (post(BIG)[:-2], "not_json"),
    # JSON, but beyond what Spark's parser takes.
    "a number of more than a thousand digits": (post("a", f',"extra":{"1" * 1001}'), "not_json"),
    "lists in lists, 1500 deep": (post("a", f',"extra":{"[" * 1500}{"]" * 1500}'), "not_json"),
    "a name of 100,000 characters": (post("a", f',"{"n" * 100_000}":1'), "not_json"),
}


def as_bytes(line: str | bytes) -> bytes:
    return line if isinstance(line, bytes) else line.encode()


@pytest.fixture(scope="module")
def lines_read(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Row]:
    """All lines in one object."""
    from pinterest_spark.contracts import load_contract
    from pinterest_spark.landing import read_lines
    from pinterest_spark.records import read_records

    root: Path = tmp_path_factory.mktemp("landing")
    target = LandingZone(root, "0a1b").put("pin", 0, "")
    lines = {name: as_bytes(line) for name, (line, _) in [*TAKEN.items(), *REFUSED.items()]}
    target.write_bytes(b"".join(line + b"\n" for line in lines.values()))
    rows = read_records(read_lines(spark, [f"file://{target}"]), load_contract("pin")).collect()
    found = {row["_line"]: row for row in rows}
    assert sorted(found) == list(range(len(lines)))
    assert len(rows) == len(lines)
    return {name: found[number] for number, name in enumerate(lines)}


@pytest.mark.parametrize("name", TAKEN)
def test_taken_as_a_row(lines_read: dict[str, Row], name: str) -> None:
    row, (_, title) = lines_read[name], TAKEN[name]
    assert (row["reason"], row["ind"], row["unreadable"]) == (None, 1, [])
    assert row["title"] == title


@pytest.mark.parametrize("name", REFUSED)
def test_refused_with_its_text(lines_read: dict[str, Row], name: str) -> None:
    row, (line, reason) = lines_read[name], REFUSED[name]
    assert row["reason"] == reason
    assert row["raw"] == as_bytes(line).decode(errors="replace")
