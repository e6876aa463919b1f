"""Several SQL statements in one text, told apart."""

from __future__ import annotations

import re

_TOKENS = re.compile(
    r"""
    (?P<text>'(?:[^'\\]|\\.|'')*'|"(?:[^"\\]|\\.|"")*"|`(?:[^`]|``)*`)
    |(?P<comment>--[^\n]*|/\*.*?\*/)
    |(?P<end>;)
    """,
    re.VERBOSE | re.DOTALL,
)


def split_statements(sql: str) -> list[str]:
    """The statements of ``sql``, without semicolons; those of comments and blanks only are left out.

    Semicolons in strings, quoted names and comments do not separate.
    """
    statements: list[str] = []
    start, has_code, seen = 0, False, 0
    for token in _TOKENS.finditer(sql):
        has_code = has_code or bool(sql[seen : token.start()].strip()) or token["text"] is not None
        seen = token.end()
        if token["end"]:
            if has_code:
                statements.append(sql[start : token.start()].strip())
            start, has_code = token.end(), False
    if has_code or sql[seen:].strip():
        statements.append(sql[start:].strip())
    return statements
