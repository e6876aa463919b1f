"""Notebooks of Jupyter's, as its format and Databricks' exports have them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from pinterest_sandbox.databricks.cells import Cell, parse
from pinterest_sandbox.databricks.jupyter import NoJupyterNotebook, to_source


def notebook(*cells: dict[str, Any], **metadata: Any) -> bytes:
    return json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": metadata, "cells": cells}).encode()


def code(source: Any, **metadata: Any) -> dict[str, Any]:
    return {"cell_type": "code", "source": source, "metadata": metadata, "outputs": [{"old": 1}]}


def test_cells_of_every_kind() -> None:
    content = notebook(
        {"cell_type": "markdown", "source": ["# Pins\n", "\n", "of a day"], "metadata": {}},
        code(
            ["x = 1\n", "\n", "x"],
            **{"application/vnd.databricks.v1+cell": {"title": "One", "showTitle": True}},
        ),
        code("%sql\nSELECT 1;\n\nSELECT 2"),
        code(['%run ./common $mode="fast"']),
        {"cell_type": "raw", "source": "as it is"},
        code([]),
        **{"application/vnd.databricks.v1+notebook": {"language": "python", "notebookName": "pins"}},
    )
    language, source = to_source(content)
    assert language == "python"
    assert parse(source) == [
        Cell(language="md", source="\n# Pins\n\nof a day\n", line=2),
        Cell(language="python", source="x = 1\n\nx\n", line=10, title="One"),
        Cell(language="sql", source="\nSELECT 1;\n\nSELECT 2\n", line=16),
        Cell(language="run", source='./common $mode="fast"\n', line=23),
        Cell(language="md", source="\nas it is\n", line=27),
    ]


@pytest.mark.parametrize(
    ("metadata", "expected"),
    [
        ({}, "python"),
        ({"language_info": {"name": "python", "version": "3.10"}}, "python"),
        ({"kernelspec": {"language": "SQL", "name": "x"}}, "sql"),
        (
            {
                "application/vnd.databricks.v1+notebook": {"language": "sql"},
                "language_info": {"name": "python"},
            },
            "sql",
        ),
    ],
    ids=["none", "language", "kernel", "databricks"],
)
def test_language(metadata: dict[str, Any], expected: str) -> None:
    language, source = to_source(notebook(code("SELECT 1"), **metadata))
    assert language == expected
    assert [cell.language for cell in parse(source)] == [expected]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"x = 1", "no JSON"),
        (b"\xff", "no JSON"),
        (b"[" * 100_000, "no JSON"),
        (b"[]", "no list of cells"),
        (b'{"worksheets": [], "nbformat": 3}', "no list of cells"),
        (notebook(code(5)), "no text"),
        (notebook(code(["a", 5])), "no text"),
        (b'{"cells": [5]}', "no object"),
        (notebook(code("1"), language_info={"name": "scala"}), "language scala is not supported here"),
        (notebook(code("1"), kernelspec={"language": "R"}), "language r is not supported here"),
    ],
    ids=["text", "bytes", "deep", "list", "format-3", "number", "lines", "cell", "scala", "r"],
)
def test_other_content_is_refused(content: bytes, message: str) -> None:
    with pytest.raises(NoJupyterNotebook, match=message):
        to_source(content)
