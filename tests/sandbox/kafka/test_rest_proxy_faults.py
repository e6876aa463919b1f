"""What clients of the REST proxy meet when their requests are odd, or the broker is away."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pinterest_sandbox.kafka.ready import check_broker
from pinterest_sandbox.waiting import wait_until
from tests.rest_consumer import EMBEDDED, RestConsumer, error_of, places
from tests.running_sandbox import RunningSandbox
from tests.sandbox.kafka.clients import JSON, PATIENCE, Kafka, poll, post, taken

EARLY = {"auto.offset.reset": "earliest"}


@pytest.fixture
def topic(kafka: Kafka, prefix: str) -> str:
    return kafka.create(f"{prefix}.pin", partitions=2)


def test_partitions_are_described_and_written_to(proxy: str, topic: str) -> None:
    url = f"{proxy}/topics/{topic}/partitions"
    replicas = [{"broker": 1, "leader": True, "in_sync": True}]
    described = requests.get(f"{url}/1", timeout=30)
    assert described.json() == {"partition": 1, "leader": 1, "replicas": replicas}
    body = json.dumps({"records": [{"value": 1}, {"value": 2}, {"value": 3, "partition": 0}]})
    answer = requests.post(f"{url}/1", data=body, headers={"Content-Type": JSON}, timeout=30)
    offsets = [(entry["partition"], entry["offset"]) for entry in answer.json()["offsets"]]
    assert offsets == [(1, 0), (1, 1), (0, 0)]
    assert requests.get(f"{url}/1/offsets", timeout=30).json() == {"beginning_offset": 0, "end_offset": 2}
    assert requests.get(f"{proxy}/brokers", timeout=30).json() == {"brokers": [1]}
    for path, error in (("/2", 40402), ("/-1", 40402), ("/2/offsets", 40402), ("/x", 404)):
        assert error_of(requests.get(f"{url}{path}", timeout=30)) == (404, error)
    refused = requests.post(f"{url}/2", data=body, headers={"Content-Type": JSON}, timeout=30)
    assert error_of(refused) == (404, 40402)
    unknown = requests.get(f"{proxy}/topics/{topic}.none/partitions/0/offsets", timeout=30)
    assert error_of(unknown) == (404, 40401)


@pytest.mark.parametrize("name", ["a%20b", "%00", "..%2F", "a" * 250, "%FF"])
def test_names_that_no_topic_can_have(proxy: str, name: str) -> None:
    answers = [requests.get(f"{proxy}/topics/{name}", timeout=30), post(proxy, name, [{"value": 1}])]
    assert [error_of(answer) for answer in answers] == [(400, 40002)] * 2


documents = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
)
records = st.fixed_dictionaries({"value": documents}, optional={"key": documents})


def test_every_record_of_odd_bodies_is_accounted_for(
    proxy: str, kafka: Kafka, prefix: str, topic: str
) -> None:
    """Small topics: some records are too large for them and are refused inside of a success."""
    small = kafka.create(f"{prefix}.geo", config={"max.message.bytes": "1500"})
    sent: list[object] = []
    # Well below the limit, with what Kafka adds to a record.
    fitting = records.filter(lambda record: len(json.dumps(record)) < 1200)

    @settings(
        max_examples=100,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=[HealthCheck.too_slow],
    )
    @given(batch=st.lists(fitting | fitting.map(lambda r: {**r, "value": "x" * 2000}), max_size=6))
    def check(batch: list[dict[str, object]]) -> None:
        for name in (topic, small):
            answer = post(proxy, name, batch)
            if not batch:
                assert error_of(answer) == (422, 422)
                continue
            assert answer.status_code == 200, answer.text
            offsets = answer.json()["offsets"]
            refused = [entry["offset"] is None for entry in offsets]
            assert refused == [entry["error_code"] is not None for entry in offsets]
            large = [name == small and record["value"] == "x" * 2000 for record in batch]
            assert refused == large
            if name == topic:
                sent.extend(record["value"] for record in batch)

    check()
    stored = [None if m.value() is None else json.loads(m.value()) for m in kafka.read(topic)]
    assert sorted(map(repr, stored)) == sorted(map(repr, sent))
    assert len(sent) > 100


def test_killed_broker_costs_a_reader_nothing(
    sandbox: RunningSandbox, proxy: str, kafka: Kafka, prefix: str, topic: str
) -> None:
    assert taken(post(proxy, topic, [{"value": n, "partition": n % 2} for n in range(100)])) == 100
    with RestConsumer(proxy, prefix, **{**EARLY, "auto.commit.enable": "false"}) as consumer:
        consumer.subscribe(topic)
        seen = [record["value"] for record in consumer.poll(100)]
        consumer.ask("POST", "/offsets")
        sandbox.command("kill", "kafka")
        wait_until(lambda: check_broker(kafka.bootstrap), what="Kafka broker", timeout=60)
        more = [{"value": n, "partition": n % 2} for n in range(100, 200)]
        assert taken(poll(lambda: post(proxy, topic, more), lambda answer: answer.status_code == 200)) == 100

        def read() -> set[int]:
            answer = consumer.read()
            if answer.status_code == 200:
                seen.extend(record["value"] for record in answer.json())
            else:
                assert error_of(answer) == (500, 50003)
            return set(seen)

        poll(read, lambda values: values == set(range(200)))


def test_without_a_broker_consumers_get_a_retriable_error_within_seconds(broker_away: str) -> None:
    place = places("sandbox.pin", 0)
    offset = {"offsets": [{**place[0], "offset": 1}]}

    def consumer(*, assigned: bool = False) -> RestConsumer:
        made = RestConsumer(broker_away, "away")
        if assigned:
            made.assign("sandbox.pin", 0)
        else:
            made.subscribe("sandbox.pin")
        return made

    calls: dict[str, Callable[[], requests.Response]] = {
        "read": consumer().read,
        "read assigned": consumer(assigned=True).read,
        "pattern": lambda: RestConsumer(broker_away, "away").call(
            "POST", "/subscription", {"topic_pattern": ".*"}
        ),
        "commit": lambda: consumer().call("POST", "/offsets", offset),
        "committed": lambda: consumer().call("GET", "/offsets", {"partitions": place}),
        "seek": lambda: consumer(assigned=True).call("POST", "/positions", offset),
        "beginning": lambda: consumer(assigned=True).call(
            "POST", "/positions/beginning", {"partitions": place}
        ),
        "offsets": lambda: requests.get(f"{broker_away}/topics/a/partitions/0/offsets", timeout=30),
        "brokers": lambda: requests.get(f"{broker_away}/brokers", timeout=30),
        "accept": lambda: requests.get(
            f"{broker_away}/topics/a", headers={"Accept": EMBEDDED.format("json")}, timeout=30
        ),
    }

    def ask(call: Callable[[], requests.Response]) -> tuple[tuple[int, int], bool]:
        began = time.monotonic()
        answer = call()
        return error_of(answer), time.monotonic() - began < PATIENCE

    with ThreadPoolExecutor(len(calls)) as threads:
        answers = dict(zip(calls, threads.map(ask, calls.values()), strict=True))
    assert answers.pop("accept") == ((406, 406), True)
    assert answers == {name: ((500, 50003), True) for name in answers}
