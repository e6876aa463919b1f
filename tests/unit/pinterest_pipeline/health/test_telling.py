"""What people are told by a run, and by the next when it could not tell them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from airflow.sdk.exceptions import AirflowTaskTimeout

from pinterest_pipeline.health import store, tasks, telling
from pinterest_pipeline.health.findings import Status
from tests.unit.pinterest_pipeline.health.rounds import NOON, keep, tried
from tests.unit.pinterest_pipeline.health.site import BUCKET, Site

#: What a template would make something of.
TRICKY = "it is {{ run_id }} and {% raise %}"


def fail(*_: Any) -> int:
    """In place of sending."""
    raise RuntimeError("no way out")


def test_people_receive_one_message_of_a_breakage_and_one_of_its_end(site: Site) -> None:
    assert tasks.tell_people.function(keep(0)) == []
    assert site.received() == []
    down = keep(1, source=Status.DOWN, sentence=TRICKY)
    assert tasks.tell_people.function(down) == ["source"]
    ((subject, message),) = site.received()
    assert subject == "Pinterest pipeline: Source database down"
    assert TRICKY in message
    assert "docs/runbooks/source.md" in message
    tasks.tell_people.function(keep(2, source=Status.DOWN))
    assert site.received() == []
    tasks.tell_people.function(keep(3))
    assert [subject for subject, _ in site.received()] == ["Pinterest pipeline: Source database healthy"]


def test_what_could_not_be_sent_is_told_by_the_next_run(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as broken:
        broken.setattr(tasks.telling, "send", fail)
        with pytest.raises(RuntimeError, match="no way out"):
            tasks.tell_people.function(keep(0, source=Status.DOWN))
    assert tasks.tell_people.function(keep(1, source=Status.DOWN)) == ["source"]
    assert len(site.received()) == 1


def test_what_could_not_be_sent_and_is_over_is_told_all_the_same(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep(0)
    with monkeypatch.context() as broken:
        broken.setattr(tasks.telling, "send", fail)
        for _ in range(2):
            with pytest.raises(RuntimeError, match="no way out"):
                tasks.tell_people.function(keep(1, dead_letters=Status.DEGRADED, sentence="3 are new"))
    assert tasks.tell_people.function(keep(2)) == ["dead_letters"]
    ((subject, text),) = site.received()
    assert subject == "Pinterest pipeline: Dead letters healthy"
    assert text.count("Not sent before: Dead letters is degraded") == 1
    assert "3 are new" in text
    assert "Dead letters is healthy since 2026-03-01T12:10:00+00:00 (was degraded): because" in text
    assert tasks.tell_people.function(keep(3)) == []


def test_what_a_run_alone_has_seen_is_told_by_the_next_when_it_came_to_no_end(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its task is killed: nothing of it is noted, and the checks remember that they have seen the letters."""

    def hang(*_: Any) -> int:
        raise AirflowTaskTimeout

    tasks.tell_people.function(keep(0))
    with monkeypatch.context() as broken:
        broken.setattr(tasks.telling, "send", hang)
        with pytest.raises(AirflowTaskTimeout):
            tasks.tell_people.function(keep(1, dead_letters=Status.DEGRADED, sentence="3 are new"))
    # Of this one not even the task was begun.
    keep(2, dead_letters=Status.DEGRADED, source=Status.DOWN, sentence="5 are new")
    assert tasks.tell_people.function(keep(3)) == ["source", "dead_letters"]
    ((_, text),) = site.received()
    assert "Not sent before: Dead letters is degraded since 2026-03-01T12:05:00+00:00" in text
    assert "3 are new" in text
    assert "Not sent before: Source database is down since 2026-03-01T12:10:00+00:00" in text
    assert "- Source database is healthy since 2026-03-01T12:15:00+00:00 (was down)" in text
    assert tasks.tell_people.function(keep(4)) == []
    assert len(site.document("health/told.json")["components"]["source"]["changes"]) == 2


def test_changes_that_could_not_be_told_count_as_flapping(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep(0)
    with monkeypatch.context() as broken:
        broken.setattr(tasks.telling, "send", fail)
        for run in range(1, 6):
            record = keep(run, source=Status.DOWN if run % 2 else Status.HEALTHY)
            for _ in range(3):
                with pytest.raises(RuntimeError, match="no way out"):
                    tasks.tell_people.function(record)
    assert tasks.tell_people.function(keep(6)) == ["source"]
    ((_, text),) = site.received()
    assert "Source database flaps, with 6 changes within 1:00:00" in text
    # Each of the five once, however often it was tried.
    assert text.count("Not sent before: Source database is") == 5


def test_people_who_know_nothing_are_not_told_of_the_past(site: Site) -> None:
    tasks.tell_people.function(keep(0, source=Status.DOWN))
    site.received()
    site.s3.delete_object(Bucket=BUCKET, Key=store.TOLD)
    assert tasks.tell_people.function(keep(1)) == []


def test_no_error_in_reading_what_was_tried_keeps_a_message(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OSError("SlowDown")

    monkeypatch.setattr(tasks.treatments, "read", refuse)
    assert tasks.tell_people.function(keep(0, connector=Status.DOWN)) == ["connector"]
    assert len(site.received()) == 1


def test_one_notifier_that_fails_leaves_the_others_and_is_not_told_again(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(context: Any) -> None:
        raise RuntimeError("no way out")

    working = telling.notifiers_with
    monkeypatch.setattr(telling, "notifiers_with", lambda **texts: [fail, *working(**texts), fail])
    assert tasks.tell_people.function(keep(0, source=Status.DOWN)) == ["source"]
    assert len(site.received()) == 1
    assert tasks.tell_people.function(keep(1, source=Status.DOWN)) == []
    assert site.received() == []


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"[1]",
        b'{"components": 3, "decided": 5}',
        b'{"components": {"source": {"status": 1}}}',
        pytest.param(b"[" * 200_000, id="deep"),
    ],
)
def test_when_it_is_not_known_what_was_told_it_is_told_again(site: Site, body: bytes) -> None:
    tasks.tell_people.function(keep(0, source=Status.DOWN))
    site.s3.put_object(Bucket=BUCKET, Key=store.TOLD, Body=body)
    assert tasks.tell_people.function(keep(1, source=Status.DOWN)) == ["source"]
    assert len(site.received()) == 2


def test_a_message_says_what_was_tried(site: Site) -> None:
    keep(0)
    tried(
        site, (NOON + timedelta(minutes=4), "an old one"), (NOON + timedelta(minutes=7), "restart its tasks")
    )
    tasks.tell_people.function(keep(1, connector=Status.DOWN))
    tasks.tell_people.function(keep(2, connector=Status.DEGRADED))
    tasks.tell_people.function(keep(3))
    messages = [text for _, text in site.received()]
    assert len(messages) == 3
    # Those of this illness: it began as down after five minutes, and went on as degraded.
    assert "2026-03-01T12:07:00+00:00: restart its tasks: not healed: no" in messages[0]
    assert "restart its tasks" in messages[2]
    assert not any("an old one" in text for text in messages)
