"""JSON paths as mapping templates and parameter mappings write them (Jayway's dialect).

Paths of plain names and numbers, which nearly all are, are walked here: a template that takes a value from
each of 500 records must not parse 500 expressions. Filters, wildcards and the like go to a library.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any, Final

from jsonpath_ng.exceptions import JSONPathError
from jsonpath_ng.ext.parser import parse

_STEP = re.compile(r"""\.([^.\[\]()*?'"\s]+)|\[(-?\d+)\]|\[(?:'([^']*)'|"([^"]*)")\]""")


class WrongPath(ValueError):
    """The text is no JSON path."""


class _Missing:
    """What a path finds where nothing is; ``null`` is something."""

    def __repr__(self) -> str:
        return "MISSING"


MISSING: Final = _Missing()


def find(document: Any, path: str) -> Any:
    """The value at ``path``, or :data:`MISSING`; a list of all values where a path can have several.

    :param document: parsed JSON.
    :param path: with or without ``$.`` at its beginning.
    :raises WrongPath: when it is no path.
    """
    steps = _steps(path)
    if steps is None:
        return [match.value for match in _expression(path).find(document)]
    for step in steps:
        if isinstance(step, int):
            if not isinstance(document, list) or not -len(document) <= step < len(document):
                return MISSING
        elif not isinstance(document, dict) or step not in document:
            return MISSING
        document = document[step]
    return document


def _steps(path: str) -> list[str | int] | None:
    """Names and numbers of a plain path; ``None`` for any other."""
    whole = _from_root(path)
    steps: list[str | int] = []
    position = 1
    while position < len(whole):
        step = _STEP.match(whole, position)
        if step is None:
            return None
        name, number, single, double = step.groups()
        steps.append(
            int(number) if number else next(text for text in (name, single, double) if text is not None)
        )
        position = step.end()
    return steps


@lru_cache(maxsize=256)
def _expression(path: str) -> Any:
    try:
        return parse(_from_root(path))
    except (JSONPathError, ValueError) as error:
        raise WrongPath(f"{path} is no JSON path: {error}") from error


def _from_root(path: str) -> str:
    if path.startswith("$"):
        return path
    return f"${path}" if path.startswith("[") else f"$.{path}"
