"""What a demo has achieved: counts from the ledger, results from S3, versions of the parts."""

from __future__ import annotations

import csv
import io
import subprocess
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import boto3
import requests

from pinterest_sandbox.airflow.settings import airflow_program
from pinterest_sandbox.config import ACCESS_KEY, REGION, SECRET_KEY, Config
from pinterest_sandbox.jars import jar_folder
from pinterest_sandbox.prerequisites import find_program
from pinterest_sandbox.waiting import NotReady, wait_until

ENTITIES = ("pin", "geo", "user")
#: The results in the order of the questions.
QUERIES = (
    "category_by_country",
    "category_by_year",
    "top_user_by_country",
    "top_country",
    "category_by_age_group",
    "median_followers_by_age_group",
    "users_joined_by_year",
    "median_followers_by_joining_year",
    "median_followers_by_joining_year_and_age_group",
)
COUNTS = ("sent", "landed", "kept", "quarantined", "merged")


@dataclass(frozen=True)
class Result:
    """One query's result.

    :param rows: values as text, in the file's order.
    """

    columns: list[str]
    rows: list[list[str]]


def run_sql(
    config: Config, statement: str, parameters: dict[str, str] | None = None
) -> list[list[str | None]]:
    """Run one statement on the SQL warehouse.

    :returns: rows of text, as the statement API gives them.
    :raises RuntimeError: with the warehouse's message.
    """
    session = requests.Session()
    session.headers["Authorization"] = f"Bearer {config.databricks_token}"
    address = config.url("databricks", "/api/2.0/sql/statements")
    answer = session.post(
        address,
        json={
            "statement": statement,
            "warehouse_id": "sandbox",
            "wait_timeout": "50s",
            "parameters": [{"name": name, "value": value} for name, value in (parameters or {}).items()],
        },
        timeout=120,
    ).json()

    def finished() -> None:
        if answer["status"]["state"] in ("PENDING", "RUNNING"):
            answer.update(session.get(f"{address}/{answer['statement_id']}", timeout=60).json())
            raise NotReady(answer["status"]["state"])

    wait_until(finished, what="the SQL statement", timeout=120, interval=0.2)
    if answer["status"]["state"] != "SUCCEEDED":
        raise RuntimeError(f"{statement}: {answer['status'].get('error', {}).get('message')}")
    rows: list[list[str | None]] = answer.get("result", {}).get("data_array") or []
    return rows


def ledger_counts(config: Config, *, since: str) -> dict[str, dict[str, int]]:
    """Sums of the ledger's counts by entity.

    :param since: ISO time; rows recorded at or after it count.
    :returns: count name to entity to number; lines landed for ``landed``.
    """
    sums = ", ".join(
        f"sum(CASE WHEN stage = '{'burst' if name == 'sent' else 'batch'}' THEN {name} END)"
        for name in COUNTS
    )
    rows = run_sql(
        config,
        f"SELECT entity, {sums} FROM IDENTIFIER(:ledger) "
        "WHERE recorded_at >= CAST(:since AS TIMESTAMP) GROUP BY entity",
        {"ledger": f"`spark_catalog`.`default`.`{config.user_id}_ledger`", "since": since},
    )
    counts: dict[str, dict[str, int]] = {name: dict.fromkeys(ENTITIES, 0) for name in COUNTS}
    for entity, *values in rows:
        for name, value in zip(COUNTS, values, strict=True):
            counts[name][str(entity)] = int(value or 0)
    return counts


def s3_client(config: Config) -> Any:
    """A client of the sandbox's S3."""
    return boto3.client(
        "s3",
        endpoint_url=config.url("moto"),
        region_name=REGION,
        aws_access_key_id=ACCESS_KEY,
        aws_secret_access_key=SECRET_KEY,
    )


def read_results(config: Config) -> dict[str, Result]:
    """The nine results as they lie in S3."""
    client = s3_client(config)
    results = {}
    for name in QUERIES:
        body = client.get_object(Bucket=config.bucket, Key=f"results/{name}/result.csv")["Body"].read()
        columns, *rows = csv.reader(io.StringIO(body.decode("utf-8"), newline=""))
        results[name] = Result(columns, rows)
    return results


def part_versions() -> dict[str, str]:
    """Versions of the parts that did the work."""
    mariadb = find_program("mariadbd") or "mariadbd"
    return {
        "airflow": _output(str(airflow_program().with_name("python")), "-c", _AIRFLOW_VERSION),
        "python": _output(str(airflow_program().with_name("python")), "-c", _PYTHON_VERSION),
        "kafka": _jar_version("kafka", "connect-runtime"),
        "spark": version("pyspark"),
        "delta": _jar_version("spark", "delta-spark_2.13"),
        "java": _output("java", "--version").split()[1],
        "mariadb": _output(mariadb, "--version").split("Ver ")[-1].split()[0],
        "moto": version("moto"),
    }


_AIRFLOW_VERSION = "import importlib.metadata as m; print(m.version('apache-airflow'))"
_PYTHON_VERSION = "import platform; print(platform.python_version())"


def _output(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def _jar_version(folder: str, artifact: str) -> str:
    jar: Path = next(jar_folder(folder).glob(f"{artifact}-[0-9]*.jar"))
    return jar.stem.removeprefix(f"{artifact}-")
