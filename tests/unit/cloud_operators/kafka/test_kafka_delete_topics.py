"""Deleting topics: what is there goes, what is gone is no error, what stays is told."""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import Future
from typing import Any

import pytest

from cloud_operators.exceptions import WaitTimedOut
from cloud_operators.kafka.operators.delete_topics import KafkaDeleteTopicsOperator
from tests.unit.cloud_operators.kafka.fake_kafka import FakeKafka, FakeTopic


def deleting(*topics: str, **arguments: Any) -> KafkaDeleteTopicsOperator:
    return KafkaDeleteTopicsOperator(task_id="delete_topics", topics=list(topics), **arguments)


def test_topics_are_deleted_and_no_others(kafka: FakeKafka) -> None:
    kafka.topics = {name: FakeTopic({0: 5}) for name in ("a", "b", "c")}
    assert deleting("a", "b").execute({}) == ["a", "b"]
    assert set(kafka.topics) == {"c"}


def test_topics_that_are_gone_are_no_error(kafka: FakeKafka) -> None:
    kafka.topics = {"b": FakeTopic({0: 5})}
    assert deleting("a", "b").execute({}) == ["b"]
    assert deleting("a", "b").execute({}) == []
    assert deleting().execute({}) == []
    assert kafka.topics == {}
    assert kafka.requests.count("delete_topics") == 1


def test_a_topic_that_somebody_else_deletes_at_the_same_time_is_no_error(kafka: FakeKafka) -> None:
    kafka.topics = {"a": FakeTopic({0: 5})}
    delete = kafka.delete_topics

    def race(names: Iterable[str], **options: Any) -> dict[str, Future[Any]]:
        kafka.topics.clear()
        return delete(names, **options)

    kafka.delete_topics = race  # type: ignore[method-assign]
    assert deleting("a").execute({}) == ["a"]


def test_brokers_that_go_on_telling_of_a_topic_are_not_believed_to_have_deleted_it(kafka: FakeKafka) -> None:
    kafka.topics = {"a": FakeTopic({0: 5}), "b": FakeTopic({0: 5})}
    delete = kafka.delete_topics

    def forget_one(names: Iterable[str], **options: Any) -> dict[str, Future[Any]]:
        answers = delete(names, **options)
        kafka.topics["a"] = FakeTopic({0: 5})
        return answers

    kafka.delete_topics = forget_one  # type: ignore[method-assign]
    with pytest.raises(WaitTimedOut, match=r"^topic a did not become gone"):
        deleting("a", "b", request_timeout=0.3).execute({})


def test_a_name_that_no_topic_can_have_is_refused_before_any_broker_is_asked(kafka: FakeKafka) -> None:
    kafka.topics = {"a": FakeTopic({0: 5})}
    with pytest.raises(ValueError, match="'a b'"):
        deleting("a", "a b").execute({})
    assert kafka.requests == []
