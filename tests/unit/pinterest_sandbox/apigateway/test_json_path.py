from __future__ import annotations

from typing import Any

import pytest

from pinterest_sandbox.apigateway.json_path import MISSING, WrongPath, find

DOCUMENT: dict[str, Any] = {
    "records": [{"data": {"a.b": 1}, "partition-key": "x"}, {"data": None}],
    "name": "n",
    "0": "zero",
    "ä": True,
    "": "no name",
}


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("$", DOCUMENT),
        ("$.name", "n"),
        ("name", "n"),
        ("$.records[0].partition-key", "x"),
        ("$['records'][0][\"data\"]['a.b']", 1),
        ("[0]", MISSING),
        ("$.0", "zero"),
        ("$[0]", MISSING),
        ("$.ä", True),
        ("$['']", "no name"),
        ("$.records[-1]", {"data": None}),
        ("$.records[2]", MISSING),
        ("$.records[-3]", MISSING),
        ("$.records.data", MISSING),
        ("$.name.length", MISSING),
        ("$.name[0]", MISSING),
        ("$.none.deeper", MISSING),
        ("$.records[1].data", None),
        ("$.records[1].data.deeper", MISSING),
    ],
)
def test_plain_paths(path: str, found: Any) -> None:
    assert find(DOCUMENT, path) is found or find(DOCUMENT, path) == found


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("$.records[*].data", [{"a.b": 1}, None]),
        ("$..partition-key", ["x"]),
        ("$.records[0:1].partition-key", ["x"]),
        ("$.records[?(@.partition-key=='x')].data", [{"a.b": 1}]),
        ("$.none[*]", []),
    ],
)
def test_a_path_that_can_have_several_values_gives_a_list(path: str, found: list[Any]) -> None:
    assert find(DOCUMENT, path) == found


@pytest.mark.parametrize("path", ["$.a[", "$$", "$.a b c("])
def test_what_is_no_path(path: str) -> None:
    with pytest.raises(WrongPath, match="no JSON path"):
        find(DOCUMENT, path)
