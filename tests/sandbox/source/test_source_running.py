"""The running sandbox's source database as a client of the pipeline sees it."""

from __future__ import annotations

import random
import socket
from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Any

import pymysql
import pytest

from tests.running_sandbox import RunningSandbox

if TYPE_CHECKING:
    from pymysql.connections import Connection
    from pymysql.cursors import DictCursor

TABLES = {"pinterest_data": "index", "geolocation_data": "ind", "user_data": "ind"}


def _connect(sandbox: RunningSandbox, **changes: Any) -> Connection[DictCursor]:
    return pymysql.connect(
        **{
            "host": sandbox.environment["SANDBOX_MYSQL_HOST"],
            "port": int(sandbox.environment["SANDBOX_MYSQL_PORT"]),
            "user": sandbox.environment["SANDBOX_MYSQL_USER"],
            "password": sandbox.environment["SANDBOX_MYSQL_PASSWORD"],
            "database": sandbox.environment["SANDBOX_MYSQL_DATABASE"],
            "charset": "utf8mb4",
            "cursorclass": pymysql.cursors.DictCursor,
            **changes,
        }
    )


@pytest.fixture
def client(sandbox: RunningSandbox) -> Iterator[Connection[DictCursor]]:
    with _connect(sandbox) as connection:
        yield connection


def _rows(client: Connection[DictCursor], statement: str) -> list[dict[str, Any]]:
    with client.cursor() as cursor:
        cursor.execute(statement)
        return list(cursor.fetchall())


@pytest.mark.parametrize("table", TABLES)
def test_each_table_has_all_keys(client: Connection[DictCursor], table: str) -> None:
    key = TABLES[table]
    [found] = _rows(
        client, f"SELECT COUNT(*) AS n, MIN(`{key}`) AS first, MAX(`{key}`) AS last FROM `{table}`"
    )
    assert found == {"n": 11_154, "first": 0, "last": 11_153}


@pytest.mark.parametrize("table", TABLES)
def test_limit_n_1_gives_the_row_with_key_n(client: Connection[DictCursor], table: str) -> None:
    draws = random.Random(100)
    for number in (0, 11_153, *(draws.randint(0, 11_000) for _ in range(20))):
        [row] = _rows(client, f"SELECT * FROM {table} LIMIT {number}, 1")
        assert row[TABLES[table]] == number


def test_values_have_the_types_of_the_original(client: Connection[DictCursor]) -> None:
    types = [
        {name: type(value) for name, value in _rows(client, f"SELECT * FROM {table} LIMIT 0, 1")[0].items()}
        for table in TABLES
    ]
    assert types == [
        {
            "index": int,
            "unique_id": str,
            "title": str,
            "description": str,
            "poster_name": str,
            "follower_count": str,
            "tag_list": str,
            "is_image_or_video": str,
            "image_src": str,
            "downloaded": int,
            "save_location": str,
            "category": str,
        },
        {"ind": int, "timestamp": datetime, "latitude": float, "longitude": float, "country": str},
        {"ind": int, "first_name": str, "last_name": str, "age": int, "date_joined": datetime},
    ]


def test_it_listens_on_one_address_only(sandbox: RunningSandbox) -> None:
    with socket.socket() as probe:
        # Linux refuses this when the same port is listened to on all addresses.
        probe.bind(("127.0.0.2", sandbox.ports["source"]))


@pytest.mark.parametrize(
    "changes", [{"password": "wrong"}, {"user": "root", "password": ""}], ids=["password", "root"]
)
def test_others_are_refused(sandbox: RunningSandbox, changes: dict[str, str]) -> None:
    with pytest.raises(pymysql.err.OperationalError, match="Access denied"):
        _connect(sandbox, **changes)
