"""The search that the end-to-end tests look for secrets with finds what is planted."""

from __future__ import annotations

import base64
import json
import sqlite3
import zlib
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.e2e.secrets_search import places_that_show

SECRET = 'pä55 w"ord/with+all?'
OTHER = "nothing of it: pä55 w'ord"
#: Airflow's own, cut down to what matters.
TABLES = {
    "xcom": "dag_id TEXT, task_id TEXT, run_id TEXT, map_index INTEGER, key TEXT, value JSON",
    "rendered_task_instance_fields": "dag_id TEXT, task_id TEXT, run_id TEXT, rendered_fields JSON",
    "dag_run": "id INTEGER, dag_id TEXT, run_id TEXT, conf JSON",
    "log": "id INTEGER, dag_id TEXT, event TEXT, extra TEXT",
    "task_state_store": "dag_id TEXT, task_id TEXT, run_id TEXT, key TEXT, value TEXT",
    "asset_state_store": "key TEXT, value TEXT",
    "trigger": "id INTEGER, kwargs TEXT",
    "serialized_dag": "dag_id TEXT, data_compressed BLOB",
    "odd": '"a column" BLOB',
}
DOCUMENT = {"host": "x", "password": SECRET}
SPELLINGS = {
    "plain": SECRET,
    "json": json.dumps(DOCUMENT),
    "json with its own letters": json.dumps(DOCUMENT, ensure_ascii=False),
    "json in json": json.dumps(json.dumps(DOCUMENT)),
    "json in json in json": json.dumps(json.dumps(json.dumps(DOCUMENT))),
    "python": repr(DOCUMENT),
    "part of a url": f"https://x/y?key={quote(SECRET, safe='')}&z=1",
    "path": quote(SECRET),
    **{
        f"base64 after {n}": base64.b64encode(b"l:ogin"[:n] + SECRET.encode() + b":x").decode()
        for n in range(4)
    },
    "base64 of urls": base64.urlsafe_b64encode(b"?>?" + SECRET.encode()).decode(),
}


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home whose tables and logs have something else in each column."""
    with sqlite3.connect(tmp_path / "airflow.db") as connection:
        for table, columns in TABLES.items():
            connection.execute(f"CREATE TABLE {table} ({columns})")
            plant(connection, table, OTHER)
    connection.close()
    folder = tmp_path / "logs" / "dag_id=d" / "run_id=r" / "task_id=t"
    folder.mkdir(parents=True)
    (folder / "attempt=1.log").write_text(f"{OTHER}\n{OTHER}\n", encoding="utf-8")
    return tmp_path


def plant(connection: sqlite3.Connection, table: str, text: str | bytes) -> None:
    """A row whose last column is ``text``."""
    *others, _ = [row[1:3] for row in connection.execute(f"PRAGMA table_info({table})")]
    values = [1 if kind == "INTEGER" else f"the {name}" for name, kind in others]
    connection.execute(f"INSERT INTO {table} VALUES ({','.join('?' * (len(values) + 1))})", [*values, text])


def test_nothing_is_found_where_nothing_is(home: Path) -> None:
    assert places_that_show(SECRET, home) == []


@pytest.mark.parametrize("table", TABLES)
def test_a_row_of_any_table_is_named(home: Path, table: str) -> None:
    with sqlite3.connect(home / "airflow.db") as connection:
        plant(connection, table, json.dumps(DOCUMENT))
    connection.close()
    (place,) = places_that_show(SECRET, home)
    assert place.startswith(f"table {table}, column ")
    assert SECRET not in place


def test_the_row_is_told_from_others(home: Path) -> None:
    with sqlite3.connect(home / "airflow.db") as connection:
        row = ("provision", "deploy", "manual__1", -1, "return_value", json.dumps(DOCUMENT))
        connection.execute("INSERT INTO xcom VALUES (?, ?, ?, ?, ?, ?)", row)
    connection.close()
    assert places_that_show(SECRET, home) == [
        "table xcom, column value: dag_id provision, task_id deploy, run_id manual__1, map_index -1, "
        "key return_value"
    ]


def test_a_compressed_value_is_found(home: Path) -> None:
    with sqlite3.connect(home / "airflow.db") as connection:
        plant(connection, "serialized_dag", zlib.compress(json.dumps(DOCUMENT).encode()))
    connection.close()
    assert len(places_that_show(SECRET, home)) == 1


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_a_line_of_a_log_is_named_however_it_is_spelled(home: Path, spelling: str) -> None:
    log = home / "logs" / "dag_id=d" / "run_id=r" / "task_id=t" / "attempt=1.log"
    with log.open("a", encoding="utf-8") as file:
        file.write(f"before {SPELLINGS[spelling]} after\n")
    assert places_that_show(SECRET, home) == [f"{log}, line 3"]


def test_other_files_are_looked_through_too(home: Path, tmp_path: Path) -> None:
    service = tmp_path / "scheduler.log"
    service.write_text(f"one\n{SECRET}\n", encoding="utf-8")
    assert places_that_show(SECRET, home, [service]) == [f"{service}, line 2"]


@pytest.mark.parametrize("missing", ["airflow.db", "logs", "other"])
def test_what_is_not_there_is_an_error(home: Path, missing: str) -> None:
    if (home / missing).exists():
        (home / missing).rename(home / "elsewhere")
    with pytest.raises(FileNotFoundError, match=missing):
        places_that_show(SECRET, home, [home / "other"] if missing == "other" else [])


def test_a_text_that_is_found_anywhere_is_refused(home: Path) -> None:
    with pytest.raises(ValueError, match="at least 8"):
        places_that_show("", home)
