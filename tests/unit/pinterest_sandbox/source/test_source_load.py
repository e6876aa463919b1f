from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from pinterest_sandbox.source.load import LoadError, read_folder

PERSON = {
    "ind": 3,
    "first_name": "Nora",
    "last_name": "Frost",
    "age": 44,
    "date_joined": "2016-02-29 23:59:59",
}


def _write(folder: Path, name: str, *records: dict[str, Any] | str) -> None:
    lines = [record if isinstance(record, str) else json.dumps(record) for record in records]
    (folder / name).write_text("\n".join(lines) + "\n", encoding="utf-8")


def test_rows_come_in_key_order_and_blank_lines_are_passed_over(tmp_path: Path) -> None:
    _write(tmp_path, "user.jsonl", PERSON, "", "  ", {**PERSON, "ind": 1})
    assert [row[0] for row in read_folder(tmp_path)["user"]] == [1, 3]


def test_only_the_files_that_are_there_are_read(tmp_path: Path) -> None:
    _write(tmp_path, "user.jsonl", PERSON)
    _write(tmp_path, "other.jsonl", "{")
    assert list(read_folder(tmp_path)) == ["user"]


def test_a_line_separator_inside_a_text_does_not_end_the_line(tmp_path: Path) -> None:
    _write(tmp_path, "user.jsonl", json.dumps({**PERSON, "last_name": "a\u2028b\u0085c"}, ensure_ascii=False))
    assert read_folder(tmp_path)["user"] == [(3, "Nora", "a\u2028b\u0085c", 44, "2016-02-29 23:59:59")]


def test_windows_line_ends_and_a_byte_order_mark_are_read(tmp_path: Path) -> None:
    (tmp_path / "user.jsonl").write_bytes(b"\xef\xbb\xbf" + json.dumps(PERSON).encode() + b"\r\n")
    assert len(read_folder(tmp_path)["user"]) == 1


def test_a_folder_without_files_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(LoadError, match=r"has none of pin\.jsonl, geo\.jsonl, user\.jsonl"):
        read_folder(tmp_path)


def test_a_key_twice_names_both_lines(tmp_path: Path) -> None:
    _write(tmp_path, "user.jsonl", PERSON, {**PERSON, "ind": 4}, PERSON)
    with pytest.raises(LoadError, match=r"user\.jsonl:3: key 3 occurs already in line 1"):
        read_folder(tmp_path)


def test_every_problem_is_named_with_file_and_line(tmp_path: Path) -> None:
    _write(tmp_path, "user.jsonl", PERSON, "{", {**PERSON, "ind": 11_154})
    _write(tmp_path, "geo.jsonl", {"ind": "1"})
    with pytest.raises(LoadError) as caught:
        read_folder(tmp_path)
    places = [problem.split(": ")[0] for problem in caught.value.problems]
    assert places == [f"{tmp_path}/geo.jsonl:1", f"{tmp_path}/user.jsonl:2", f"{tmp_path}/user.jsonl:3"]
    assert str(caught.value).startswith("nothing was loaded:\n")


def test_text_that_is_not_utf8_is_named_by_line(tmp_path: Path) -> None:
    (tmp_path / "user.jsonl").write_bytes(json.dumps(PERSON).encode() + b'\n{"ind": "\xff"}\n')
    with pytest.raises(LoadError, match=r"user\.jsonl:2: not UTF-8: invalid start byte at byte 9"):
        read_folder(tmp_path)


def test_many_problems_are_shortened_in_the_message(tmp_path: Path) -> None:
    _write(tmp_path, "user.jsonl", *["{"] * 25)
    with pytest.raises(LoadError, match="… and 15 more") as caught:
        read_folder(tmp_path)
    assert len(caught.value.problems) == 25
