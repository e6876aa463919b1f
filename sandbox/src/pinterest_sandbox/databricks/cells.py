"""Databricks' source format of notebooks, read into cells.

https://docs.databricks.com/aws/en/notebooks/notebook-format
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Literal

Language = Literal["python", "sql", "md", "run", "fs"]

#: First line of a notebook's source by the language whose comments it is written in.
HEADERS = {"python": "# Databricks notebook source", "sql": "-- Databricks notebook source"}
COMMENTS = {"python": "#", "sql": "--"}
_MAGICS: dict[str, Language] = {
    "python": "python",
    "sql": "sql",
    "md": "md",
    "md-sandbox": "md",
    "run": "run",
    "fs": "fs",
}
_LINE_END = re.compile(r"\r\n|\r|\n")
_MAGIC = re.compile(r"%([a-z][\w-]*)[ \t]*")


class NotebookError(Exception):
    """The notebook can't be run here; the message names the line and the reason."""


@dataclass(frozen=True, kw_only=True)
class Cell:
    """One cell.

    :param language: what runs it.
    :param source: its text without comment and magic prefixes, one line a line of the file.
    :param line: line of the file, from 1, that ``source`` begins on.
    :param title: the cell's title, or an empty string.
    """

    language: Language
    source: str
    line: int
    title: str = ""


@dataclass
class _Draft:
    line: int
    title: str = ""
    lines: list[str] = field(default_factory=list)


def split_lines(text: str) -> list[str]:
    """The lines of ``text`` without their ends, as Python's own parser counts them.

    A line feed, a carriage return or both end a line. What else ``str.splitlines`` splits at (form feed,
    U+0085, U+2028 and others) may be in a string of a cell, and belongs to it.
    """
    lines = _LINE_END.split(text)
    return lines if lines[-1] else lines[:-1]


def is_notebook(source: str) -> bool:
    """Whether ``source`` begins as a notebook does that can be run here."""
    return _LINE_END.split(source, maxsplit=1)[0].rstrip() in HEADERS.values()


def parse(source: str) -> list[Cell]:
    """Split the text of a notebook into cells; empty ones are left out.

    :param source: text in Databricks' source format, in Python or SQL.
    :raises NotebookError: when it is no notebook, or a cell has a magic that is not supported.
    """
    lines = split_lines(source)
    language = next((name for name, header in HEADERS.items() if lines and lines[0].rstrip() == header), None)
    if language is None:
        raise NotebookError(f"the first line of a notebook is {HEADERS['python']!r} or {HEADERS['sql']!r}")
    comment = COMMENTS[language]
    default: Language = "python" if language == "python" else "sql"
    cells = [_cell(draft, comment, default) for draft in _split(lines, comment)]
    return [cell for cell in cells if cell is not None]


def _split(lines: list[str], comment: str) -> list[_Draft]:
    drafts = [_Draft(line=2)]
    for number, line in enumerate(lines[1:], start=2):
        if line.rstrip() == f"{comment} COMMAND ----------":
            drafts.append(_Draft(line=number + 1))
        elif line.startswith(f"{comment} DBTITLE ") and not any(map(str.strip, drafts[-1].lines)):
            drafts[-1].title = line.partition(",")[2].strip()
            drafts[-1].lines.append("")
        else:
            drafts[-1].lines.append(line)
    return drafts


def _cell(draft: _Draft, comment: str, default: Language) -> Cell | None:
    first = next((n for n, line in enumerate(draft.lines) if line.strip()), None)
    if first is None:
        return None
    lines, number = draft.lines[first:], draft.line + first
    prefix = f"{comment} MAGIC"
    if not lines[0].startswith(prefix):
        return Cell(language=default, source="\n".join(lines), line=number, title=draft.title)
    lines = [_without(line, prefix) for line in lines]
    magic = _MAGIC.match(lines[0])
    if magic is None:
        return Cell(language=default, source="\n".join(lines), line=number, title=draft.title)
    language = _MAGICS.get(magic[1])
    if language is None:
        raise NotebookError(f"line {number}: %{magic[1]} cells are not supported here")
    lines[0] = lines[0][magic.end() :]
    return Cell(language=language, source="\n".join(lines), line=number, title=draft.title)


def _without(line: str, prefix: str) -> str:
    return line.removeprefix(prefix).removeprefix(" ") if line.startswith(prefix) else line
