"""Several statements in one text."""

from __future__ import annotations

import pytest

from pinterest_sandbox.databricks.sqltext import split_statements


@pytest.mark.parametrize(
    ("sql", "statements"),
    [
        ("SELECT 1", ["SELECT 1"]),
        (" SELECT 1 ;\n\nSELECT 2;", ["SELECT 1", "SELECT 2"]),
        ("SELECT ';', \";\", `a;b`; SELECT 2", ["SELECT ';', \";\", `a;b`", "SELECT 2"]),
        (r"SELECT 'it\'s;'; SELECT 'it''s;'", [r"SELECT 'it\'s;'", "SELECT 'it''s;'"]),
        ("-- one; two\nSELECT 1 /* a; b */; -- end;", ["-- one; two\nSELECT 1 /* a; b */"]),
        ("SELECT 1 -- it's\n; SELECT 2", ["SELECT 1 -- it's", "SELECT 2"]),
        (" ;; -- nothing\n", []),
        ("", []),
    ],
    ids=["one", "two", "quoted", "escaped", "comments", "quote-in-comment", "nothing", "empty"],
)
def test_statements(sql: str, statements: list[str]) -> None:
    assert split_statements(sql) == statements
