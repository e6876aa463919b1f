"""What a demo has achieved: counts from the ledger, results from S3, versions of the parts."""

from __future__ import annotations

import csv
import io
import subprocess
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from pinterest_sandbox.airflow.settings import airflow_program
from pinterest_sandbox.aws.clients import aws_client
from pinterest_sandbox.config import Config
from pinterest_sandbox.databricks.sql_client import run_sql
from pinterest_sandbox.jars import jar_folder
from pinterest_sandbox.prerequisites import find_program

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
#: Count to the ledger's column and stage, by path. On the stream path what the ingest has read has landed.
COUNTS = {
    "batch": {
        "sent": ("sent", "burst"),
        "landed": ("landed", "batch"),
        "kept": ("kept", "batch"),
        "quarantined": ("quarantined", "batch"),
        "merged": ("merged", "batch"),
    },
    "stream": {
        "sent": ("sent", "stream_burst"),
        "landed": ("lines_read", "stream"),
        "kept": ("kept", "stream"),
        "quarantined": ("quarantined", "stream"),
        "merged": ("merged", "stream"),
    },
}


@dataclass(frozen=True)
class Result:
    """One query's result.

    :param rows: values as text, in the file's order.
    """

    columns: list[str]
    rows: list[list[str]]


def ledger_counts(config: Config, path: str, *, since: str) -> dict[str, dict[str, int]]:
    """Sums of the ledger's counts by entity.

    :param path: ``batch`` or ``stream``.
    :param since: ISO time; rows recorded at or after it count.
    :returns: count name to entity to number.
    """
    chosen = COUNTS[path]
    sums = ", ".join(
        f"sum(CASE WHEN stage = '{stage}' THEN {column} END)" for column, stage in chosen.values()
    )
    rows = run_sql(
        config,
        f"SELECT entity, {sums} FROM IDENTIFIER(:ledger) "
        "WHERE recorded_at >= CAST(:since AS TIMESTAMP) GROUP BY entity",
        {"ledger": _ledger(config), "since": since},
    )
    counts: dict[str, dict[str, int]] = {name: dict.fromkeys(ENTITIES, 0) for name in chosen}
    for entity, *values in rows:
        for name, value in zip(chosen, values, strict=True):
            counts[name][str(entity)] = int(value or 0)
    return counts


def has_posts_before(config: Config, moment: str) -> bool:
    """Whether posts were recorded in the ledger before ``moment``, as sent or as read.

    :param moment: ISO time.
    """
    rows = run_sql(
        config,
        "SELECT 1 FROM IDENTIFIER(:ledger) WHERE recorded_at < CAST(:moment AS TIMESTAMP) "
        "AND (sent > 0 OR lines_read > 0) LIMIT 1",
        {"ledger": _ledger(config), "moment": moment},
    )
    return bool(rows)


def _ledger(config: Config) -> str:
    return f"`spark_catalog`.`default`.`{config.user_id}_ledger`"


def read_results(config: Config) -> dict[str, Result]:
    """The nine results as they lie in S3."""
    client = aws_client("s3", config.url("moto"))
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
