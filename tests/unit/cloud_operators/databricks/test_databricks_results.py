"""CSV and JSON lines."""

from __future__ import annotations

import csv
import io
import json
from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from cloud_operators.databricks.results import count_csv, count_json_lines, to_csv, to_json_lines

COLUMNS = ["country", "n"]

texts = st.none() | st.text(st.characters(exclude_categories=["Cs"]))
rows_of_texts = st.lists(st.fixed_dictionaries({"country": texts, "n": texts}), max_size=20)


def test_csv_is_rfc_4180() -> None:
    rows: list[dict[str, Any]] = [
        {"country": "Côte d'Ivoire", "n": 1},
        {"country": 'a "quoted", one', "n": None},
        {"country": "two\r\nlines", "n": 2.5},
    ]
    assert to_csv(COLUMNS, rows) == (
        "country,n\r\n"
        "Côte d'Ivoire,1\r\n"
        '"a ""quoted"", one",\r\n'
        '"two\r\nlines",2.5\r\n'
    ).encode()  # fmt: skip


def test_csv_values() -> None:
    row = {"a": True, "b": Decimal("1E+2"), "c": ["x"], "d": {"k": None}, "e": "2024-02-29", "f": None}
    assert to_csv(list(row), [row]).decode().split("\r\n")[1] == (
        'true,100,"[""x""]","{""k"": null}",2024-02-29,'
    )


def test_csv_row_of_one_null_is_not_lost() -> None:
    content = to_csv(["a"], [{"a": None}, {"a": ""}])
    assert count_csv(content) == 2


def test_json_lines_values() -> None:
    row: dict[str, Any] = {
        "text": "Zürich\u2028",
        "none": None,
        "big": 2**63 - 1,
        "float": 0.5,
        "nan": float("nan"),
        "whole": Decimal("7.00"),
        "exact": Decimal("0.25"),
        "inexact": Decimal("0.12345678901234567890"),
        "list": [1, None],
    }
    (line,) = to_json_lines(list(row), [row]).decode().splitlines(keepends=False)[:1]
    assert to_json_lines(list(row), [row]).count(b"\n") == 1
    assert line.startswith('{"text": "Zürich')
    assert json.loads(to_json_lines(list(row), [row])) == {
        "text": "Zürich\u2028",
        "none": None,
        "big": 9223372036854775807,
        "float": 0.5,
        "nan": None,
        "whole": 7,
        "exact": 0.25,
        "inexact": "0.12345678901234567890",
        "list": [1, None],
    }


def test_columns_keep_their_order() -> None:
    assert to_json_lines(["b", "a"], [{"a": 1, "b": 2}]) == b'{"b": 2, "a": 1}\n'
    assert to_csv(["b", "a"], [{"a": 1, "b": 2}]) == b"b,a\r\n2,1\r\n"


def test_no_rows() -> None:
    assert to_csv(COLUMNS, []) == b"country,n\r\n"
    assert to_json_lines(COLUMNS, []) == b""
    assert count_csv(to_csv(COLUMNS, [])) == 0
    assert count_json_lines(b"") == 0


@given(rows_of_texts)
def test_csv_is_read_back(rows: list[dict[str, str | None]]) -> None:
    content = to_csv(COLUMNS, rows)
    read = list(csv.DictReader(io.StringIO(content.decode(), newline="")))
    assert read == [{name: value or "" for name, value in row.items()} for row in rows]
    assert count_csv(content) == len(rows)


@given(rows_of_texts)
def test_json_lines_are_read_back(rows: list[dict[str, str | None]]) -> None:
    content = to_json_lines(COLUMNS, rows)
    assert [json.loads(line) for line in content.split(b"\n") if line] == rows
    assert count_json_lines(content) == len(rows)
