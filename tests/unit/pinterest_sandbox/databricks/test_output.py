"""What cells print and display."""

from __future__ import annotations

import io
import sys
from contextlib import redirect_stdout
from typing import Any, NamedTuple

import pandas as pd
import pytest

from pinterest_sandbox.databricks.output import DISPLAY_LIMIT, OUTPUT_LIMIT, captured_output
from pinterest_sandbox.databricks.rendering import ROWS, VALUE_LIMIT, display, display_html


class Entry(NamedTuple):
    name: str
    size: int | None


def displayed(*values: Any) -> list[dict[str, Any]]:
    with captured_output() as output:
        display(*values)
    return output.parts


def table(columns: list[str], rows: list[list[str | None]], note: str | None = None) -> dict[str, Any]:
    return {"kind": "table", "columns": columns, "rows": rows, "note": note}


def test_pieces_come_in_their_order() -> None:
    with captured_output() as output:
        print("a", end="")
        print("b", file=sys.stderr)
        display_html("<b>c</b>")
        print("d")
    assert output.parts == [
        {"kind": "text", "text": "ab\n"},
        {"kind": "html", "html": "<b>c</b>"},
        {"kind": "text", "text": "d\n"},
    ]


def test_text_is_cut() -> None:
    with captured_output() as output:
        print("a" * OUTPUT_LIMIT)
        print("never seen", file=sys.stderr)
    assert output.parts == [{"kind": "text", "text": "a" * OUTPUT_LIMIT + "\n... output cut\n"}]


def test_what_is_displayed_is_left_out_when_it_is_too_much() -> None:
    with captured_output() as output:
        for _ in range(3):
            display_html("a" * (DISPLAY_LIMIT // 2))
        print("after")
    assert [part["kind"] for part in output.parts] == ["html", "text"]
    assert output.parts[1]["text"] == "\n... output cut\nafter\n"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (
            pd.DataFrame({"n": [1, None], "s": ["<a>", None]}),
            table(["n", "s"], [["1.0", "<a>"], [None, None]]),
        ),
        (pd.Series([1, 2], name="n"), table(["n"], [["1"], ["2"]])),
        ([Entry("a", 1), Entry("b", None)], table(["name", "size"], [["a", "1"], ["b", None]])),
        ("text", {"kind": "text", "text": "text\n"}),
        (["a"], {"kind": "text", "text": "['a']\n"}),
        ([], {"kind": "text", "text": "[]\n"}),
        ([Entry("a", 1), ("b", 2)], {"kind": "text", "text": "[Entry(name='a', size=1), ('b', 2)]\n"}),
    ],
    ids=["pandas", "series", "named-tuples", "text", "list", "empty", "mixed"],
)
def test_display(value: Any, expected: dict[str, Any]) -> None:
    assert displayed(value) == [expected]


def test_display_takes_several_and_options_of_streams() -> None:
    with captured_output() as output:
        display("a", "b", processingTime="5 seconds", streamName="s")
    assert output.parts == [{"kind": "text", "text": "a\nb\n"}]


def test_long_tables_and_values_are_cut() -> None:
    [part] = displayed([Entry("x" * 2 * VALUE_LIMIT, n) for n in range(ROWS + 1)])
    assert len(part["rows"]) == ROWS
    assert part["rows"][0][0] == "x" * VALUE_LIMIT
    assert part["note"] == f"The first {ROWS} rows"
    [exact] = displayed([Entry("x", n) for n in range(ROWS)])
    assert exact["note"] is None


def test_where_no_cell_runs_it_is_printed() -> None:
    with redirect_stdout(io.StringIO()) as printed:
        display([Entry("a", None)])
        display_html("<b>")
    assert printed.getvalue() == "name\tsize\na\tnull\n<b>\n"
