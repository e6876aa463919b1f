"""What the warehouse is asked beside the statements in files."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from pinterest_pipeline.settings import settings
from pinterest_pipeline.tracing.batch import Place
from pinterest_pipeline.tracing.readings import warehouse
from pinterest_pipeline.tracing.stream import Number
from pinterest_pipeline.tracing.writers import Commit
from tests.unit.cloud_operators.databricks.fake_databricks import Answer, FakeDatabricks
from tests.unit.pinterest_pipeline.health.readings.workspace import MISSING, WAREHOUSE, databricks, rows

__all__ = ["databricks"]

TABLE = "`spark_catalog`.`default`.`sandbox_geo_batch`"
EXPIRED = Answer(
    state="FAILED",
    error={"error_code": "BAD_REQUEST", "message": "[DELTA_VERSION_NOT_FOUND] Cannot time travel"},
)
POSITION = {"_partition": 0, "_first_offset": 10, "_line": 2}


@pytest.fixture(autouse=True)
def configured(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("PINTEREST_DATABRICKS_WAREHOUSE_ID", WAREHOUSE)
    settings.cache_clear()
    yield
    settings.cache_clear()


def answer(fake: FakeDatabricks, *answers: Answer) -> list[dict[str, Any]]:
    """Let the warehouse answer one after the other; gives what it is asked."""
    left, asked = list(answers), []

    def found(request: dict[str, Any]) -> Answer:
        asked.append(request)
        return left.pop(0)

    fake.statements = found
    return asked


def test_the_history_of_a_table(databricks: FakeDatabricks) -> None:
    told = rows(
        {"version": 2, "timestamp": "t2", "operation": "MERGE", "userMetadata": "daily"},
        {"version": 1, "timestamp": "t1", "operation": "CREATE TABLE", "userMetadata": None},
    )
    asked = answer(databricks, told)
    assert warehouse.read_history(TABLE) == [
        Commit(1, "t1", "CREATE TABLE", None),
        Commit(2, "t2", "MERGE", "daily"),
    ]
    assert asked[0]["statement"] == f"DESCRIBE HISTORY {TABLE} LIMIT 1000"
    answer(databricks, MISSING)
    assert warehouse.read_history(TABLE) == []


def test_versions_are_asked_for_the_row(databricks: FakeDatabricks) -> None:
    earlier = rows({**POSITION, "_line": 1})
    asked = answer(databricks, rows(POSITION), earlier, Answer(looks=()), EXPIRED)
    has_row = warehouse.row_comparer(TABLE, 7, POSITION)
    assert [has_row(version) for version in (9, 8, 7, 6)] == [True, False, False, None]
    assert asked[0]["statement"] == (
        f"SELECT _partition, _first_offset, _line FROM {TABLE} VERSION AS OF 9 WHERE ind = :ind"
    )
    assert asked[0]["parameters"] == [{"name": "ind", "value": "7", "type": "INT"}]


def test_a_row_may_stand_in_several_ways(databricks: FakeDatabricks) -> None:
    retired = {**POSITION, "_first_offset": -11}
    answer(databricks, rows(POSITION), rows(retired), rows({**POSITION, "_first_offset": 11}))
    has_row = warehouse.row_comparer(TABLE, 7, retired, POSITION)
    assert [has_row(version) for version in (1, 2, 3)] == [True, True, False]


def test_the_quarantine_is_asked_for_key_and_places(databricks: FakeDatabricks) -> None:
    asked = answer(databricks, MISSING)
    assert (
        warehouse.read_refused(
            "geo", 7, places=[Place(1, 10, 2)], dead_letters=[(1, 5)], numbers=[Number("shard", "99")]
        )
        == []
    )
    values = {each["name"]: each["value"] for each in asked[0]["parameters"]}
    assert json.loads(values.pop("places")) == [
        {"partition": 1, "first_offset": 10, "line": 2},
        {"partition": 1, "sequence_number": "5"},
        {"shard": "shard", "sequence_number": "99"},
    ]
    assert values == {
        "ind": "7",
        "topic": "sandbox.geo",
        "stream": "streaming-sandbox-geo",
        "quarantine_table": values["quarantine_table"],
    }
    assert values["quarantine_table"].endswith("`sandbox_geo_quarantine`")
