"""The whole batch pipeline against an independent computation."""

from __future__ import annotations

import csv
import io
import os
import random
import subprocess
from typing import Any

import boto3
import psutil
import pytest

from pinterest_sandbox.demo.figures import run_sql
from tests.e2e.conftest import POSTS, Demo, Row, run_demo
from tests.reference import expected_clean, expected_results
from tests.running_sandbox import CHECKOUT, sandbox_variables

ENTITIES = ("pin", "geo", "user")
KEYS = {"pin": "index", "geo": "ind", "user": "ind"}


def seeded_keys(posts: int) -> list[int]:
    """The keys of the emulation's first posts: seed 100, a pause drawn before each key."""
    draw = random.Random(100)
    keys = []
    for _ in range(posts):
        draw.randrange(0, 2)
        keys.append(draw.randint(0, 11000))
    return keys


def posted_rows(demo: Demo) -> dict[str, list[Row]]:
    """The source rows that the demo has posted, once each."""
    keys = set(seeded_keys(POSTS))
    return {entity: [row for row in demo.source[entity] if row[KEYS[entity]] in keys] for entity in ENTITIES}


def table(demo: Demo, name: str) -> str:
    return f"`spark_catalog`.`default`.`{demo.sandbox.user_id}_{name}`"


def query(demo: Demo, statement: str) -> list[list[str | None]]:
    return run_sql(demo.sandbox, statement)


def s3(demo: Demo) -> Any:
    variables = demo.sandbox.environment
    return boto3.client(
        "s3",
        endpoint_url=variables["AWS_ENDPOINT_URL"],
        region_name=variables["AWS_DEFAULT_REGION"],
        aws_access_key_id=variables["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=variables["AWS_SECRET_ACCESS_KEY"],
    )


def result_rows(demo: Demo, name: str) -> tuple[list[str], list[list[str]]]:
    body = s3(demo).get_object(Bucket=demo.sandbox.bucket, Key=f"results/{name}/result.csv")["Body"].read()
    columns, *rows = csv.reader(io.StringIO(body.decode("utf-8"), newline=""))
    return columns, rows


def landed_lines(demo: Demo, entity: str) -> int:
    """Lines of all landed objects of an entity, counted in S3 itself."""
    client = s3(demo)
    prefix = f"topics/{demo.sandbox.user_id}.{entity}/"
    pages = client.get_paginator("list_objects_v2").paginate(Bucket=demo.sandbox.bucket, Prefix=prefix)
    keys = [item["Key"] for page in pages for item in page.get("Contents", [])]
    return sum(
        client.get_object(Bucket=demo.sandbox.bucket, Key=key)["Body"].read().count(b"\n") for key in keys
    )


def test_counts_balance(demo: Demo) -> None:
    keys = seeded_keys(POSTS)
    assert demo.summary["posts"] == POSTS
    for entity in ENTITIES:
        counts = {name: demo.summary[name][entity] for name in ("sent", "landed", "kept", "merged")}
        assert counts == {
            "sent": POSTS,
            "landed": POSTS,
            "kept": len(set(keys)),
            "merged": POSTS - len(set(keys)),
        }
        assert demo.summary["quarantined"][entity] == 0
        assert landed_lines(demo, entity) == POSTS
        assert query(demo, f"SELECT count(*) FROM {table(demo, f'{entity}_batch')}") == [
            [str(len(set(keys)))]
        ]


def test_all_nine_results_equal_the_independent_computation(demo: Demo) -> None:
    rows = posted_rows(demo)
    expected = expected_results(rows["pin"], rows["geo"], rows["user"])
    assert set(demo.summary["results"]) == set(expected)
    assert len(expected) == 9
    for name, wanted in expected.items():
        _, found = result_rows(demo, name)
        assert found == [["" if value is None else str(value) for value in row] for row in wanted], name
        assert demo.summary["results"][name] == len(wanted)


def test_cleaned_tables_equal_the_independent_computation(demo: Demo) -> None:
    rows = posted_rows(demo)
    expected = expected_clean(rows["pin"], rows["geo"], rows["user"])
    follower_counts = {
        int(str(key)): None if value is None else int(value)
        for key, value in query(demo, f"SELECT ind, follower_count FROM {table(demo, 'pin_batch')}")
    }
    assert follower_counts == {row["ind"]: row["follower_count"] for row in expected["pin"]}
    names = {
        int(str(key)): value
        for key, value in query(demo, f"SELECT ind, user_name FROM {table(demo, 'user_batch')}")
    }
    assert names == {row["ind"]: row["user_name"] for row in expected["user"]}
    countries = {
        int(str(key)): value
        for key, value in query(demo, f"SELECT ind, country FROM {table(demo, 'geo_batch')}")
    }
    assert countries == {row["ind"]: row["country"] for row in expected["geo"]}


def test_everything_listens_on_loopback_only(demo: Demo) -> None:
    owner = str(demo.sandbox.home)
    listening = []
    for process in psutil.process_iter():
        try:
            if process.environ().get("PINTEREST_SANDBOX_HOME") != owner:
                continue
            connections = process.net_connections(kind="inet")
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue
        listening += [c.laddr for c in connections if c.status == psutil.CONN_LISTEN]
    assert len(listening) >= len(demo.sandbox.ports) - 1
    assert {address.ip.removeprefix("::ffff:") for address in listening} == {"127.0.0.1"}


def test_again_changes_no_table(demo: Demo) -> None:
    names = [f"{entity}_batch" for entity in ENTITIES]
    before = {name: sorted(map(str, query(demo, f"SELECT * FROM {table(demo, name)}"))) for name in names}
    results = {name: result_rows(demo, name) for name in demo.summary["results"]}

    output = run_demo("--posts", str(POSTS))

    ledger = query(
        demo,
        f"SELECT entity, sum(kept), sum(quarantined), sum(landed) FROM {table(demo, 'ledger')} "
        "WHERE stage = 'batch' AND run_id = "
        f"(SELECT max_by(run_id, recorded_at) FROM {table(demo, 'ledger')} WHERE stage = 'batch') "
        "GROUP BY entity ORDER BY entity",
    )
    assert ledger == [[entity, "0", "0", str(POSTS)] for entity in sorted(ENTITIES)]
    columns = {
        name: [
            c for (c, *_) in query(demo, f"SHOW COLUMNS IN {table(demo, name)}") if not str(c).startswith("_")
        ]
        for name in names
    }
    for name in names:
        cleaned = ", ".join(f"`{column}`" for column in columns[name])
        assert query(demo, f"SELECT count(*) FROM {table(demo, name)}") == [[str(len(before[name]))]]
        assert query(
            demo,
            f"SELECT count(*) FROM (SELECT {cleaned} FROM {table(demo, name)} EXCEPT "
            f"SELECT {cleaned} FROM {table(demo, name)} VERSION AS OF {_first_version(demo, name)})",
        ) == [["0"]], output
    assert {name: result_rows(demo, name) for name in demo.summary["results"]} == results


def _first_version(demo: Demo, name: str) -> int:
    """The table's version after the first daily run that wrote rows."""
    history = query(demo, f"SELECT version, operation FROM (DESCRIBE HISTORY {table(demo, name)})")
    return min(int(str(version)) for version, operation in history if operation == "MERGE")


@pytest.mark.parametrize("demo", ["generated"], indirect=True)
@pytest.mark.parametrize(
    ("dag_id", "conf"),
    [
        ("pinterest_provision_batch", "{}"),
        ("pinterest_emulate_posts", '{"posts": 50}'),
        ("pinterest_daily_batch", "{}"),
        ("pinterest_materialise_results", "{}"),
    ],
)
def test_each_dag_runs_by_airflow_dags_test(demo: Demo, dag_id: str, conf: str) -> None:
    airflow = CHECKOUT / ".venv" / "airflow" / "bin" / "airflow"
    done = subprocess.run(
        [str(airflow), "dags", "test", dag_id, "--conf", conf],
        env={**os.environ, **sandbox_variables(demo.sandbox.home), **demo.sandbox.environment},
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, (done.stdout + done.stderr)[-6000:]
