"""The template language as API Gateway has it, on airspeed.

What differs from airspeed was seen on AWS (the snapshots of LocalStack's tests are recorded there): an absent
value equals the empty string, maps are written ``{key=value}`` and lists as JSON.
https://docs.aws.amazon.com/apigateway/latest/developerguide/models-mappings.html
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from airspeed import Template, TemplateError, operators


class TemplateFailed(Exception):
    """A template could not be parsed or filled in."""


def fill_in(template: str, variables: Mapping[str, Any]) -> str:
    """What a template becomes.

    :param variables: by name, without ``$``.
    :raises TemplateFailed: when it cannot be parsed, or something in it fails.
    """
    try:
        return str(_compiled(template).merge(dict(variables)))
    except (TemplateError, RecursionError) as error:
        raise TemplateFailed(str(error)) from error


@lru_cache(maxsize=256)
def _compiled(template: str) -> Template:
    compiled = Template(template)
    compiled.ensure_compiled()
    return compiled


def text_of(value: Any) -> str:
    """A value as a template writes it."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dict):
        members = ", ".join(f"{name}={text_of(member)}" for name, member in value.items())
        return "{" + members + "}"
    return json_of(value) if isinstance(value, list) else str(value)


def json_of(value: Any) -> str:
    """A value as JSON without blanks."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def equal(left: Any, right: Any) -> bool:
    """``==``: numbers by value, what is of different types by its text; nothing is as good as empty."""
    if left is None or right is None:
        return left in (None, "") and right in (None, "")
    if _kind(left) is _kind(right):
        return bool(left == right)
    return text_of(left) == text_of(right)


def _kind(value: Any) -> type:
    return float if isinstance(value, int | float) and not isinstance(value, bool) else type(value)


#: Java's methods that Python's types have under other names or not at all.
_METHODS: Mapping[type, Mapping[str, Callable[..., Any]]] = {
    dict: {
        "containsKey": lambda members, name: name in members,
        "isEmpty": lambda members: not members,
        "keySet": list,
        "size": len,
        "toString": text_of,
    },
    list: {"toString": text_of},
    str: {
        "isEmpty": lambda text: not text,
        "toLowerCase": str.lower,
        "toString": text_of,
        "toUpperCase": str.upper,
        "trim": str.strip,
    },
}


def _loop(self: operators.ForeachDirective, stream: Any, namespace: Any, loader: Any) -> None:
    """``#foreach``: over what has no items, a text among that, it writes nothing, as Velocity does."""
    if isinstance(self.value.calculate(namespace, loader), list | tuple | dict):
        _loop_over_items(self, stream, namespace, loader)


_loop_over_items = operators.ForeachDirective.evaluate_raw


def _teach_airspeed() -> None:
    """airspeed looks all of these up in its module when it parses or runs a template: it takes no others."""
    operators.value_to_string = text_of
    operators.ForeachDirective.evaluate_raw = _loop
    for name in ("==", "eq"):
        operators.BinaryOperator.OPERATORS[name] = equal
    for name in ("!=", "ne"):
        operators.BinaryOperator.OPERATORS[name] = lambda left, right: not equal(left, right)
    for kind, methods in _METHODS.items():
        operators.__additional_methods__[kind].update(methods)


_teach_airspeed()
