"""Dead letters: which of them are news."""

from __future__ import annotations

from typing import Any

import pytest

from pinterest_pipeline.health.checks.dead_letters import Reading, judge

TOPIC = "sandbox.dead-letter"


def reading(*ends: int, oldest: tuple[int, ...] = (), topic_id: str | None = "one") -> Reading:
    begins = oldest or (0,) * len(ends)
    return Reading(
        topic=TOPIC, topic_id=topic_id, beginnings=dict(enumerate(begins)), ends=dict(enumerate(ends))
    )


def after(*ends: int, **more: Any) -> Any:
    """What a check of these ends has kept."""
    return judge(reading(*ends, **more), {}).memory


def figures(found: Any) -> tuple[Any, Any]:
    return found.figures["dead letters"].value, found.figures["new dead letters"].value


def test_an_empty_topic_is_healthy() -> None:
    found = judge(reading(0), after(0))
    assert (found.status, found.sentence) == ("healthy", f"{TOPIC} is empty")
    assert figures(found) == (0, 0)


def test_new_ones_are_degraded() -> None:
    found = judge(reading(7), after(4))
    assert found.status == "degraded"
    assert found.sentence == f"3 dead letters are new since the last check, 7 dead letters lie in {TOPIC}"
    assert figures(found) == (7, 3)


def test_old_ones_are_healthy_and_counted() -> None:
    found = judge(reading(1234), after(1234))
    assert (found.status, found.sentence) == ("healthy", f"1,234 dead letters lie in {TOPIC}, none is new")
    assert figures(found) == (1234, 0)


def test_at_the_first_check_nothing_is_known_to_be_new() -> None:
    found = judge(reading(5), {})
    assert found.status == "healthy"
    assert figures(found) == (5, None)
    assert judge(reading(6), found.memory).status == "degraded"


def test_what_retention_has_removed_is_not_there_but_was_new_all_the_same() -> None:
    found = judge(reading(10, oldest=(10,)), after(4))
    assert found.status == "degraded"
    assert figures(found) == (0, 6)
    later = judge(reading(10, oldest=(10,)), found.memory)
    assert (later.status, later.sentence) == ("healthy", f"{TOPIC} is empty")


def test_partitions_are_counted_together_and_one_more_from_its_beginning() -> None:
    found = judge(reading(5, 3, 2), after(4, 3))
    assert figures(found) == (10, 3)


def test_a_topic_made_anew_is_counted_from_its_beginning() -> None:
    assert figures(judge(reading(2), after(9))) == (2, 2)
    # Its end is beyond the old one's: Kafka's id tells.
    assert figures(judge(reading(12, topic_id="two"), after(9))) == (12, 12)
    assert judge(reading(0, topic_id="two"), after(9)).status == "healthy"


def test_a_topic_that_is_not_there_is_down() -> None:
    found = judge(reading(topic_id=None), after(9))
    assert found.status == "down"
    assert found.sentence == f"topic {TOPIC} does not exist: run pinterest_provision_batch"


def test_brokers_that_do_not_answer_are_down_and_forget_nothing() -> None:
    known = after(9)
    trouble = "Kafka at b-1:9098 does not answer"
    found = judge(Reading(topic=TOPIC, trouble=trouble, beginnings={}, ends={}), known)
    assert (found.status, found.sentence, found.memory) == ("down", trouble, known)


@pytest.mark.parametrize("memory", [{"ends": None}, {"ends": [1]}, {"other": 1}])
def test_a_memory_of_another_form_is_none(memory: dict[str, Any]) -> None:
    found = judge(reading(5), memory)
    assert (found.status, figures(found)) == ("healthy", (5, None))
