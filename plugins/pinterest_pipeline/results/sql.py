"""Statements and their named parameters."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

# A text, a quoted name or a comment may hold a colon; only what is outside of them is a parameter.
_TOKENS = re.compile(
    r"'(?:[^'\\]|\\.)*'|`[^`]*`|\"[^\"]*\"|--[^\n]*|/\*.*?\*/|(?<![:\w]):(?P<name>[A-Za-z_]\w*)", re.S
)


def used_parameters(statement: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters that a statement uses.

    :param statement: SQL with parameters such as ``:pin_batch_table``.
    :param parameters: all that are known.
    :raises KeyError: when the statement uses one that is not known.
    """
    used = {match["name"] for match in _TOKENS.finditer(statement) if match["name"]}
    return {name: parameters[name] for name in sorted(used)}
