"""The tasks about quality and results, called as functions."""

from __future__ import annotations

from typing import Any

import pytest

from pinterest_pipeline.assets import RESULTS
from pinterest_pipeline.entities import ENTITIES
from pinterest_pipeline.errors import (
    QualityFailed,
)
from pinterest_pipeline.results import tasks as results
from pinterest_pipeline.results.queries import QUERIES


def test_quality_that_holds(statements: dict[str, Any]) -> None:
    checks = results.check_quality.function()
    ran = [relative for relative, _ in statements["ran"]]
    assert sorted(set(ran)) == [f"quality/{check}.sql" for check in checks]
    assert ran.count("quality/duplicate_quarantine.sql") == len(ENTITIES)


def test_quality_that_fails_shows_the_rows(statements: dict[str, Any]) -> None:
    statements["quality/duplicate_keys.sql"] = [{"entity": "pin", "subject": "key 7528", "actual": "2 rows"}]
    with pytest.raises(QualityFailed) as caught:
        results.check_quality.function()
    assert str(caught.value) == (
        "duplicate_keys found:\nentity | subject  | actual\npin    | key 7528 | 2 rows"
    )


def test_results_tell_their_rows(events: Any) -> None:
    done = [
        {"rows": number, "columns": ["country"], "table": "t", "files": ["s3://b/f"]}
        for number, _ in enumerate(QUERIES)
    ]
    rows = results.publish_results.function(done, run_id="r", outlet_events=events)
    assert rows["category_by_year"] == 1
    assert events[RESULTS["category_by_year"]].extra == {
        "run_id": "r",
        "rows": 1,
        "columns": ["country"],
        "files": ["s3://b/f"],
    }
    assert set(events) == set(RESULTS.values())
