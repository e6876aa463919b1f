from __future__ import annotations

import json
from typing import Any

import pytest

from pinterest_sandbox.rest_proxy.rawjson import MalformedJson, skip_blanks, value_at, walk_array, walk_object


def object_parts(text: str) -> tuple[dict[str, str], str]:
    parts: dict[str, str] = {}

    def visit(name: str, start: int) -> int:
        _, end = value_at(text, start)
        parts[name] = text[start:end]
        return end

    end = walk_object(text, 0, visit)
    return parts, text[end:]


def array_parts(text: str) -> list[str]:
    parts: list[str] = []

    def visit(start: int) -> int:
        _, end = value_at(text, start)
        parts.append(text[start:end])
        return end

    assert walk_array(text, 0, visit) == len(text)
    return parts


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("{}", {}),
        ("{ }", {}),
        ('{"a":1}', {"a": "1"}),
        ('{ "a" : 1.50 ,\n\t"b":\r[ 1 , 2 ] }', {"a": "1.50", "b": "[ 1 , 2 ]"}),
        ('{"a":{"x":"}"},"b":"\\u0041\\""}', {"a": '{"x":"}"}', "b": '"\\u0041\\""'}),
        ('{"a":1,"a":2}', {"a": "2"}),
    ],
)
def test_members_are_seen_as_written(text: str, parts: dict[str, str]) -> None:
    assert object_parts(text) == (parts, "")


def test_what_follows_an_object_is_left() -> None:
    assert object_parts('{"a":1} tail') == ({"a": "1"}, " tail")


@pytest.mark.parametrize(
    ("text", "parts"),
    [("[]", []), ("[ ]", []), ("[1]", ["1"]), ('[ 1e5 , "a,b" ,[],null ]', ["1e5", '"a,b"', "[]", "null"])],
)
def test_items_are_seen_as_written(text: str, parts: list[str]) -> None:
    assert array_parts(text) == parts


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{",
        '{"a"',
        '{"a":',
        '{"a":1',
        '{"a":1,',
        '{"a":1,}',
        '{"a" 1}',
        "{a:1}",
        "{1:1}",
        '{"a":1 "b":2}',
        '{"a":NaN}',
        '{"a":-Infinity}',
        '{"a":"line\nbreak"}',
        '{"a":01}',
        '{"a":' + "[" * 200_000 + "}",
    ],
)
def test_what_is_no_object_is_refused(text: str) -> None:
    with pytest.raises(MalformedJson):
        object_parts(text)


@pytest.mark.parametrize("text", ["", "{}", "[", "[1", "[1,", "[1,]", "[1 2]", "[,1]"])
def test_what_is_no_array_is_refused(text: str) -> None:
    with pytest.raises(MalformedJson):
        array_parts(text)


@pytest.mark.parametrize(
    ("text", "start", "end"), [("", 0, 0), ("a", 0, 0), ("  a", 0, 2), (" \t\r\n", 0, 4)]
)
def test_blanks_are_skipped(text: str, start: int, end: int) -> None:
    assert skip_blanks(text, start) == end


@pytest.mark.parametrize("value", [0, -1.5, "é", None, True, [1, {"a": []}], {"b": {"c": ""}}])
def test_values_are_read_as_json_reads_them(value: Any) -> None:
    text = json.dumps(value)
    assert value_at(f"xx{text}yy", 2) == (value, 2 + len(text))
