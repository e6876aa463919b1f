"""The demo, run as a user runs it: on generated rows, and on real rows where their folder is."""

from __future__ import annotations

import json
import os
import subprocess
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import pymysql
import pymysql.cursors
import pytest

from pinterest_sandbox.airflow.client import AirflowClient
from pinterest_sandbox.airflow.dags import RESULTS
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
#: Partitions of the topics, and the rows that are loaded (generated ones otherwise).
RUNS: dict[str, tuple[int, Path | None]] = {
    "generated-1-partition": (1, None),
    "real-3-partitions": (3, REAL_ROWS),
}
if not REAL_ROWS.is_dir():
    RUNS = {"generated-1-partition": (1, None), "generated-3-partitions": (3, None)}
ENTITIES = ("pin", "geo", "user")
HOME = CHECKOUT / ".sandbox" / "test" / "e2e"
#: Settings with which Airflow starts no run by the clock.
BY_HAND_ALONE = {"PYTHONPATH": str(Path(__file__).parent / "cluster_policies")}
#: Settings with which it tries again at once, and does not parse unchanged DAG files all the time.
QUICK = {"AIRFLOW__TEST__RETRY_DELAY_S": "1", "AIRFLOW__DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL": "60"}
TABLES = {"pin": "pinterest_data", "geo": "geolocation_data", "user": "user_data"}

Row = dict[str, Any]


@dataclass(frozen=True)
class Demo:
    """A demo that has run; its sandbox is still up.

    :param summary: the content of ``demo.json``.
    :param partitions: of each topic.
    :param source: entity to all rows of its source table.
    :param landed: entity and partition to the lines in S3 when the demo had ended.
    """

    sandbox: RunningSandbox
    summary: dict[str, Any]
    partitions: int
    source: dict[str, list[Row]]
    landed: dict[tuple[str, int], int]


def run_demo(*arguments: str) -> str:
    """Run ``make demo``'s command in the tests' own sandbox, in which nothing runs by the clock.

    :returns: what it printed.
    """
    settings = [f"--setting={name}={value}" for name, value in {**BY_HAND_ALONE, **QUICK}.items()]
    run_sandbox_command(HOME, "up", *settings)
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
    # The results follow each daily run; in most tests they would only take the machine's time.
    AirflowClient(read_sandbox(HOME).url("airflow")).pause(RESULTS)
    return done.stdout


@pytest.fixture(scope="session", params=list(RUNS))
def demo(request: pytest.FixtureRequest) -> Iterator[Demo]:
    partitions, rows = RUNS[request.param]
    run_sandbox_command(HOME, "down")
    try:
        arguments = ["--posts", str(POSTS), "--partitions", str(partitions)]
        run_demo(*arguments, *(["--rows", str(rows)] if rows else []))
        sandbox = read_sandbox(HOME)
        yield Demo(
            sandbox=sandbox,
            summary=json.loads((HOME / "demo.json").read_text(encoding="utf-8")),
            partitions=partitions,
            source=source_rows(sandbox),
            landed=landed_lines(sandbox),
        )
    finally:
        run_sandbox_command(HOME, "down")


def s3_client(sandbox: RunningSandbox) -> Any:
    """A plain client of the sandbox's S3."""
    return aws_client(sandbox, "s3")


def aws_client(sandbox: RunningSandbox, service: str) -> Any:
    """A plain client of one of the sandbox's AWS services."""
    variables = sandbox.environment
    return boto3.client(
        service,
        endpoint_url=variables.get(f"AWS_ENDPOINT_URL_{service.upper()}", variables["AWS_ENDPOINT_URL"]),
        region_name=variables["AWS_DEFAULT_REGION"],
        aws_access_key_id=variables["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=variables["AWS_SECRET_ACCESS_KEY"],
    )


def landed_lines(sandbox: RunningSandbox) -> dict[tuple[str, int], int]:
    """Lines of all landed objects, counted in S3 itself.

    :returns: entity and partition to the number of lines.
    """
    client = s3_client(sandbox)
    lines: Counter[tuple[str, int]] = Counter()
    for page in client.get_paginator("list_objects_v2").paginate(Bucket=sandbox.bucket, Prefix="topics/"):
        for item in page["Contents"]:
            _, topic, partition, _ = item["Key"].split("/")
            body = client.get_object(Bucket=sandbox.bucket, Key=item["Key"])["Body"].read()
            lines[topic.rpartition(".")[2], int(partition.partition("=")[2])] += body.count(b"\n")
    return dict(lines)


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
