"""Records that no careful client puts into the streams: each one is a row or stands in quarantine.

This module comes last, with its sister for the batch path: its keys are in no source.
"""

from __future__ import annotations

import json
from collections import Counter

import pytest

from pinterest_sandbox.airflow.client import AirflowClient
from tests.e2e.bad_records import CASES, Case
from tests.e2e.conftest import ENTITIES, Demo
from tests.e2e.driving import cleaned_rows, query, table
from tests.e2e.streams import ingest, put_records

pytestmark = pytest.mark.parametrize("demo", ["generated-1-partition"], indirect=True)

#: Cases that Kafka Connect makes another value of, or that no JSON library of a client writes.
OF_TOPICS = {
    "whole number beyond 64 bits as key",
    "whole number beyond 64 bits",
    "number beyond all doubles",
    "half a surrogate pair",
    "half a surrogate pair alone",
}


@pytest.fixture(scope="module")
def cases(demo: Demo) -> dict[str, dict[str, Case]]:
    """Entity to its cases, once the ingest has read them."""
    chosen = {
        entity: {n: c for n, c in CASES.items() if c.entity == entity and n not in OF_TOPICS}
        for entity in ENTITIES
    }
    airflow = AirflowClient(demo.sandbox.url("airflow"))
    # What earlier tests left unread would count as this run's.
    ingest(airflow)
    for entity, of_entity in chosen.items():
        put_records(demo, entity, [(name, case.value) for name, case in of_entity.items()])
    ingest(airflow)
    return chosen


def test_what_is_a_record_is_the_row_it_means(demo: Demo, cases: dict[str, dict[str, Case]]) -> None:
    for entity, of_entity in cases.items():
        rows = {row["ind"]: row for row in cleaned_rows(demo, entity, kind="table")}
        for name, case in of_entity.items():
            if case.reason is None:
                row = rows[case.row["ind"]]
                assert {column: row[column] for column in case.row} == case.row, name


def test_what_is_none_stands_in_quarantine_with_its_reason(
    demo: Demo, cases: dict[str, dict[str, Case]]
) -> None:
    for entity, of_entity in cases.items():
        found = query(
            demo,
            f"SELECT reason, raw FROM {table(demo, f'{entity}_quarantine')} WHERE stream IS NOT NULL "
            f"AND run_id = (SELECT max_by(run_id, recorded_at) FROM {table(demo, 'ledger')} "
            "WHERE stage = 'stream')",
        )
        assert Counter((reason, same_form(str(raw))) for reason, raw in found) == Counter(
            (case.reason, json.dumps(case.value, sort_keys=True))
            for case in of_entity.values()
            if case.reason is not None
        )


def test_the_ledger_counts_them(demo: Demo, cases: dict[str, dict[str, Case]]) -> None:
    for entity, of_entity in cases.items():
        ledger = table(demo, "ledger")
        counted = query(
            demo,
            f"SELECT sum(lines_read), sum(kept), sum(merged), sum(quarantined) FROM {ledger} "
            f"WHERE stage = 'stream' AND entity = '{entity}' AND run_id = "
            f"(SELECT max_by(run_id, recorded_at) FROM {ledger} WHERE stage = 'stream')",
        )
        keys = {case.row["ind"] for case in of_entity.values() if case.reason is None}
        refused = sum(case.reason is not None for case in of_entity.values())
        merged = len(of_entity) - len(keys) - refused
        assert counted == [[str(count) for count in (len(of_entity), len(keys), merged, refused)]]


def same_form(raw: str) -> str:
    return json.dumps(json.loads(raw), sort_keys=True)
