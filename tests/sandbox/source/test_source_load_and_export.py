"""Rows loaded over the generated ones and written out again, in a database of the tests' own."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pymysql
import pytest

from pinterest_sandbox.source.generator import generate
from pinterest_sandbox.source.load import LoadError, export, load
from pinterest_sandbox.source.service import fill, load_rows
from pinterest_sandbox.source.tables import TABLES
from tests.sandbox.source.conftest import OwnSource

if TYPE_CHECKING:
    from pymysql.connections import Connection
    from pymysql.cursors import Cursor

PIN = {
    "index": 7,
    "unique_id": "00000000-0000-4000-8000-000000000007",
    "title": 'Zoë\'s "best" \U0001d4e3ips 🎁\n\tline two \\ end\u00a0',
    "description": "a\u2028b…\u00a0",
    "poster_name": "x" * 900,
    "follower_count": "12k",
    "tag_list": "a,b",
    "is_image_or_video": None,
    "image_src": None,
    "downloaded": 0,
    "save_location": "Local save in /data/art",
    "category": "art",
}
PLACE = {
    "ind": 9,
    "timestamp": "2021-05-06T07:08:09",
    "latitude": -89.9787,
    "longitude": 179.935,
    "country": "Réunion",
}
PERSON = {"ind": 0, "first_name": "A", "last_name": "B", "age": 33, "date_joined": "2016-01-01"}


def _write(folder: Path, entity: str, records: Sequence[dict[str, Any]]) -> None:
    folder.mkdir(exist_ok=True)
    lines = [json.dumps(record) + "\n" for record in records]
    (folder / f"{entity}.jsonl").write_text("".join(lines), encoding="utf-8")


def _read(folder: Path) -> dict[str, list[dict[str, Any]]]:
    return {
        table.entity: [
            json.loads(line)
            for line in (folder / f"{table.entity}.jsonl").read_text(encoding="utf-8").split("\n")
            if line
        ]
        for table in TABLES
    }


def test_a_new_database_holds_the_generated_rows_unchanged(
    connection: Connection[Cursor], tmp_path: Path
) -> None:
    assert export(connection, tmp_path / "out") == {"pin": 11_154, "geo": 11_154, "user": 11_154}
    found = _read(tmp_path / "out")
    for entity, rows in generate().items():
        assert [tuple(record.values()) for record in found[entity]] == rows


def test_loaded_rows_replace_those_of_their_keys_only(connection: Connection[Cursor], tmp_path: Path) -> None:
    export(connection, tmp_path / "before")
    folder = tmp_path / "rows"
    _write(folder, "pin", [PIN])
    _write(folder, "geo", [PLACE])
    _write(folder, "user", [PERSON])
    assert load(connection, folder) == load(connection, folder) == {"pin": 1, "geo": 1, "user": 1}
    export(connection, tmp_path / "after")
    expected = _read(tmp_path / "before")
    expected["pin"][7] = PIN
    expected["geo"][9] = {**PLACE, "timestamp": "2021-05-06 07:08:09"}
    expected["user"][0] = {**PERSON, "date_joined": "2016-01-01 00:00:00"}
    assert _read(tmp_path / "after") == expected
    with connection.cursor() as cursor:
        for number, title in ((6, None), (7, PIN["title"]), (8, None)):
            cursor.execute(f"SELECT * FROM pinterest_data LIMIT {number}, 1")
            row = cursor.fetchone()
            assert row is not None
            assert row[0] == number
            assert title in (None, row[2])


def test_what_was_exported_can_be_loaded(own_source: OwnSource, tmp_path: Path) -> None:
    with own_source.connect() as connection:
        export(connection, tmp_path / "first")
        assert load_rows(own_source.config, tmp_path / "first") == {
            "pin": 11_154,
            "geo": 11_154,
            "user": 11_154,
        }
        connection.rollback()
        export(connection, tmp_path / "second")
    for table in TABLES:
        name = f"{table.entity}.jsonl"
        assert (tmp_path / "first" / name).read_bytes() == (tmp_path / "second" / name).read_bytes()


def test_nothing_is_loaded_when_one_file_is_bad(connection: Connection[Cursor], tmp_path: Path) -> None:
    folder = tmp_path / "rows"
    _write(folder, "pin", [PIN])
    _write(folder, "user", [PERSON, {**PERSON, "ind": 1, "age": "33"}])
    with pytest.raises(LoadError, match=r"user\.jsonl:2: 'age' must be an integer"):
        load(connection, folder)
    with connection.cursor() as cursor:
        cursor.execute("SELECT COUNT(*) FROM pinterest_data WHERE poster_name = %s", (PIN["poster_name"],))
        assert cursor.fetchone() == (0,)


def test_nothing_is_loaded_when_the_database_refuses_a_table(
    connection: Connection[Cursor], own_source: OwnSource, tmp_path: Path
) -> None:
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE user_data")
    folder = tmp_path / "rows"
    _write(folder, "pin", [PIN])
    _write(folder, "user", [PERSON])
    with pytest.raises(pymysql.err.ProgrammingError):
        load(connection, folder)
    with own_source.connect() as other, other.cursor() as cursor:
        cursor.execute("SELECT COUNT(*) FROM pinterest_data WHERE poster_name = %s", (PIN["poster_name"],))
        assert cursor.fetchone() == (0,)


def test_fill_puts_back_only_what_is_missing(own_source: OwnSource, tmp_path: Path) -> None:
    _write(tmp_path / "rows", "user", [PERSON])
    load_rows(own_source.config, tmp_path / "rows")
    with own_source.connect() as connection, connection.cursor() as cursor:
        cursor.execute("DELETE FROM user_data WHERE ind BETWEEN 5 AND 9")
        cursor.execute("DROP TABLE geolocation_data")
        connection.commit()
    assert fill(own_source.config) == {"pin": 0, "geo": 11_154, "user": 5}
    assert fill(own_source.config) == {"pin": 0, "geo": 0, "user": 0}
    with own_source.connect() as connection, connection.cursor() as cursor:
        cursor.execute("SELECT first_name FROM user_data LIMIT 0, 1")
        assert cursor.fetchone() == ("A",)


@pytest.mark.parametrize("kill", [False, True], ids=["stopped", "killed"])
def test_loaded_rows_outlive_a_restart(own_source: OwnSource, tmp_path: Path, kill: bool) -> None:
    _write(tmp_path / "rows", "user", [PERSON])
    load_rows(own_source.config, tmp_path / "rows")
    status = own_source.stop(kill=kill)
    assert status == (-9 if kill else 0)
    own_source.start()
    with own_source.connect() as connection, connection.cursor() as cursor:
        cursor.execute("SELECT first_name FROM user_data LIMIT 0, 1")
        assert cursor.fetchone() == ("A",)
