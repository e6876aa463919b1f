from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from pinterest_pipeline.provisioning.resources import (
    ATTEMPTS,
    Entry,
    Found,
    note_absent,
    note_created,
    read_record,
    update_record,
)
from tests.unit.pinterest_pipeline.fakes import FakeS3

STATE = "s3://user-sandbox-bucket/_state"
TOPIC = ("topic", "sandbox.pin")
CONNECTOR = ("connector", "sandbox-connector")
RECORD = b'{"version": 1, "resources": []}'
NOTHING: Found = {TOPIC: None, CONNECTOR: None}


def states(entries: Any) -> dict[tuple[str, str], tuple[str, str]]:
    return {(entry["kind"], entry["name"]): (entry["state"], entry["identifier"]) for entry in entries}


def absent(entries: Any, found: Found) -> Any:
    return note_absent(entries, found, run_id="r1", now="t1")


def created(entries: Any, found: Found) -> Any:
    return note_created(entries, found, run_id="r1", now="t2")


def test_what_was_not_there_is_ours() -> None:
    noted = absent([], NOTHING)
    assert states(noted) == {TOPIC: ("creating", ""), CONNECTOR: ("creating", "")}
    done = created(noted, {TOPIC: "sandbox.pin", CONNECTOR: "arn:c"})
    assert states(done) == {TOPIC: ("created", "sandbox.pin"), CONNECTOR: ("created", "arn:c")}


def test_what_somebody_else_made_is_never_in_the_record() -> None:
    found: Found = {TOPIC: "sandbox.pin", CONNECTOR: None}
    assert states(created(absent([], found), {TOPIC: "sandbox.pin", CONNECTOR: "arn:c"})) == {
        CONNECTOR: ("created", "arn:c")
    }


def test_a_run_that_broke_off_leaves_a_note_which_the_next_one_completes() -> None:
    noted = absent([], NOTHING)
    # The first run made the topic and failed; the second finds it there.
    again = absent(noted, {TOPIC: "sandbox.pin", CONNECTOR: None})
    done = created(again, {TOPIC: "sandbox.pin", CONNECTOR: "arn:c"})
    assert states(done) == {TOPIC: ("created", "sandbox.pin"), CONNECTOR: ("created", "arn:c")}


def test_running_again_changes_nothing() -> None:
    there: Found = {TOPIC: "sandbox.pin", CONNECTOR: "arn:c"}
    done = created(absent([], NOTHING), there)
    assert note_created(note_absent(done, there, run_id="r2", now="t3"), there, run_id="r2", now="t4") == done


def test_a_resource_made_anew_gets_its_new_identifier() -> None:
    done = created(absent([], NOTHING), {TOPIC: "sandbox.pin", CONNECTOR: "arn:1"})
    gone = absent(done, {TOPIC: "sandbox.pin", CONNECTOR: None})
    assert states(created(gone, {TOPIC: "sandbox.pin", CONNECTOR: "arn:2"}))[CONNECTOR] == (
        "created",
        "arn:2",
    )


def test_the_record_is_kept_in_the_state_folder(s3: FakeS3) -> None:
    assert read_record(s3, STATE) == []
    written = update_record(s3, STATE, lambda entries: absent(entries, NOTHING))
    assert [key for _, key in s3.objects] == ["_state/resources.json"]
    assert read_record(s3, STATE) == written == absent([], NOTHING)
    assert update_record(s3, STATE, lambda entries: entries[:1]) == read_record(s3, STATE) == written[:1]


def test_two_runs_at_once_lose_nothing(s3: FakeS3) -> None:
    """The other one writes while this one works its change out: at the first time, and once more."""
    others = [{TOPIC: None}, {("stream", "streaming-sandbox-pin"): None}]

    def change(entries: list[Entry]) -> list[Entry]:
        if others:
            found: Found = others.pop(0)
            update_record(s3, STATE, lambda present: absent(present, found))
        return absent(entries, {CONNECTOR: None})

    update_record(s3, STATE, change)

    assert set(states(read_record(s3, STATE))) == {TOPIC, ("stream", "streaming-sandbox-pin"), CONNECTOR}


def test_a_record_that_never_rests_is_an_error(s3: FakeS3) -> None:
    def change(entries: list[Entry]) -> list[Entry]:
        s3.put_object(
            Bucket="user-sandbox-bucket", Key="_state/resources.json", Body=RECORD + b" " * len(calls)
        )
        calls.append(len(entries))
        return entries

    calls: list[int] = []
    with pytest.raises(ClientError, match="PreconditionFailed"):
        update_record(s3, STATE, change)
    assert len(calls) == ATTEMPTS


OTHERS = {TOPIC: "t", CONNECTOR: "arn:theirs"}


def replaced(entries: Any, found: Found) -> Any:
    return note_absent(entries, found, run_id="r1", now="t1", replaced=[CONNECTOR])


def test_what_somebody_else_made_is_ours_once_it_is_replaced() -> None:
    noted = replaced([], OTHERS)
    assert states(noted) == {CONNECTOR: ("creating", "arn:theirs")}
    # Broken off, once and again: it is still theirs.
    assert states(created(noted, OTHERS)) == {CONNECTOR: ("creating", "arn:theirs")}
    again = replaced(noted, OTHERS)
    assert states(again) == {CONNECTOR: ("creating", "arn:theirs")}
    # Deleted, and broken off then.
    gone = absent(again, {**OTHERS, CONNECTOR: None})
    done = created(gone, {**OTHERS, CONNECTOR: "arn:new"})
    assert states(done) == {CONNECTOR: ("created", "arn:new")}
    assert states(created(again, {**OTHERS, CONNECTOR: "arn:new"})) == {CONNECTOR: ("created", "arn:new")}


def test_what_is_ours_stays_ours_when_its_replacement_breaks_off() -> None:
    done = created(absent([], NOTHING), OTHERS)
    noted = replaced(done, OTHERS)
    assert states(created(noted, OTHERS))[CONNECTOR] == ("created", "arn:theirs")
    assert states(created(noted, {**OTHERS, CONNECTOR: "arn:new"}))[CONNECTOR] == ("created", "arn:new")
