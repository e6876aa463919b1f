"""In which results a post counts, and the whole way for people."""

from __future__ import annotations

import json
from typing import Any

import pytest

from pinterest_pipeline.entities import ENTITIES
from pinterest_pipeline.results.queries import QUERIES
from pinterest_pipeline.tracing import report
from pinterest_pipeline.tracing.results import INPUTS, counts_in

ROW = {
    "has_pin": True,
    "has_geo": True,
    "has_user": True,
    "category": "art",
    "has_poster": True,
    "has_followers": True,
    "country": "Aruba",
    "post_year": 2020,
    "age_group": "18-24",
    "joining_year": 2016,
}
WRITER = {"version": 3, "at": "2026-01-02T00:00:00Z", "run_id": "daily", "certain": True}


def test_every_query_is_known() -> None:
    assert tuple(INPUTS) == QUERIES


def test_a_whole_post_counts_everywhere() -> None:
    found = counts_in(ROW)
    assert {query for query, each in found.items() if each["counts"]} == set(QUERIES)
    assert found["category_by_year"] == {
        "counts": True,
        "group": {"post_year": 2020, "category": "art"},
        "missing": [],
    }
    assert found["top_country"]["group"] == {"country": "Aruba"}


@pytest.mark.parametrize(
    ("change", "query", "missing"),
    [
        ({"category": None}, "category_by_country", ["no category"]),
        ({"category": None, "country": None}, "category_by_country", ["no category", "no country"]),
        ({"post_year": 2017}, "category_by_year", ["no post_year from 2018 to 2022"]),
        ({"post_year": 2023}, "category_by_year", ["no post_year from 2018 to 2022"]),
        ({"post_year": None}, "category_by_year", ["no post_year from 2018 to 2022"]),
        ({"has_poster": False}, "top_country", ["no poster"]),
        ({"has_followers": False}, "median_followers_by_age_group", ["no follower count"]),
        ({"age_group": None}, "category_by_age_group", ["no age, or one below 18"]),
        ({"joining_year": 2021}, "users_joined_by_year", ["no joining_year from 2015 to 2020"]),
        ({"has_geo": False, "country": None}, "top_user_by_country", ["no geo"]),
        ({"has_user": False, "joining_year": None}, "users_joined_by_year", ["no user"]),
    ],
)
def test_why_a_post_does_not_count(change: dict[str, Any], query: str, missing: list[str]) -> None:
    assert counts_in({**ROW, **change})[query] == {"counts": False, "group": {}, "missing": missing}


@pytest.mark.parametrize(("year", "counts"), [(2018, True), (2022, True), (2017, False), (2023, False)])
def test_the_first_and_the_last_year_count(year: int, counts: bool) -> None:
    assert counts_in({**ROW, "post_year": year})["category_by_year"]["counts"] is counts


def occurrence(state: str = "in the table", *, in_table: bool = True) -> dict[str, Any]:
    content = {"length": 9, "sha256": "f" * 64, "content_sha256": "0123456789abcdef"}
    return {
        "state": state,
        "kafka": {"topic": "sandbox.geo", "partition": 0, "offset": 12, "timestamp": "t", **content},
        "landed": {"object": "topics/a/b+0+10.json", "retired": False, "line": 2, **content},
        "quarantine": None,
        "in_table": in_table,
    }


def arrived() -> dict[str, Any]:
    kinesis = {
        "stream": "s",
        "shard": "shardId-0",
        "sequence_number": "4959",
        "arrived_at": "t",
        "seen": False,
    }
    return {"state": "in the table", "kinesis": kinesis, "quarantine": None, "in_table": True}


def way(entity: str, *occurrences: dict[str, Any], **told: Any) -> dict[str, Any]:
    end = occurrences[-1]["state"] if occurrences else "never posted"
    known = {"left_out": 0, "end": end, "written_by": WRITER if occurrences else None, "not_searched": []}
    return {"entity": entity, "occurrences": list(occurrences), **known, **told}


def results(made_at: str | None = "2026-01-03T00:00:00Z", **change: Any) -> dict[str, Any]:
    queries = counts_in({**ROW, **change})
    return {"queries": {q: {**each, "made_at": made_at} for q, each in queries.items()}, "not_searched": []}


SOURCE = {entity: {"table": f"{entity}_data", "key": 7, "there": entity != "user"} for entity in ENTITIES}


def whole(**parts: Any) -> dict[str, Any]:
    given: dict[str, Any] = {
        "source": SOURCE,
        "batch": [way(entity, occurrence()) for entity in ENTITIES],
        "stream": [way(entity, arrived()) for entity in ENTITIES],
        "results": results(),
    }
    return report.put_together(7, **{**given, **parts})


def test_the_result_has_all_parts_and_is_json() -> None:
    found = whole()
    assert json.loads(json.dumps(found)) == found
    assert list(found) == ["ind", "source", "batch", "stream", "results", "ends", "not_searched", "lines"]
    assert found["ends"] == {
        "batch": dict.fromkeys(ENTITIES, "in the table"),
        "stream": dict.fromkeys(ENTITIES, "in the table"),
        "results": "counts in 9 of 9",
    }
    assert found["batch"]["geo"]["written_by"] == WRITER
    assert all(each["up_to_date"] for each in found["results"].values())


def test_a_result_that_is_older_than_the_rows_is_told() -> None:
    found = whole(results=results("2026-01-01T00:00:00Z"))
    assert found["ends"]["results"] == "counts in 9 of 9; 9 were last made before its rows were written"
    found = whole(results=results(None))
    assert [each["up_to_date"] for each in found["results"].values()] == [False] * 9
    # Only those count that read the entity.
    late = {**WRITER, "at": "2026-01-09T00:00:00Z"}
    batch = [way(e, occurrence(), **({"written_by": late} if e == "geo" else {})) for e in ENTITIES]
    old = {query for query, each in whole(batch=batch)["results"].items() if each["up_to_date"] is False}
    assert old == {"category_by_country", "category_by_year", "top_user_by_country", "top_country"}


def test_without_a_writer_nobody_knows_whether_a_result_is_up_to_date() -> None:
    batch = [way(entity, occurrence(), written_by=None) for entity in ENTITIES]
    found = whole(batch=batch)
    assert {each["up_to_date"] for each in found["results"].values()} == {None}
    assert found["ends"]["results"] == "counts in 9 of 9"


def test_a_post_that_was_never_posted() -> None:
    nothing = {"has_pin": False, "has_geo": False, "has_user": False}
    found = whole(
        batch=[way(entity) for entity in ENTITIES],
        stream=[way(entity) for entity in ENTITIES],
        results=results(**nothing),
    )
    assert found["ends"]["results"] == "counts in none"
    assert "batch path, pin: never posted" in found["lines"]
    assert "Everything was searched." in found["lines"]


def test_the_lines_show_every_record_and_what_was_not_searched() -> None:
    older = occurrence("read; a later record of the key is in the table", in_table=False)
    batch = [way(e, older, occurrence(), left_out=2, not_searched=[f"{e}: a part"]) for e in ENTITIES]
    lines = whole(batch=batch, results={**results(), "not_searched": ["the rest"]})["lines"]
    text = "\n".join(lines)
    assert lines[0] == "Post 7"
    (row,) = [line for line in lines if line.split()[:2] == ["batch", "geo"] and "version" in line]
    for told in ("sandbox.geo[0] offset 12", "b+0+10.json line 2", "version 3, daily", "0123456789ab "):
        assert told in row
    assert row.endswith("in the table")
    assert text.count("sandbox.geo[0] offset 12") == 6
    assert text.count("shardId-0 4959, not in the stream now") == 3
    assert text.count("2 older records are not shown, 20 are") == 3
    assert lines[-4:] == ["  pin: a part", "  geo: a part", "  user: a part", "  the rest"]
    (row,) = [line for line in lines if line.startswith("source") and "user" in line]
    assert row.endswith("not there")


def test_columns_stand_below_each_other() -> None:
    lines = whole()["lines"]
    begin = lines[1].index("state")
    rows = [line for line in lines[2:] if line.startswith(("source", "batch  ", "stream "))][:9]
    assert len(rows) == 9
    assert {line[begin:] for line in rows} == {"there", "not there", "in the table"}


def test_a_version_that_is_not_sure_is_told_so() -> None:
    batch = [way(e, occurrence(), written_by={**WRITER, "certain": False}) for e in ENTITIES]
    assert sum("version 3 or earlier, daily" in line for line in whole(batch=batch)["lines"]) == 3


def test_what_all_entities_share_is_told_once() -> None:
    batch = [way(e, not_searched=[f"{e}: a part", "dead letters"]) for e in ENTITIES]
    assert whole(batch=batch)["not_searched"] == [
        "pin: a part",
        "dead letters",
        "geo: a part",
        "user: a part",
    ]
