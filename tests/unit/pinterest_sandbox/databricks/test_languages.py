"""Cells of SQL and of file commands."""

from __future__ import annotations

from typing import Any

import pytest

from pinterest_sandbox.databricks.cells import Cell
from pinterest_sandbox.databricks.languages import run_files, run_sql
from pinterest_sandbox.databricks.output import captured_output


class Session:
    """Takes statements and gives their text back."""

    def __init__(self) -> None:
        self.statements: list[tuple[str, dict[str, str]]] = []

    def sql(self, statement: str, args: dict[str, str]) -> str:
        self.statements.append((statement, args))
        return f"result of {statement}"


class Files:
    """Notes what is called."""

    def __getattr__(self, name: str) -> Any:
        return lambda *arguments, **options: f"{name}{arguments}{options}"


def test_last_of_several_statements_is_the_result() -> None:
    session, namespace = Session(), {"_sqldf": "of an earlier cell"}
    with captured_output() as output:
        run_sql(Cell(language="sql", source="SELECT 1;\n-- none\nSELECT 2", line=2), session, {}, namespace)  # type: ignore[arg-type]
        run_sql(Cell(language="sql", source="-- only a comment", line=9), session, {}, namespace)  # type: ignore[arg-type]
    assert [statement for statement, _ in session.statements] == ["SELECT 1", "-- none\nSELECT 2"]
    assert namespace["_sqldf"] == "result of -- none\nSELECT 2"
    assert [part["text"] for part in output.parts] == ["result of -- none\nSELECT 2\n"]


@pytest.mark.parametrize(
    ("sql", "filled"),
    [
        ("SELECT '$day'", "SELECT '2022-11-30'"),
        ("SELECT * FROM ${table}_x", "SELECT * FROM pins_x"),
        ("SELECT * FROM $table", "SELECT * FROM pins"),
        ("SELECT :day", "SELECT :day"),
        ("SELECT regexp_replace(a, '^x$', '$1')", "SELECT regexp_replace(a, '^x$', '$1')"),
        ("SELECT '$days ${other} ${day'", "SELECT '$days ${other} ${day'"),
    ],
)
def test_widgets_in_sql(sql: str, filled: str) -> None:
    session, widgets = Session(), {"day": "2022-11-30", "table": "pins"}
    run_sql(Cell(language="sql", source=sql, line=2), session, widgets, {})  # type: ignore[arg-type]
    assert session.statements == [(filled, widgets)]


@pytest.mark.parametrize(
    ("command", "called"),
    [
        ("ls /mnt/pins", "ls('/mnt/pins',){}"),
        ("ls '/mnt/my pins'  # a comment", "ls('/mnt/my pins',){}"),
        ("rm -r /tmp/x", "rm('/tmp/x',){'recurse': True}"),
        ("cp /a /b --recurse", "cp('/a', '/b'){'recurse': True}"),
        ("mounts", "mounts(){}"),
    ],
)
def test_file_commands(command: str, called: str) -> None:
    with captured_output() as output:
        run_files(Cell(language="fs", source=command, line=2), Files())  # type: ignore[arg-type]
    assert output.parts == [{"kind": "text", "text": f"{called}\n"}]
