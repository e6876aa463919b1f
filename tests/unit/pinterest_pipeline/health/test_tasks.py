"""The tasks of the DAG but its messages, against S3 and CloudWatch of moto."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from airflow.sdk.exceptions import AirflowSkipException

from pinterest_pipeline.assets import HEALTH
from pinterest_pipeline.health import store, tasks
from pinterest_pipeline.health.components import Component
from pinterest_pipeline.health.findings import Finding, Status
from pinterest_pipeline.health.records import Record, make_record
from tests.unit.pinterest_pipeline.health.rounds import NOON, found, keep, tried
from tests.unit.pinterest_pipeline.health.site import BUCKET, Site


def test_a_record_is_kept_as_the_latest_and_in_the_history(site: Site) -> None:
    first, second = keep(0), keep(1, source=Status.DOWN)
    assert site.document("health/latest.json") == second
    keys = site.keys("health/history/")
    assert keys == [
        "health/history/date=2026-03-01/20260301T120000_scheduled__0-00-00-00.json",
        "health/history/date=2026-03-01/20260301T120500_scheduled__1-00-00-00.json",
    ]
    assert [site.document(key) for key in keys] == [first, second]
    assert [change["component"] for change in second["changes"]] == ["source"]
    assert second["components"]["landing"]["since"] == NOON.isoformat()
    assert second["components"]["landing"]["figures"] == {"n": {"value": 1, "unit": "x"}}


def test_a_task_that_is_tried_again_keeps_its_changes(site: Site) -> None:
    keep(0)
    assert keep(1, source=Status.DOWN) == keep(1, source=Status.DOWN)
    assert len(keep(1, source=Status.DOWN)["changes"]) == 1
    assert len(site.keys("health/history/")) == 2


def test_a_check_that_was_killed_is_unknown_and_so_are_all(site: Site) -> None:
    keep(0)
    record = keep(1, lacking="landing")
    assert record["components"]["landing"]["status"] == "unknown"
    assert "did not come to an end" in record["components"]["landing"]["sentence"]
    assert record["components"]["landing"]["memory"] == {"m": 1}
    nothing: Record = tasks.keep_record.function([None], run_id="x")
    assert {state["status"] for state in nothing["components"].values()} == {"unknown"}


def written(*, state: dict[str, Any] | None = None, **members: Any) -> bytes:
    """A latest record in which something is not as it should be."""
    record = make_record(
        {"api": found("api", Status.DOWN, NOON)["state"] | (state or {})},
        None,
        checked_at=NOON.isoformat(),
        run_id="before",
    )
    return json.dumps({**record, **members}).encode()


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b'{"version": 1, "components": {"api": 3}}',
        b"\xff",
        pytest.param(b"[" * 200_000, id="too deep to be read"),
        pytest.param(
            written(state={"memory": {"m": 0}}).replace(b": 0}", b": " + b"[" * 3000 + b"]" * 3000 + b"}"),
            id="too deep to be written again",
        ),
        written(state={"status": []}),
        written(state={"status": {"down": 1}}),
        written(state={"figures": {"n": []}}),
        written(state={"memory": {"m": "\ud800"}}),
        written(changes=5),
        written(changes=[{"component": "api"}]),
        written(notes=7),
        written(follows=[]),
        written(checked_at=None),
    ],
)
def test_a_latest_record_that_is_malformed_is_set_aside_and_said(site: Site, body: bytes) -> None:
    site.s3.put_object(Bucket=BUCKET, Key=store.LATEST, Body=body)
    record = keep(0, source=Status.DOWN)
    (note,) = record["notes"]
    (copy,) = site.keys("health/malformed/")
    assert copy in note
    assert site.s3.get_object(Bucket=BUCKET, Key=copy)["Body"].read() == body
    assert [change["component"] for change in record["changes"]] == ["source"]
    assert keep(1, source=Status.DOWN)["notes"] == []


class Runs:
    """Tells what became of a task in earlier runs; of those that are not named nothing is known."""

    dag_id, task_id = "pinterest_health", "publish_changes"

    def __init__(self, **states: str | None) -> None:
        self.states = {f"scheduled__{number[1:]}:00+00:00": state for number, state in states.items()}

    def get_task_states(
        self, *, dag_id: str, task_ids: list[str], run_ids: list[str]
    ) -> dict[str, dict[str, str | None]]:
        assert (dag_id, task_ids) == (self.dag_id, [self.task_id])
        return {run: {self.task_id: self.states[run]} for run in run_ids if run in self.states}


def publish(record: Record, events: Any, **states: str | None) -> None:
    tasks.publish_changes.function(record, ti=Runs(**states), outlet_events=events)


def test_airflow_is_told_of_changes_only(site: Site, events: Any) -> None:
    with pytest.raises(AirflowSkipException):
        publish(keep(0), events)
    record = keep(1, source=Status.DOWN)
    publish(record, events)
    assert events[HEALTH].extra == {
        "run_id": record["run_id"],
        "changes": record["changes"],
        "still_ill": [],
    }


@pytest.mark.parametrize(
    ("minutes", "called", "told"),
    [
        # One try of this illness was in vain.
        ([2], False, True),
        # Three were, and the person is still to be called: the task that would have was killed.
        ([2, 3, 4], False, True),
        ([2, 3, 4], True, False),
        # The only try is of an illness before this one.
        ([-30], False, False),
        ([], False, False),
    ],
)
def test_airflow_is_told_of_what_was_treated_in_vain(
    site: Site, events: Any, monkeypatch: pytest.MonkeyPatch, minutes: list[int], called: bool, told: bool
) -> None:
    monkeypatch.setattr(tasks, "settings", lambda: SimpleNamespace(auto_heal=True))
    monkeypatch.setattr(tasks, "now_text", lambda: (NOON + timedelta(minutes=10)).isoformat())
    began = NOON + timedelta(minutes=5)
    keep(0)
    keep(1, connector=Status.DOWN)
    tried(site, *((began + timedelta(minutes=each), "restart") for each in minutes), called=called)
    record = keep(2, connector=Status.DOWN)
    assert record["changes"] == []
    if told:
        publish(record, events)
        assert events[HEALTH].extra["still_ill"] == ["connector"]
    else:
        with pytest.raises(AirflowSkipException):
            publish(record, events)


def test_where_nothing_heals_airflow_is_not_told_of_what_is_ill_still(site: Site, events: Any) -> None:
    keep(0)
    keep(1, connector=Status.DOWN)
    tried(site, (NOON + timedelta(minutes=7), "by hand"))
    with pytest.raises(AirflowSkipException):
        publish(keep(2, connector=Status.DOWN), events)


@pytest.mark.parametrize("state", ["failed", "upstream_failed", None])
def test_changes_that_could_not_be_published_are_by_the_next_run(
    site: Site, events: Any, state: str | None
) -> None:
    keep(0)
    lost = [keep(1, connector=Status.DOWN), keep(2, connector=Status.DOWN, source=Status.DOWN)]
    record = keep(3, connector=Status.DOWN, source=Status.DOWN)
    publish(record, events, r0="skipped", r1=state, r2=state)
    assert [change["component"] for change in events[HEALTH].extra["changes"]] == ["connector", "source"]
    assert events[HEALTH].extra["changes"] == [*lost[0]["changes"], *lost[1]["changes"]]
    assert events[HEALTH].extra["run_id"] == record["run_id"]
    # Only what lies behind the last run that has published.
    with pytest.raises(AirflowSkipException):
        publish(record, events, r0="skipped", r1=state, r2="success")


def test_what_lies_far_back_or_is_gone_is_not_made_up_for(
    site: Site, events: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = keep(0, source=Status.DOWN)
    states = dict.fromkeys(("r0", "r1", "r2"), "failed")
    for number in (1, 2):
        last = keep(number, source=Status.DOWN)
    monkeypatch.setattr(store, "MOST_EARLIER", 1)
    with pytest.raises(AirflowSkipException):
        publish(last, events, **states)
    monkeypatch.undo()
    assert store.read_earlier(site.s3, BUCKET, last, until=lambda _: False)[0] == first
    key = store.history_key(first["checked_at"], first["run_id"])
    site.s3.put_object(Bucket=BUCKET, Key=key, Body=b"{")
    assert len(store.read_earlier(site.s3, BUCKET, last, until=lambda _: False)) == 1
    site.s3.delete_object(Bucket=BUCKET, Key=key)
    assert len(store.read_earlier(site.s3, BUCKET, last, until=lambda _: False)) == 1


def test_cloudwatch_gets_a_heartbeat_and_how_many_are_ill(site: Site) -> None:
    tasks.put_heartbeat.function(keep(0, source=Status.DOWN, landing=Status.UNKNOWN))
    for name, value in (("HealthHeartbeat", 1.0), ("UnhealthyComponents", 2.0)):
        now = datetime.now(UTC)
        (point,) = site.cloudwatch.get_metric_statistics(
            Namespace="PinterestPipeline",
            MetricName=name,
            Dimensions=[{"Name": "ResourceId", "Value": "sandbox"}],
            StartTime=now - timedelta(minutes=5),
            EndTime=now + timedelta(minutes=5),
            Period=300,
            Statistics=["Sum"],
        )["Datapoints"]
        assert point["Sum"] == value


def test_a_check_is_given_what_the_one_before_has_kept(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[Any] = []

    def read(component: Component, memory: Any) -> Any:
        given.append((component.name, dict(memory)))
        return "reading"

    monkeypatch.setattr(Component, "read", read)
    monkeypatch.setattr(
        Component, "judge", lambda *_: Finding(status=Status.DEGRADED, sentence="slow", memory={"m": 2})
    )
    first = tasks.check.function("source")
    keep(0)
    second = tasks.check.function("source")
    assert given == [("source", {}), ("source", {"m": 1})]
    assert first["component"] == second["component"] == "source"
    assert (second["state"]["status"], second["state"]["memory"]) == ("degraded", {"m": 2})


def test_a_check_without_its_bucket_says_so(site: Site) -> None:
    site.s3.delete_bucket(Bucket=BUCKET)
    state = tasks.check.function("landing")["state"]
    assert state["status"] == "down"
    assert state["sentence"] == f"the bucket {BUCKET} does not exist: run pinterest_provision_batch"


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        # What needs a comparison can't be called healthy without one; what is ill is ill.
        (Status.HEALTHY, ("unknown", "what was found last can't be read: ")),
        (Status.DOWN, ("down", "S3 answers 503")),
    ],
)
def test_a_look_that_has_nothing_to_compare_with(
    site: Site, monkeypatch: pytest.MonkeyPatch, status: Status, expected: tuple[str, str]
) -> None:
    keep(0)
    monkeypatch.setattr(Component, "read", lambda *_: "reading")
    monkeypatch.setattr(
        Component, "judge", lambda *_: Finding(status=status, sentence="S3 answers 503", memory={"m": 2})
    )

    def refuse(*_: object) -> None:
        raise OSError("SlowDown")

    with monkeypatch.context() as meanwhile:
        meanwhile.setattr(store, "read_latest", refuse)
        checked = tasks.check.function("landing")
    assert (checked["state"]["status"], checked["state"]["sentence"][: len(expected[1])]) == expected
    # The memory of the look before stays: what is new is counted from there.
    record: Record = tasks.keep_record.function([checked], run_id="x")
    assert record["components"]["landing"]["memory"] == {"m": 1}
