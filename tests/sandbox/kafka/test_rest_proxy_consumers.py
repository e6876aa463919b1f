"""The consumer API of the REST proxy before the sandbox's broker."""

from __future__ import annotations

import base64
import json
import re
import socket
import threading
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
from confluent_kafka import Consumer, Producer

from pinterest_sandbox.aws.clients import aws_client
from tests.rest_consumer import EMBEDDED, V2, RestConsumer, error_of, places
from tests.running_sandbox import CHECKOUT, RunningSandbox
from tests.sandbox.kafka.clients import Kafka, poll, post, taken

EARLY = {"auto.offset.reset": "earliest"}
BY_HAND = {**EARLY, "auto.commit.enable": "false"}


@pytest.fixture
def topic(kafka: Kafka, prefix: str) -> str:
    return kafka.create(f"{prefix}.pin", partitions=2)


def send(proxy: str, topic: str, numbers: range) -> None:
    """One record a number, in turns to both partitions."""
    records = [{"key": str(n), "value": {"index": n}, "partition": n % 2} for n in numbers]
    assert taken(post(proxy, topic, records)) == len(numbers)


def indices(records: list[dict[str, Any]]) -> list[int]:
    return sorted(record["value"]["index"] for record in records)


def test_group_reads_all_commits_and_goes_on_behind(
    proxy: str, kafka: Kafka, prefix: str, topic: str
) -> None:
    send(proxy, topic, range(1000))
    with RestConsumer(proxy, prefix, name="first", **BY_HAND) as first:
        assert first.created == {
            "instance_id": "first",
            "base_uri": f"{proxy}/consumers/{prefix}/instances/first",
        }
        first.subscribe(topic)
        assert first.ask("GET", "/subscription") == {"topics": [topic]}
        records = first.poll(1000)
        assert indices(records) == list(range(1000))
        assert [record["offset"] for record in records if record["partition"] == 1] == list(range(500))
        assert {record["topic"] for record in records} == {topic}
        assert [record["key"] for record in records] == [str(r["value"]["index"]) for r in records]
        assert first.ask("GET", "/assignments") == {"partitions": places(topic, 0, 1)}
        assert first.ask("POST", "/offsets") == []
        committed = first.call("GET", "/offsets", {"partitions": places(topic, 0, 1)}).json()["offsets"]
        assert [(entry["partition"], entry["offset"]) for entry in committed] == [(0, 500), (1, 500)]
    assert kafka.committed(prefix, topic) == {0: 500, 1: 500}

    send(proxy, topic, range(1000, 1010))
    with RestConsumer(proxy, prefix, name="second", **BY_HAND) as second:
        second.subscribe(topic)
        assert indices(second.poll(10)) == list(range(1000, 1010))
    # The second one committed nothing.
    assert kafka.committed(prefix, topic) == {0: 500, 1: 500}


def test_instances_of_a_group_share_the_partitions(proxy: str, prefix: str, topic: str) -> None:
    send(proxy, topic, range(100))
    with RestConsumer(proxy, prefix, **BY_HAND) as first, RestConsumer(proxy, prefix, **BY_HAND) as second:
        for consumer in (first, second):
            consumer.subscribe(topic)
        found: list[list[dict[str, Any]]] = [[], []]

        def read() -> list[int]:
            for seen, consumer in zip(found, (first, second), strict=True):
                seen += consumer.records(timeout=300)
            return [len(c.ask("GET", "/assignments")["partitions"]) for c in (first, second)]

        poll(read, lambda counts: counts == [1, 1])
        send(proxy, topic, range(100, 200))
        poll(read, lambda _: set(indices(found[0] + found[1])) == set(range(200)))
    latest = [{r["partition"] for r in seen if r["value"]["index"] >= 100} for seen in found]
    assert sorted(latest, key=sorted) == [{0}, {1}]


def test_reader_of_another_kind_goes_on_where_the_group_was_committed(
    proxy: str, kafka: Kafka, prefix: str, topic: str
) -> None:
    send(proxy, topic, range(20))
    with RestConsumer(proxy, prefix, **EARLY) as consumer:
        consumer.subscribe(topic)
        consumer.poll(20)
    # Deleting an instance commits what it delivered: auto.commit.enable is true.
    assert kafka.committed(prefix, topic) == {0: 10, 1: 10}
    send(proxy, topic, range(20, 22))
    reader = Consumer({"bootstrap.servers": kafka.bootstrap, "group.id": prefix})
    try:
        reader.subscribe([topic])
        messages: list[Any] = []
        poll(lambda: messages.extend(reader.consume(10, timeout=0.5)), lambda _: len(messages) >= 2)
        assert sorted(json.loads(message.value())["index"] for message in messages) == [20, 21]
    finally:
        reader.close()


def test_given_offsets_are_committed_as_the_last_ones_done(
    proxy: str, kafka: Kafka, prefix: str, topic: str
) -> None:
    send(proxy, topic, range(20))
    with RestConsumer(proxy, prefix, **BY_HAND) as consumer:
        offsets = [{"topic": topic, "partition": 0, "offset": 3, "metadata": "half"}]
        consumer.ask("POST", "/offsets", {"offsets": offsets})
        asked = consumer.call("GET", "/offsets", {"partitions": places(topic, 0, 1)})
        assert asked.json() == {
            "offsets": [{"topic": topic, "partition": 0, "offset": 4, "metadata": "half"}]
        }
        assert kafka.committed(prefix, topic) == {0: 4}
        consumer.assign(topic, 0)
        assert indices(consumer.poll(6)) == [8, 10, 12, 14, 16, 18]


def test_text_comes_back_as_it_was_sent(proxy: str, prefix: str, topic: str) -> None:
    value = '{"b":1.50,"a": "Aydo\\u011fdu ğ", "big":12345678901234567890, "list":[ ]}'
    body = f'{{"records":[{{"value":{value},"partition":0}},{{"key":null,"value":null,"partition":0}}]}}'
    sent = requests.post(
        f"{proxy}/topics/{topic}",
        data=body.encode(),
        headers={"Content-Type": EMBEDDED.format("json")},
        timeout=30,
    )
    assert taken(sent) == 2
    with RestConsumer(proxy, prefix, **{**EARLY, "fetch.min.bytes": 1}) as consumer:
        consumer.assign(topic, 0)
        answer = poll(consumer.read, lambda answer: answer.text != "[]")
    assert answer.headers["Content-Type"] == f"{EMBEDDED.format('json')}; charset=utf-8"
    assert answer.text == (
        f'[{{"topic":"{topic}","key":null,"value":{value},"partition":0,"offset":0}},'
        f'{{"topic":"{topic}","key":null,"value":null,"partition":0,"offset":1}}]'
    )


def test_binary_format(proxy: str, kafka: Kafka, prefix: str, topic: str) -> None:
    producer = Producer({"bootstrap.servers": kafka.bootstrap})
    producer.produce(topic, key=b"\x00k", value=b"\xff\x00 no JSON", partition=0)
    producer.produce(topic, value=b"", partition=0)
    assert producer.flush(30) == 0
    with RestConsumer(proxy, prefix, format="binary", **EARLY) as consumer:
        consumer.assign(topic, 0)
        records = consumer.poll(2)
    assert [(r["key"] and base64.b64decode(r["key"]), base64.b64decode(r["value"])) for r in records] == [
        (b"\x00k", b"\xff\x00 no JSON"),
        (None, b""),
    ]


def test_record_that_is_not_json_is_named_and_can_be_passed_over(
    proxy: str, kafka: Kafka, prefix: str, topic: str
) -> None:
    producer = Producer({"bootstrap.servers": kafka.bootstrap})
    for value in (b'{"index":0}', b"{not JSON", b'{"index":2}'):
        producer.produce(topic, value=value, partition=0)
    assert producer.flush(30) == 0
    with RestConsumer(proxy, prefix, **BY_HAND) as consumer:
        consumer.assign(topic, 0)
        assert indices(consumer.poll(1)) == [0]
        for _ in range(2):
            answer = consumer.read()
            assert error_of(answer) == (408, 40801)
            assert f"{topic}, partition 0, offset 1 is not JSON" in answer.json()["message"]
        consumer.ask("POST", "/positions", {"offsets": [{"topic": topic, "partition": 0, "offset": 2}]})
        assert indices(consumer.poll(1)) == [2]


def test_positions(proxy: str, prefix: str, topic: str) -> None:
    send(proxy, topic, range(20))
    with RestConsumer(proxy, prefix, **BY_HAND) as consumer:
        consumer.assign(topic, 0, 1)
        consumer.ask("POST", "/positions/end", {"partitions": []})
        assert consumer.records() == []
        consumer.ask("POST", "/positions/beginning", {"partitions": places(topic, 1)})
        assert indices(consumer.poll(10)) == list(range(1, 20, 2))
        consumer.ask("POST", "/positions", {"offsets": [{"topic": topic, "partition": 0, "offset": 7}]})
        assert indices(consumer.poll(3)) == [14, 16, 18]
        early = [{**places(topic, 0)[0], "timestamp": "2000-01-01T00:00:00Z"}]
        late = [{**places(topic, 1)[0], "timestamp": "2999-01-01T00:00:00Z"}]
        consumer.ask("POST", "/positions", {"timestamps": early + late})
        assert indices(consumer.poll(10)) == list(range(0, 20, 2))
        consumer.ask("POST", "/positions/end", {"partitions": places(topic, 0, 1)})
        send(proxy, topic, range(20, 22))
        assert indices(consumer.poll(2)) == [20, 21]


def test_max_bytes_bounds_a_read_and_never_stops_it(proxy: str, prefix: str, topic: str) -> None:
    values = [{"index": n, "text": "x" * size} for n, size in enumerate((10, 10, 5000, 10, 10))]
    assert taken(post(proxy, topic, [{"value": value, "partition": 0} for value in values])) == 5
    with RestConsumer(proxy, prefix, **EARLY) as consumer:
        consumer.assign(topic, 0)
        reads: list[list[int]] = []
        poll(
            lambda: reads.append(indices(consumer.records(max_bytes=100))),
            lambda _: sum(map(len, reads)) >= 5,
        )
    assert [read for read in reads if read] == [[0, 1], [2], [3, 4]]


def test_pattern_takes_topics_that_match_as_a_whole(proxy: str, kafka: Kafka, prefix: str) -> None:
    names = [kafka.create(f"{prefix}.{name}") for name in ("geo", "geo2", "user")]
    for number, name in enumerate(names):
        assert taken(post(proxy, name, [{"value": {"index": number}}])) == 1
    with RestConsumer(proxy, prefix, **BY_HAND) as consumer:
        consumer.ask("POST", "/subscription", {"topic_pattern": rf"{re.escape(prefix)}\.(geo|user|pin)"})
        assert consumer.ask("GET", "/subscription") == {"topics": [names[0], names[2]]}
        assert indices(consumer.poll(2)) == [0, 2]
        consumer.ask("POST", "/offsets")
        made = kafka.create(f"{prefix}.pin")
        assert taken(post(proxy, made, [{"value": {"index": 3}}])) == 1
        assert indices(consumer.poll(1)) == [3]
        assert consumer.ask("GET", "/subscription") == {"topics": [names[0], made, names[2]]}


def test_subscriptions_and_assignments_exclude_each_other(proxy: str, prefix: str, topic: str) -> None:
    with RestConsumer(proxy, prefix) as consumer:
        assert error_of(consumer.read()) == (409, 40903)
        consumer.subscribe(topic)
        partitions = {"partitions": places(topic, 0)}
        assert error_of(consumer.call("POST", "/assignments", partitions)) == (409, 40903)
        pattern = {"topic_pattern": ".*"}
        assert error_of(consumer.call("POST", "/subscription", pattern)) == (409, 40903)
        both = {"topics": [topic], "topic_pattern": ".*"}
        assert error_of(consumer.call("POST", "/subscription", both)) == (409, 40903)
        consumer.ask("DELETE", "/subscription")
        assert consumer.ask("GET", "/subscription") == {"topics": []}
        consumer.assign(topic, 0)
        assert consumer.ask("GET", "/assignments") == partitions
        assert error_of(consumer.call("POST", "/subscription", {"topics": [topic]})) == (409, 40903)
        elsewhere = {"offsets": [{"topic": topic, "partition": 1, "offset": 0}]}
        assert error_of(consumer.call("POST", "/positions", elsewhere)) == (409, 40903)


def test_instance_that_exists_and_one_that_does_not(proxy: str, prefix: str, topic: str) -> None:
    with RestConsumer(proxy, prefix, name="one") as consumer:
        again = requests.post(
            f"{proxy}/consumers/{prefix}", json={"name": "one"}, headers={"Content-Type": V2}, timeout=30
        )
        assert error_of(again) == (409, 40902)
        assert consumer.call("DELETE").status_code == 204
        gone = [
            consumer.call("DELETE"),
            consumer.read(),
            consumer.call("GET", "/subscription"),
            consumer.call("POST", "/subscription", {"topics": [topic]}),
            consumer.call("POST", "/offsets"),
        ]
        assert {error_of(answer) for answer in gone} == {(404, 40403)}
    with RestConsumer(proxy, prefix, name="one") as consumer:
        assert consumer.ask("GET", "/assignments") == {"partitions": []}


@pytest.mark.parametrize("accept", [None, V2, EMBEDDED.format("binary"), EMBEDDED.format("avro")])
def test_records_in_another_format(proxy: str, prefix: str, accept: str | None) -> None:
    with RestConsumer(proxy, prefix) as consumer:
        headers = {"Accept": accept} if accept else {}
        answer = requests.get(f"{consumer.base_uri}/records", headers=headers, timeout=30)
        assert error_of(answer) == (406, 40601)


def test_delete_ends_a_read_that_is_under_way(proxy: str, prefix: str, topic: str) -> None:
    with RestConsumer(proxy, prefix, **{**EARLY, "consumer.request.timeout.ms": 50_000}) as consumer:
        consumer.subscribe(topic)
        answers: list[requests.Response] = []
        reader = threading.Thread(target=lambda: answers.append(consumer.read()))
        reader.start()
        poll(lambda: consumer.ask("GET", "/assignments")["partitions"], lambda found: len(found) == 2)
        began = time.monotonic()
        assert consumer.call("DELETE").status_code == 204
        reader.join(timeout=10)
        assert time.monotonic() - began < 5
    assert [error_of(answer) for answer in answers] == [(404, 40403)]


def test_records_of_a_client_that_hung_up_come_with_the_next_read(
    proxy: str, prefix: str, topic: str
) -> None:
    send(proxy, topic, range(10))
    with RestConsumer(proxy, prefix, **{**EARLY, "consumer.request.timeout.ms": 3000}) as consumer:
        consumer.assign(topic, 0, 1)
        address = urlsplit(consumer.base_uri)
        with socket.create_connection((address.hostname, address.port), timeout=30) as connection:
            connection.sendall(
                f"GET {address.path}/records HTTP/1.1\r\nHost: {address.netloc}\r\n"
                f"Accept: {EMBEDDED.format('json')}\r\n\r\n".encode()
            )
            # The proxy answers this one after it began with the other.
            consumer.ask("GET", "/assignments")
        assert indices(consumer.poll(10)) == list(range(10))


def test_base_uri_has_the_host_of_the_request(proxy: str, prefix: str) -> None:
    answer = requests.post(
        f"{proxy}/consumers/{prefix}",
        json={"format": "json"},
        headers={"Content-Type": V2, "Host": "proxy.example:8082"},
        timeout=30,
    )
    created = answer.json()
    instance = f"consumers/{prefix}/instances/{created['instance_id']}"
    assert created["base_uri"] == f"http://proxy.example:8082/{instance}"
    assert created["instance_id"].startswith("rest-consumer-")
    assert requests.delete(f"{proxy}/{instance}", timeout=30).status_code == 204


@pytest.fixture
def gateway(sandbox: RunningSandbox, prefix: str) -> Iterator[str]:
    """Invoke URL of an API that sends everything on to the proxy, as the product's own does."""
    client = aws_client("apigateway", sandbox.url("moto"))
    document = json.loads((CHECKOUT / "include/apigateway/pinterest.json").read_text(encoding="utf-8"))
    document["paths"] = {path: item for path, item in document["paths"].items() if "{proxy+}" in path}
    api = client.create_rest_api(name=prefix)["id"]
    client.put_rest_api(restApiId=api, mode="merge", body=json.dumps(document).encode())
    variables = {"restProxyHost": sandbox.address("rest_proxy")}
    client.create_deployment(restApiId=api, stageName="test", variables=variables)
    url = sandbox.url("api", f"/{prefix}/test")
    poll(lambda: requests.get(f"{url}/topics", timeout=30).status_code, lambda status: status == 200)
    yield url
    client.delete_rest_api(restApiId=api)


def test_consumer_through_the_api_gateway(proxy: str, gateway: str, prefix: str, topic: str) -> None:
    send(gateway, topic, range(10))
    with RestConsumer(gateway, prefix, name="one", **EARLY) as consumer:
        # The gateway asks the proxy under the proxy's own name: that is where the address leads to.
        assert consumer.base_uri == f"{proxy}/consumers/{prefix}/instances/one"
        consumer.subscribe(topic)
        assert indices(consumer.poll(10)) == list(range(10))
        # Whoever can't reach the proxy takes the gateway's address instead.
        consumer.base_uri = f"{gateway}/consumers/{prefix}/instances/one"
        consumer.ask("POST", "/positions/beginning", {"partitions": []})
        assert indices(consumer.poll(10)) == list(range(10))
