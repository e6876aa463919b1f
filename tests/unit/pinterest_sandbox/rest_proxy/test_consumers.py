"""The life of consumer instances, before a broker stand-in."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import time
from http.client import HTTPResponse
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
from confluent_kafka import Consumer, TopicPartition

from pinterest_sandbox.rest_proxy.app import make_app
from pinterest_sandbox.waiting import wait_until
from tests.ports import held_port
from tests.rest_consumer import EMBEDDED, V2, RestConsumer, error_of, places
from tests.unit.pinterest_sandbox.rest_proxy.conftest import SETTINGS, serving

JSON = EMBEDDED.format("json")
EARLY = {"auto.offset.reset": "earliest"}


def send(proxy: str, topic: str, count: int) -> None:
    records = [{"value": number} for number in range(count)]
    answer = requests.post(
        f"{proxy}/topics/{topic}/partitions/0",
        json={"records": records},
        headers={"Content-Type": JSON},
        timeout=30,
    )
    assert [entry["offset"] for entry in answer.json()["offsets"]] == list(range(count))


def committed(broker: str, group: str, topic: str) -> int:
    reader = Consumer({"bootstrap.servers": broker, "group.id": group, "log_level": 2})
    try:
        (found,) = reader.committed([TopicPartition(topic, 0)], timeout=10)
        return found.offset
    finally:
        reader.close()


def values(records: list[dict[str, Any]]) -> list[Any]:
    return [record["value"] for record in records]


def test_subscription_is_read_to_the_end(proxy: str, group: str, topic: str) -> None:
    send(proxy, topic, 50)
    with RestConsumer(proxy, group, **EARLY) as consumer:
        consumer.subscribe(topic)
        assert values(consumer.poll(50)) == list(range(50))


def test_commit_without_offsets_covers_what_was_delivered(
    proxy: str, broker: str, group: str, topic: str
) -> None:
    send(proxy, topic, 10)
    with RestConsumer(proxy, group, **{**EARLY, "auto.commit.enable": "false"}) as consumer:
        consumer.assign(topic, 0)
        # All are fetched, three of one byte are delivered.
        assert values(consumer.poll(3, max_bytes=3)) == [0, 1, 2]
        consumer.ask("POST", "/offsets")
    assert committed(broker, group, topic) == 3


def test_minimum_of_bytes_ends_a_read_early(proxy: str, group: str, topic: str) -> None:
    send(proxy, topic, 5)
    options = {**EARLY, "fetch.min.bytes": 3, "consumer.request.timeout.ms": 20_000}
    with RestConsumer(proxy, group, **options) as consumer:
        consumer.assign(topic, 0)
        began = time.monotonic()
        assert values(consumer.poll(5)) == list(range(5))
        assert time.monotonic() - began < 10
        began = time.monotonic()
        assert consumer.records(timeout=300) == []
        assert 0.3 <= time.monotonic() - began < 5


def test_new_assignment_keeps_the_place_of_partitions_that_stay(proxy: str, group: str, topic: str) -> None:
    send(proxy, topic, 6)
    with RestConsumer(proxy, group, **{**EARLY, "auto.commit.enable": "false"}) as consumer:
        consumer.assign(topic, 0)
        assert values(consumer.poll(2, max_bytes=2)) == [0, 1]
        consumer.assign(topic, 0, 1)
        assert values(consumer.poll(4)) == [2, 3, 4, 5]


def test_what_was_fetched_is_dropped_when_its_partition_is_read_elsewhere(
    proxy: str, group: str, topic: str
) -> None:
    send(proxy, topic, 6)
    with RestConsumer(proxy, group, **{**EARLY, "auto.commit.enable": "false"}) as consumer:
        consumer.assign(topic, 0)
        assert values(consumer.poll(2, max_bytes=2)) == [0, 1]
        consumer.ask("POST", "/positions", {"offsets": [{**places(topic, 0)[0], "offset": 4}]})
        # The place that it was put to is what a commit covers, as that of Kafka's consumer.
        consumer.ask("POST", "/offsets")
        found = consumer.ask("GET", "/offsets", {"partitions": places(topic, 0)})["offsets"]
        assert [entry["offset"] for entry in found] == [4]
        assert values(consumer.poll(2)) == [4, 5]


def test_idle_instances_are_closed_and_commit(broker: str, group: str, topic: str) -> None:
    with serving(make_app(broker, settings=SETTINGS, instance_timeout=1.5)) as url:
        send(url, topic, 4)
        consumer = RestConsumer(url, group, **EARLY)
        consumer.assign(topic, 0)
        assert values(consumer.poll(4)) == [0, 1, 2, 3]
        # A read that is under way is no idleness, however long it takes.
        longer = RestConsumer(url, group, **{"consumer.request.timeout.ms": 3000})
        longer.assign(topic, 1)
        assert longer.records() == []
        assert error_of(consumer.call("GET", "/assignments")) == (404, 40403)
    assert committed(broker, group, topic) == 4


def test_number_of_instances_is_bounded(broker: str, group: str) -> None:
    with serving(make_app(broker, settings=SETTINGS, max_instances=2)) as url:
        first, _ = RestConsumer(url, group), RestConsumer(url, group)
        asked = {"url": f"{url}/consumers/{group}", "headers": {"Content-Type": V2}, "timeout": 30}
        assert error_of(requests.post(json={}, **asked)) == (503, 50301)
        assert first.call("DELETE").status_code == 204
        assert requests.post(json={}, **asked).status_code == 200


def test_names_are_escaped_in_the_base_uri(proxy: str) -> None:
    with RestConsumer(proxy, "a%2Fb%20c", name="x/y ü") as consumer:
        assert consumer.base_uri == f"{proxy}/consumers/a%2Fb%20c/instances/x%2Fy%20%C3%BC"
        assert consumer.ask("GET", "/subscription") == {"topics": []}


@pytest.mark.parametrize("path", ["//consumers/{}", "/consumers//{}/"])
def test_too_many_slashes_do_no_harm(proxy: str, group: str, path: str) -> None:
    answer = requests.post(proxy + path.format(group), headers={"Accept": JSON}, timeout=30)
    assert answer.status_code == 200
    base = answer.json()["base_uri"].replace("/instances", "///instances")
    assert requests.get(f"{base}//subscription/", timeout=30).json() == {"topics": []}
    assert requests.delete(base, timeout=30).status_code == 204


@pytest.mark.parametrize(
    ("sent", "accepted", "status"),
    [
        (V2, "application/json;q=0, */*;q=0.5", 200),
        (JSON, JSON, 200),
        (EMBEDDED.format("avro"), "*/*", 200),
        ("application/json", "*/*", 415),
        (None, "*/*", 415),
        (V2, "text/html", 406),
        (V2, f"{V2};q=0", 406),
    ],
)
def test_content_types(proxy: str, group: str, sent: str | None, accepted: str, status: int) -> None:
    headers = {"Accept": accepted} | ({"Content-Type": sent} if sent else {})
    answer = requests.post(f"{proxy}/consumers/{group}", data="{}", headers=headers, timeout=30)
    assert answer.status_code == status
    if status == 200:
        assert requests.delete(answer.json()["base_uri"], timeout=30).status_code == 204
    else:
        assert answer.json()["error_code"] == status


@pytest.mark.parametrize("name", ["avro", "jsonschema", "protobuf"])
def test_formats_that_need_a_registry_are_refused_by_name(proxy: str, topic: str, name: str) -> None:
    answer = requests.post(
        f"{proxy}/topics/{topic}",
        data='{"records":[{"value":1}]}',
        headers={"Content-Type": EMBEDDED.format(name)},
        timeout=30,
    )
    assert error_of(answer) == (415, 415)
    assert f"format {name} needs a schema registry" in answer.json()["message"]


def test_terminated_proxy_commits_and_ends_reads(proxy: str, broker: str, group: str, topic: str) -> None:
    program = [sys.executable, "-m", "pinterest_sandbox.rest_proxy"]
    with held_port() as port:
        url = f"http://127.0.0.1:{port}"
        process = subprocess.Popen([*program, "--bootstrap", broker, "--port", str(port)])
        try:
            wait_until(lambda: requests.get(url, timeout=1).raise_for_status(), what="REST proxy", timeout=30)
            send(proxy, topic, 7)
            consumer = RestConsumer(url, group, **{**EARLY, "consumer.request.timeout.ms": 50_000})
            consumer.assign(topic, 0)
            assert values(consumer.records(max_bytes=4)) == [0, 1, 2, 3]
            # No record fits: this read takes its whole time.
            waiting = RestConsumer(url, group, **{"consumer.request.timeout.ms": 50_000})
            waiting.assign(topic, 1)
            with socket.create_connection(("127.0.0.1", port), timeout=30) as reader:
                path = urlsplit(waiting.base_uri).path
                reader.sendall(f"GET {path}/records HTTP/1.1\r\nHost: x\r\nAccept: {JSON}\r\n\r\n".encode())
                # Answered behind the read, which has arrived: the instance takes requests in turn.
                waiting.ask("GET", "/assignments")
                process.send_signal(signal.SIGTERM)
                began = time.monotonic()
                answer = HTTPResponse(reader)
                answer.begin()
                ended = (answer.status, json.loads(answer.read())["error_code"])
            assert process.wait(timeout=20) == 0
            assert time.monotonic() - began < 4
        finally:
            process.kill()
            process.wait()
    assert ended == (404, 40403)
    assert committed(broker, group, topic) == 4
