"""The whole batch pipeline against an independent computation."""

from __future__ import annotations

import csv
import io
import json
import random
from datetime import datetime

import psutil
import pytest

from tests.e2e.conftest import ENTITIES, POSTS, RUNS, Demo, Row, landed_lines, run_demo, s3_client
from tests.e2e.driving import cleaned_rows, dags_test, query, table
from tests.reference import expected_clean, expected_results

KEYS = {"pin": "index", "geo": "ind", "user": "ind"}
DAG_POSTS = 50


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


def result_rows(demo: Demo, name: str) -> list[list[str]]:
    body = s3_client(demo.sandbox).get_object(Bucket=demo.sandbox.bucket, Key=f"results/{name}/result.csv")
    _, *rows = csv.reader(io.StringIO(body["Body"].read().decode("utf-8"), newline=""))
    return rows


def results_written(demo: Demo) -> dict[str, datetime]:
    pages = s3_client(demo.sandbox).list_objects_v2(Bucket=demo.sandbox.bucket, Prefix="results/")
    return {item["Key"]: item["LastModified"] for item in pages["Contents"]}


def batch_runs(demo: Demo) -> list[list[str | None]]:
    """The ledger's batch rows of the last run."""
    ledger = table(demo, "ledger")
    return query(
        demo,
        f"SELECT entity, sum(kept), sum(quarantined), sum(landed) FROM {ledger} WHERE stage = 'batch' "
        f"AND run_id = (SELECT max_by(run_id, recorded_at) FROM {ledger} WHERE stage = 'batch') "
        "GROUP BY entity ORDER BY entity",
    )


def stream_lines(demo: Demo) -> dict[str | None, int]:
    """Records that the stream ingest has read of each entity, in all."""
    rows = query(
        demo,
        f"SELECT entity, sum(lines_read) FROM {table(demo, 'ledger')} WHERE stage = 'stream' GROUP BY entity",
    )
    return {entity: int(lines or 0) for entity, lines in rows}


def test_counts_balance(demo: Demo) -> None:
    distinct = len(set(seeded_keys(POSTS)))
    assert demo.summary["posts"] == POSTS
    for entity in ENTITIES:
        assert {name: demo.summary[name][entity] for name in ("sent", "landed", "kept", "merged")} == {
            "sent": POSTS,
            "landed": POSTS,
            "kept": distinct,
            "merged": POSTS - distinct,
        }
        assert demo.summary["quarantined"][entity] == 0
        lines = [demo.landed.get((entity, partition), 0) for partition in range(demo.partitions)]
        assert sum(lines) == POSTS
        assert all(lines)
        assert query(demo, f"SELECT count(*) FROM {table(demo, f'{entity}_batch')}") == [[str(distinct)]]


def test_both_paths_agree(demo: Demo) -> None:
    stream = demo.summary["stream"]
    for name in ("sent", "landed", "kept", "merged", "quarantined"):
        assert stream[name] == demo.summary[name], name
    distinct = len(set(seeded_keys(POSTS)))
    assert stream["differences"] == 0
    assert stream["compared"] == {
        entity: {
            "in_both": distinct,
            "in_batch_alone": 0,
            "in_stream_alone": 0,
            "differences": 0,
            "examples": [],
        }
        for entity in ENTITIES
    }


def test_all_nine_results_equal_the_independent_computation(demo: Demo) -> None:
    rows = posted_rows(demo)
    expected = expected_results(rows["pin"], rows["geo"], rows["user"])
    assert set(demo.summary["results"]) == set(expected)
    assert len(expected) == 9
    for name, wanted in expected.items():
        found = result_rows(demo, name)
        assert found == [["" if value is None else str(value) for value in row] for row in wanted], name
        assert demo.summary["results"][name] == len(wanted)


@pytest.mark.parametrize("kind", ["batch", "table"])
def test_cleaned_tables_equal_the_independent_computation(demo: Demo, kind: str) -> None:
    rows = posted_rows(demo)
    for entity, wanted in expected_clean(rows["pin"], rows["geo"], rows["user"]).items():
        found = cleaned_rows(demo, entity, kind=kind)
        assert found == [
            {name: str(value) if isinstance(value, datetime) else value for name, value in row.items()}
            for row in wanted
        ]


def test_everything_listens_on_loopback_only(demo: Demo) -> None:
    supervisor = psutil.Process(int((demo.sandbox.home / "run" / "supervisor.pid").read_text()))
    listening = []
    for process in [supervisor, *supervisor.children(recursive=True)]:
        try:
            connections = process.net_connections(kind="inet")
        except psutil.NoSuchProcess:
            continue
        listening += [c.laddr for c in connections if c.status == psutil.CONN_LISTEN]
    assert set(demo.sandbox.ports.values()) <= {address.port for address in listening}
    assert {address.ip.removeprefix("::ffff:") for address in listening} == {"127.0.0.1"}


@pytest.mark.parametrize("demo", [list(RUNS)[-1]], indirect=True)
def test_the_demo_again_changes_no_table_and_keeps_nothing(demo: Demo) -> None:
    tables = [(entity, kind) for entity in ENTITIES for kind in ("batch", "table")]
    before = [cleaned_rows(demo, entity, kind=kind) for entity, kind in tables]
    results = {name: result_rows(demo, name) for name in demo.summary["results"]}
    lines = landed_lines(demo.sandbox)

    run_demo("--posts", str(POSTS), "--partitions", str(demo.partitions))

    assert batch_runs(demo) == [[entity, "0", "0", str(POSTS)] for entity in sorted(ENTITIES)]
    assert sum(landed_lines(demo.sandbox).values()) == sum(lines.values()) + POSTS * len(ENTITIES)
    assert [cleaned_rows(demo, entity, kind=kind) for entity, kind in tables] == before
    summary = json.loads((demo.sandbox.home / "demo.json").read_text(encoding="utf-8"))
    for entity in ENTITIES:
        assert [summary["stream"][name][entity] for name in ("sent", "landed", "kept", "merged")] == [
            POSTS,
            POSTS,
            0,
            POSTS,
        ]
    assert summary["stream"]["differences"] == 0
    assert {name: result_rows(demo, name) for name in demo.summary["results"]} == results


@pytest.mark.parametrize("demo", ["generated-1-partition"], indirect=True)
def test_every_dag_runs_by_airflow_dags_test(demo: Demo) -> None:
    lines, written = landed_lines(demo.sandbox), results_written(demo)

    # First: after the daily run the scheduler materialises the results as well.
    dags_test(demo, "pinterest_materialise_results", {})
    again = results_written(demo)
    assert set(again) == set(written)
    assert all(again[key] > written[key] for key in written)

    dags_test(demo, "pinterest_provision_batch", {"dry_run": False})
    assert landed_lines(demo.sandbox) == lines
    dags_test(demo, "pinterest_emulate_posts", {"posts": DAG_POSTS})
    assert landed_lines(demo.sandbox) == {place: count + DAG_POSTS for place, count in lines.items()}

    dags_test(demo, "pinterest_provision_stream", {"dry_run": False})
    dags_test(demo, "pinterest_emulate_posts", {"posts": DAG_POSTS, "target": "stream"})
    before = stream_lines(demo)
    dags_test(demo, "pinterest_stream_ingest", {})
    assert stream_lines(demo) == {entity: lines + DAG_POSTS for entity, lines in before.items()}

    dags_test(demo, "pinterest_daily_batch", {})
    assert batch_runs(demo) == [[entity, "0", "0", str(DAG_POSTS)] for entity in sorted(ENTITIES)]
