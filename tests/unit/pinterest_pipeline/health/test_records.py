"""Since when a component is in its state, and what counts as a change."""

from __future__ import annotations

import json
from typing import Any

import pytest

from pinterest_pipeline.health.findings import Figure, Finding, Status, finding, worst
from pinterest_pipeline.health.records import Malformed, Record, make_record, make_state, parse_record

T0, T1, T2 = (f"2026-03-01T12:0{minute}:00+00:00" for minute in (0, 5, 9))


def state(status: Status, at: str, **memory: Any) -> Any:
    found = Finding(status=status, sentence=f"it is {status}", memory=memory)
    return make_state(found, checked_at=at, seconds=0.25)


def record(before: Record | None, at: str, **statuses: Status) -> Record:
    found = {name: state(status, at) for name, status in statuses.items()}
    return make_record(found, before, checked_at=at, run_id=f"run {at}")


def test_the_first_look_is_a_change_only_where_something_is_wrong() -> None:
    made = record(None, T0, api=Status.DOWN, source=Status.HEALTHY)
    assert made["changes"] == [
        {
            "component": "api",
            "before": None,
            "after": "down",
            "at": T0,
            "before_since": None,
            "sentence": "it is down",
        }
    ]


def test_a_state_that_goes_on_keeps_its_time_and_is_no_change() -> None:
    first = record(None, T0, api=Status.DOWN)
    second = record(first, T1, api=Status.DOWN)
    assert second["changes"] == []
    assert second["components"]["api"]["since"] == T0
    assert second["components"]["api"]["checked_at"] == T1


def test_a_change_says_from_what_to_what_and_since_when() -> None:
    first = record(None, T0, api=Status.HEALTHY)
    second = record(record(first, T1, api=Status.HEALTHY), T2, api=Status.DEGRADED)
    (change,) = second["changes"]
    assert (change["before"], change["after"], change["before_since"]) == ("healthy", "degraded", T0)
    assert change["at"] == second["components"]["api"]["since"] == T2


def test_a_record_names_the_one_before() -> None:
    first = record(None, T0, api=Status.DOWN)
    second = record(first, T1, api=Status.DOWN)
    assert (first["follows"], second["follows"]) == (None, {"run_id": f"run {T0}", "checked_at": T0})


def test_a_clock_that_was_set_back_makes_no_state_begin_in_the_future() -> None:
    first = record(None, T2, api=Status.DOWN)
    assert record(first, T0, api=Status.DOWN)["components"]["api"]["since"] == T0


def test_a_look_that_failed_keeps_what_the_one_before_has_kept() -> None:
    first = make_record({"api": state(Status.HEALTHY, T0, end=7)}, None, checked_at=T0, run_id="a")
    failed = make_record({"api": state(Status.UNKNOWN, T1)}, first, checked_at=T1, run_id="b")
    assert failed["components"]["api"]["memory"] == {"end": 7}
    again = make_record({"api": state(Status.UNKNOWN, T2)}, failed, checked_at=T2, run_id="c")
    assert again["components"]["api"]["memory"] == {"end": 7}


def test_a_record_survives_its_way_through_json() -> None:
    found = Finding(status=Status.DOWN, sentence="é", figures={"lag": Figure(value=3, unit="records")})
    made = make_record(
        {"api": make_state(found, checked_at=T0, seconds=1)}, None, checked_at=T0, run_id="a", notes=["n"]
    )
    assert parse_record(json.loads(json.dumps(made))) == made


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (lambda document: document.update(version=0), "no record of version 1"),
        (lambda document: document.update(components=[]), "components are no object"),
        (lambda document: document["components"].update(api=None), "api is no object"),
        (lambda document: document["components"]["api"].pop("since"), "api has no since"),
        (lambda document: document["components"]["api"].update(status="fine"), "unknown status 'fine'"),
        (lambda document: document["components"]["api"].update(memory=[]), "no objects"),
        (lambda document: document["components"]["api"].update(since="noon"), "since 'noon'"),
        (lambda document: document["components"]["api"].update(checked_at=7), "checked_at 7"),
        (lambda document: document["components"]["api"].update(status=[]), r"unknown status \[\]"),
        (lambda document: document["components"]["api"].update(status={}), "unknown status {}"),
        (lambda document: document["components"]["api"].update(sentence=None), "the sentence None"),
        (
            lambda document: document["components"]["api"].update(figures={"n": 1}),
            "figure n of component api",
        ),
        (lambda document: document.update(changes=5), "changes or notes are no list"),
        (lambda document: document.update(notes={}), "changes or notes are no list"),
        (lambda document: document.update(changes=[5]), "a change is no object"),
        (lambda document: document["changes"][0].pop("after"), "a change has no after"),
        (lambda document: document["changes"][0].update(before=[]), r"change of api has .* status \[\]"),
        (lambda document: document["changes"][0].update(component=[]), "names no component"),
        (lambda document: document["changes"][0].update(at=None), "at None"),
        (lambda document: document.pop("run_id"), "it has no run_id"),
        (lambda document: document.update(run_id=3), "run_id 3"),
        (lambda document: document.update(checked_at="noon"), "checked_at 'noon'"),
        (lambda document: document.update(follows="run"), "the record before is no object"),
        (lambda document: document.update(follows={"run_id": "a"}), "the record before has no checked_at"),
    ],
)
def test_what_is_no_record_is_refused_with_what_is_wrong(change: Any, problem: str) -> None:
    document = json.loads(json.dumps(record(None, T0, api=Status.DOWN)))
    change(document)
    with pytest.raises(Malformed, match=problem):
        parse_record(document)


@pytest.mark.parametrize("document", [None, [], "x", {}])
def test_other_json_is_no_record(document: Any) -> None:
    with pytest.raises(Malformed, match="no record"):
        parse_record(document)


def test_problems_are_told_from_the_worst_on() -> None:
    found = finding(
        [(Status.UNKNOWN, "a"), (Status.DEGRADED, "b"), (Status.DOWN, "c")], "all is well", {}, {"x": 1}
    )
    assert (found.status, found.sentence, found.memory) == (Status.DOWN, "c; b; a", {"x": 1})
    assert finding([], "all is well").status is Status.HEALTHY
    assert worst([]) is Status.HEALTHY
    assert worst([Status.HEALTHY, Status.UNKNOWN]) is Status.UNKNOWN
