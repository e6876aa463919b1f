"""A post's way on the batch path, put together of what was read."""

from __future__ import annotations

import json
from typing import Any

import pytest

from pinterest_pipeline.landing.manifest import Mark
from pinterest_pipeline.tracing import batch, states
from pinterest_pipeline.tracing.batch import Found, Line, Place, Record, Refused
from pinterest_pipeline.tracing.contents import Content, describe

TOPIC, IND = "sandbox.geo", 7


def content(key: Any = IND, word: str = "Aruba") -> Content:
    return describe(json.dumps({"ind": key, "country": word}).encode(), "ind")


def record(offset: int, *, partition: int = 0, **told: Any) -> Record:
    at = f"2026-01-01T00:00:{offset % 60:02d}.000+00:00"
    return Record(partition=partition, offset=offset, at=at, content=content(**told))


def line(first_offset: int, number: int, *, partition: int = 0, **told: Any) -> Line:
    return Line(place=Place(partition, first_offset, number), content=content(**told))


def refused(place: Place, reason: str = "not_json") -> Refused:
    return Refused(place=place, reason=reason, run_id="daily", quarantined_at="2026", length=8, sha256="abc")


def found(**read: Any) -> Found:
    return Found(ind=IND, topic=TOPIC, **read)


def mark(first_offset: int, lines: int) -> dict[int, Mark]:
    return {0: Mark(first_offset=first_offset, lines=lines)}


def way(**read: Any) -> dict[str, Any]:
    return batch.assemble(found(**read))


def told(**read: Any) -> list[tuple[int | None, int | None, str]]:
    """Offset in Kafka, line, and state of each occurrence."""
    return [
        (
            each["kafka"]["offset"] if each["kafka"] else None,
            each["landed"]["line"] if each["landed"] else None,
            each["state"],
        )
        for each in way(**read)["occurrences"]
    ]


def test_nothing_found_is_a_post_that_never_came() -> None:
    assert way() == {"occurrences": [], "left_out": 0, "end": "never posted"}


def test_behind_the_commit_it_is_not_yet_written() -> None:
    read = {"records": [record(4)], "committed": {0: 4}}
    assert told(**read) == [(4, None, "in Kafka, not yet written by the sink")]
    assert way(**read)["end"] == "in Kafka, not yet written by the sink"
    assert told(records=[record(4)], committed={0: None}) == [(4, None, states.IN_KAFKA)]


@pytest.mark.parametrize("offset", [4, 3])
def test_a_dead_letter_is_refused_on_either_side_of_the_commit(offset: int) -> None:
    read = {"records": [record(offset)], "committed": {0: 4}, "dead": {0: {offset}}}
    assert told(**read) == [(offset, None, states.DEAD_LETTER)]


def test_before_the_commit_a_line_is_missing_only_where_it_was_looked_for() -> None:
    read = {"records": [record(3)], "committed": {0: 4}, "objects": {0: [0]}}
    assert told(**read) == [(3, None, states.NOT_LOOKED_FOR)]
    assert told(**read, read=frozenset({(0, 0)})) == [(3, None, states.NO_LINE)]
    assert told(**read, read=frozenset({(1, 0)})) == [(3, None, states.NOT_LOOKED_FOR)]


def test_a_line_behind_the_mark_waits_for_a_daily_run() -> None:
    read = {"records": [record(12)], "committed": {0: 20}, "lines": [line(10, 2)], "objects": {0: [10]}}
    for marks in ({}, mark(0, 10), mark(10, 2)):
        assert told(**read, marks=marks) == [(12, 2, "landed, not yet read by a daily run")]
    assert told(**read, marks=mark(10, 3)) == [(12, 2, states.NEITHER)]


def test_the_row_in_the_table_and_the_records_before_it() -> None:
    read: dict[str, Any] = {
        "row": Place(0, 10, 1),
        "marks": mark(10, 5),
        "committed": {0: 15},
        "records": [record(3), record(11)],
        "objects": {0: [0, 10]},
        "lines": [line(0, 3), line(10, 1)],
    }
    assert told(**read) == [(3, 3, states.SUPERSEDED), (11, 1, states.IN_TABLE)]
    assert [each["in_table"] for each in way(**read)["occurrences"]] == [False, True]
    assert way(**read)["end"] == "in the table"
    # Posted again since.
    later = {**read, "records": [*read["records"], record(15)]}
    assert told(**later)[-1] == (15, None, states.IN_KAFKA)
    assert way(**later)["end"] == (
        "in Kafka, not yet written by the sink; the row in the table is of an earlier record"
    )


def test_a_row_whose_line_was_not_read_is_told_all_the_same() -> None:
    assert told(row=Place(0, 10, 1)) == [(None, 1, states.IN_TABLE)]
    assert way(row=Place(0, 10, 1))["end"] == "in the table"


def test_a_row_of_a_deleted_topic_is_older_than_all_of_this_one() -> None:
    read = {"row": Place(0, -11, 1), "records": [record(0)], "committed": {0: 0}}
    first, second = way(**read)["occurrences"]
    assert first["landed"] == {
        "object": f"topics/{TOPIC}/partition=0/{TOPIC}+0+0000000010.json",
        "retired": True,
        "line": 1,
    }
    assert first["kafka"] is None
    assert second["state"] == states.IN_KAFKA


def test_offsets_follow_from_dead_letters() -> None:
    read = {
        "lines": [line(10, 2)],
        "dead": {0: {9, 10, 12, 20}, 1: {11}},
        "records": [record(14)],
        "committed": {0: 20},
    }
    # 11, 13 and 14 are the first three that are no dead letters.
    assert told(**read) == [(14, 2, states.LANDED)]
    # Worked out also where Kafka does not have the record any more.
    assert told(**{**read, "records": []}) == [(14, 2, states.LANDED)]


def test_where_dead_letters_are_forgotten_the_content_tells_the_record() -> None:
    read = {
        "lines": [line(10, 0, word="a"), line(10, 2, word="b")],
        "records": [record(11, word="a"), record(14, word="b")],
        "committed": {0: 20},
        "objects": {0: [10]},
    }
    assert told(**read) == [(11, 0, states.LANDED), (14, 2, states.LANDED)]


def test_a_record_behind_the_object_is_none_of_its_lines() -> None:
    read = {
        "lines": [line(10, 2)],
        "records": [record(25)],
        "committed": {0: 20},
        "objects": {0: [10, 20]},
    }
    # The line's own record has left Kafka.
    assert told(**read) == [(12, 2, states.LANDED), (25, None, states.IN_KAFKA)]


def test_partitions_are_kept_apart() -> None:
    read = {
        "lines": [line(0, 5), line(0, 5, partition=1)],
        "records": [record(5), record(5, partition=1), record(5, partition=2)],
        "committed": {0: 9, 1: 9, 2: 5},
        "marks": mark(0, 9),
        "row": Place(0, 0, 5),
    }
    assert told(**read) == [
        (5, 5, states.IN_TABLE),
        (5, 5, states.LANDED),
        (5, None, states.IN_KAFKA),
    ]


def test_a_line_in_quarantine_says_why() -> None:
    read = {
        "lines": [line(10, 2, key=None)],
        "records": [record(12, key=None)],
        "committed": {0: 20},
        "marks": mark(10, 9),
        "refused": [refused(Place(0, 10, 2), "key_missing")],
    }
    assert told(**read) == [(12, 2, "refused: quarantined because key_missing")]
    (occurrence,) = way(**read)["occurrences"]
    assert occurrence["quarantine"] == {
        "reason": "key_missing",
        "run_id": "daily",
        "quarantined_at": "2026",
        "length": 8,
        "sha256": "abc",
    }


def test_a_row_of_the_quarantine_alone_is_an_occurrence() -> None:
    read = {"refused": [refused(Place(0, 10, 2), "other_entity")]}
    assert told(**read) == [(None, 2, "refused: quarantined because other_entity")]
    assert way(**read)["end"] == "refused: quarantined because other_entity"


def test_a_record_of_another_key_does_not_end_the_way() -> None:
    read = {
        "lines": [line(10, 2, key=8)],
        "records": [record(12, key=8)],
        "committed": {0: 20},
        "marks": mark(10, 9),
    }
    assert told(**read) == [(12, 2, states.OTHER_KEY)]
    assert way(**read)["end"] == "never posted"


def test_the_newest_twenty_are_told() -> None:
    found = way(records=[record(offset) for offset in range(25)], committed={0: 0})
    assert [each["kafka"]["offset"] for each in found["occurrences"]] == list(range(5, 25))
    assert found["left_out"] == 5


def test_no_content_is_told() -> None:
    read = {
        "records": [record(12, word="Ruritania")],
        "lines": [line(10, 2, word="Ruritania")],
        "committed": {0: 20},
    }
    text = json.dumps(way(**read))
    assert "Ruritania" not in text
    assert content(word="Ruritania").sha256 in text


def replayed(offset: int, first_offset: int, line: int) -> Place:
    """The place of a dead letter in the table, as a replay leaves it."""
    return Place(-(2**31) + offset - first_offset, first_offset, line)


def test_a_dead_letter_that_a_replay_has_brought_into_the_table() -> None:
    read = {
        "row": replayed(12, 10, 2),
        "records": [record(4), record(12)],
        "dead": {0: {4, 12}},
        "committed": {0: 20},
    }
    assert told(**read) == [(4, None, states.DEAD_LETTER), (12, None, states.IN_TABLE)]
    assert way(**read)["end"] == "in the table"
    # Also when Kafka does not have it any more.
    assert told(row=replayed(12, 10, 2)) == [(12, None, states.IN_TABLE)]
    # Of a deleted topic its offset is not known.
    retired = Place(-(2**31) + 2, -11, 2)
    assert told(row=retired) == [(None, None, states.IN_TABLE)]
    # A line of the same offset is another record.
    assert told(row=replayed(12, 10, 2), lines=[line(12, 0)])[0] == (12, 0, states.LANDED)


def test_a_dead_letter_that_a_replay_has_refused() -> None:
    letter = Refused(
        place=Place(0, 10, 2),
        reason="not_json",
        run_id="replay",
        quarantined_at="2026",
        length=None,
        sha256=None,
        dead_letter=12,
    )
    read = {"records": [record(12)], "dead": {0: {12}}, "committed": {0: 20}, "refused": [letter]}
    assert told(**read) == [(12, None, "refused: quarantined because not_json")]
    assert told(refused=[letter]) == [(12, None, "refused: quarantined because not_json")]
    # The line behind it is another record.
    other = {**read, "lines": [line(10, 2)], "marks": mark(10, 9)}
    assert (13, 2, states.NEITHER) in told(**other)
