"""Databricks' source format, as its documentation shows it."""

from __future__ import annotations

import pytest

from pinterest_sandbox.databricks.cells import Cell, NotebookError, is_notebook, parse, split_lines

#: Where ``str.splitlines`` ends a line and Python's parser does not.
OTHER_LINE_ENDS = ("\x0b", "\x0c", "\x1c", "\x1d", "\x1e", "\x85", "\u2028", "\u2029")

SOURCE = """# Databricks notebook source
# MAGIC %md
# MAGIC # Title
# MAGIC
# MAGIC text

# COMMAND ----------

# DBTITLE 1,Counts, by year
import json
x = 1

# COMMAND ----------

# MAGIC %sql
# MAGIC SELECT 1;
# MAGIC SELECT ';'

# COMMAND ----------

# MAGIC %run ./common $mode="fast"

# COMMAND ----------


# COMMAND ----------

# MAGIC %python
# MAGIC y = 2
"""


def test_cells_have_language_source_and_line() -> None:
    assert parse(SOURCE) == [
        Cell(language="md", source="\n# Title\n\ntext\n", line=2),
        Cell(language="python", source="import json\nx = 1\n", line=10, title="Counts, by year"),
        Cell(language="sql", source="\nSELECT 1;\nSELECT ';'\n", line=15),
        Cell(language="run", source='./common $mode="fast"\n', line=21),
        Cell(language="python", source="\ny = 2", line=28),
    ]


def test_lines_are_those_of_the_file() -> None:
    lines = SOURCE.split("\n")
    for cell in parse(SOURCE):
        first = cell.source.split("\n")[0]
        assert first in lines[cell.line - 1]


@pytest.mark.parametrize("character", OTHER_LINE_ENDS, ids=ascii)
def test_what_ends_no_line_in_python_stays_in_its_text(character: str) -> None:
    source = (
        "# Databricks notebook source\n"
        f"text = 'a{character}b'\n"
        "# COMMAND ----------\n"
        f"# MAGIC %sql\n# MAGIC SELECT 'c{character}# COMMAND ----------'\n"
    )
    assert parse(source) == [
        Cell(language="python", source=f"text = 'a{character}b'", line=2),
        Cell(language="sql", source=f"\nSELECT 'c{character}# COMMAND ----------'", line=4),
    ]


@pytest.mark.parametrize("end", ["\r\n", "\r"], ids=ascii)
def test_line_ends_of_other_systems(end: str) -> None:
    assert is_notebook(SOURCE.replace("\n", end))
    assert parse(SOURCE.replace("\n", end)) == parse(SOURCE)


def test_lines_end_where_python_ends_them() -> None:
    assert split_lines("") == []
    assert split_lines("\n") == [""]
    assert split_lines("a\n\r\nb\r\r\nc") == ["a", "", "b", "", "c"]
    assert split_lines("a\n\n") == ["a", ""]


def test_notebook_in_sql() -> None:
    cells = ("-- Databricks notebook source\nSELECT 1\n", "\n-- MAGIC %python\n-- MAGIC x = 1\n")
    source = "\n-- COMMAND ----------\n".join(cells)
    assert [(cell.language, cell.source, cell.line) for cell in parse(source)] == [
        ("sql", "SELECT 1\n", 2),
        ("python", "\nx = 1", 6),
    ]


@pytest.mark.parametrize("magic", ["sh", "scala", "r", "pip", "conda", "matplotlib"])
def test_other_magics_are_refused_by_name_and_line(magic: str) -> None:
    source = f"# Databricks notebook source\nx = 1\n# COMMAND ----------\n\n# MAGIC %{magic} something\n"
    with pytest.raises(NotebookError, match=rf"line 5: %{magic} cells are not supported"):
        parse(source)


def test_file_commands_are_cells_of_their_own() -> None:
    assert parse("# Databricks notebook source\n# MAGIC %fs ls /mnt\n") == [
        Cell(language="fs", source="ls /mnt", line=2)
    ]


def test_text_without_the_first_line_is_no_notebook() -> None:
    assert is_notebook(SOURCE)
    assert is_notebook(SOURCE.replace("\n", "\r\n"))
    assert not is_notebook("import json\n# Databricks notebook source\n")
    assert not is_notebook("")
    with pytest.raises(NotebookError, match="the first line of a notebook"):
        parse("x = 1")


def test_comment_that_only_resembles_a_separator_stays() -> None:
    [cell] = parse("# Databricks notebook source\nx = 1\n# COMMAND ---------- more\n")
    assert cell.source == "x = 1\n# COMMAND ---------- more"
