"""The demo, run as a user runs it: on generated rows always, and on real rows where their folder is."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pymysql
import pymysql.cursors
import pytest

from tests.running_sandbox import (
    CHECKOUT,
    PROGRAMS,
    RunningSandbox,
    read_sandbox,
    run_sandbox_command,
    sandbox_variables,
)

POSTS = 500
REAL_ROWS = Path(os.environ.get("PINTEREST_TEST_ROWS") or CHECKOUT.parent / "shared" / "data")
ROWS = {"generated": None, **({"real": REAL_ROWS} if REAL_ROWS.is_dir() else {})}
HOME = CHECKOUT / ".sandbox" / "test" / "e2e"
TABLES = {"pin": "pinterest_data", "geo": "geolocation_data", "user": "user_data"}

Row = dict[str, Any]


@dataclass(frozen=True)
class Demo:
    """A demo that has run; its sandbox is still up.

    :param summary: the content of ``demo.json``.
    :param source: entity to all rows of its source table.
    """

    sandbox: RunningSandbox
    summary: dict[str, Any]
    output: str
    source: dict[str, list[Row]]


def run_demo(*arguments: str) -> str:
    """Run ``make demo``'s command in the tests' own sandbox.

    :returns: what it printed.
    """
    done = subprocess.run(
        [str(PROGRAMS / "python"), "-m", "pinterest_sandbox.demo", *arguments],
        env={**sandbox_variables(HOME), "COLUMNS": "160"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=1500,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-8000:]
    return done.stdout


@pytest.fixture(scope="session", params=list(ROWS))
def demo(request: pytest.FixtureRequest) -> Iterator[Demo]:
    rows = ROWS[request.param]
    run_sandbox_command(HOME, "down")
    try:
        output = run_demo("--posts", str(POSTS), *(["--rows", str(rows)] if rows else []))
        sandbox = read_sandbox(HOME)
        summary = json.loads((HOME / "demo.json").read_text(encoding="utf-8"))
        yield Demo(sandbox, summary, output, source_rows(sandbox))
    finally:
        run_sandbox_command(HOME, "down")


def source_rows(sandbox: RunningSandbox) -> dict[str, list[Row]]:
    """All rows of the source, read with a plain client."""
    variables = sandbox.environment
    with (
        pymysql.connect(
            host=variables["SANDBOX_MYSQL_HOST"],
            port=int(variables["SANDBOX_MYSQL_PORT"]),
            user=variables["SANDBOX_MYSQL_USER"],
            password=variables["SANDBOX_MYSQL_PASSWORD"],
            database=variables["SANDBOX_MYSQL_DATABASE"],
            charset="utf8mb4",
            cursorclass=pymysql.cursors.DictCursor,
        ) as connection,
        connection.cursor() as cursor,
    ):
        rows: dict[str, list[Row]] = {}
        for entity, table in TABLES.items():
            cursor.execute(f"SELECT * FROM `{table}`")
            rows[entity] = list(cursor.fetchall())
        return rows
