"""The REST proxy before the sandbox's broker; expected answers are those of Confluent's API reference."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
import requests
from confluent_kafka.admin import AlterConfigOpType, ConfigEntry, ConfigResource

from tests.sandbox.kafka.clients import JSON, Kafka, poll, post, taken


@pytest.fixture
def topic(kafka: Kafka, prefix: str) -> str:
    return kafka.create(f"{prefix}.pin", partitions=2)


def send(url: str, topic: str, body: str, content_type: str | None = JSON) -> requests.Response:
    headers = {"Content-Type": content_type} if content_type else {}
    return requests.post(f"{url}/topics/{topic}", data=body.encode(), headers=headers, timeout=30)


def test_text_reaches_the_topic_as_sent(proxy: str, kafka: Kafka, topic: str) -> None:
    value = '{"index": 7528, "b":1.50,"a": "Aydo\\u011fdu ğ", "big":12345678901234567890, "list":[ ]}'
    answer = send(proxy, topic, f'{{"records":[{{"key":"k","value":{value},"partition":1}}]}}')
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "application/vnd.kafka.v2+json; charset=utf-8"
    assert answer.json() == {
        "offsets": [{"partition": 1, "offset": 0, "error_code": None, "error": None}],
        "key_schema_id": None,
        "value_schema_id": None,
    }
    (message,) = kafka.read(topic)
    assert (message.partition(), message.key(), message.value()) == (1, b'"k"', value.encode())


@pytest.mark.parametrize("value", [[1, {"a": 2}], "text", 17.5, True, {}])
def test_value_may_be_any_json(proxy: str, kafka: Kafka, topic: str, value: Any) -> None:
    assert post(proxy, topic, [{"value": value}]).status_code == 200
    assert [json.loads(message.value()) for message in kafka.read(topic)] == [value]


def test_offsets_are_in_the_order_of_the_records(proxy: str, kafka: Kafka, topic: str) -> None:
    answer = post(proxy, topic, [{"value": n, "partition": n % 2} for n in range(500)])
    offsets = [(entry["partition"], entry["offset"]) for entry in answer.json()["offsets"]]
    assert offsets == [(n % 2, n // 2) for n in range(500)]
    assert [int(m.value()) for m in kafka.read(topic)] == [*range(0, 500, 2), *range(1, 500, 2)]


def test_same_key_goes_to_the_same_partition(proxy: str, topic: str) -> None:
    answer = post(proxy, topic, [{"key": "7528", "value": n} for n in range(20)])
    assert len({entry["partition"] for entry in answer.json()["offsets"]}) == 1


def test_binary_format(proxy: str, kafka: Kafka, topic: str) -> None:
    record = {"key": base64.b64encode(b"k").decode(), "value": base64.b64encode(b"\x00\xff").decode()}
    body = json.dumps({"records": [record]})
    answer = send(proxy, topic, body, "application/vnd.kafka.binary.v2+json")
    assert answer.status_code == 200
    assert [(m.key(), m.value()) for m in kafka.read(topic)] == [(b"k", b"\x00\xff")]


def test_single_record_is_refused_inside_a_success(proxy: str, kafka: Kafka, prefix: str) -> None:
    topic = kafka.create(f"{prefix}.geo", config={"max.message.bytes": "2000"})
    values = [f"{n:0100}" for n in range(50)]
    values[30] = "x" * 3000
    answer = post(proxy, topic, [{"value": value} for value in values])
    assert answer.status_code == 200
    offsets = answer.json()["offsets"]
    refused = offsets.pop(30)
    assert (refused["partition"], refused["offset"], refused["error_code"]) == (None, None, 50002)
    assert "too large" in refused["error"]
    assert [entry["offset"] for entry in offsets] == list(range(49))
    del values[30]
    assert [json.loads(message.value()) for message in kafka.read(topic)] == values


def numbered(count: int) -> list[dict[str, Any]]:
    """Values of a hundred bytes."""
    return [{"value": f"{number:098}"} for number in range(count)]


def test_order_is_kept_in_a_topic_that_takes_small_batches_only(
    proxy: str, kafka: Kafka, prefix: str
) -> None:
    """Many batches are under way at once; one too large for the topic would be written after later ones."""
    topic = kafka.create(f"{prefix}.geo", config={"max.message.bytes": "20000"})
    records = numbered(3000)
    records[1] = records[2000] = {"value": "x" * 30_000}
    answer = post(proxy, topic, records)
    offsets = [entry["offset"] for entry in answer.json()["offsets"]]
    assert offsets == [0, None, *range(1, 1999), None, *range(1999, 2998)]
    del records[2000], records[1]
    assert [{"value": json.loads(message.value())} for message in kafka.read(topic)] == records


def test_records_are_taken_right_after_a_topic_was_told_to_take_smaller_batches(
    proxy: str, kafka: Kafka, topic: str
) -> None:
    assert taken(post(proxy, topic, numbered(1000))) == 1000
    smaller = ConfigEntry("max.message.bytes", "2000", incremental_operation=AlterConfigOpType.SET)
    resource = ConfigResource(ConfigResource.Type.TOPIC, topic, incremental_configs=[smaller])
    kafka.admin.incremental_alter_configs([resource])[resource].result(30)
    assert taken(post(proxy, topic, numbered(1000))) == 1000
    assert len(kafka.read(topic)) == 2000


def test_topics_are_listed_and_described(proxy: str, topic: str) -> None:
    assert topic in requests.get(f"{proxy}/topics", timeout=30).json()
    described = requests.get(f"{proxy}/topics/{topic}", timeout=30).json()
    assert described["name"] == topic
    assert described["configs"]["cleanup.policy"] == "delete"
    assert described["partitions"] == [
        {"partition": n, "leader": 1, "replicas": [{"broker": 1, "leader": True, "in_sync": True}]}
        for n in (0, 1)
    ]
    assert requests.get(f"{proxy}/topics/{topic}/partitions", timeout=30).json() == described["partitions"]


@pytest.mark.parametrize("path", ["//topics/{}", "/topics//{}", "///topics///{}//"])
def test_too_many_slashes_do_no_harm(proxy: str, topic: str, path: str) -> None:
    url = proxy + path.format(topic)
    assert requests.get(url, timeout=30).json()["name"] == topic
    answer = requests.post(url, data='{"records":[{"value":1}]}', headers={"Content-Type": JSON}, timeout=30)
    assert answer.status_code == 200


def test_root_gives_a_sign_of_life(proxy: str) -> None:
    assert requests.get(f"{proxy}/", timeout=30).json() == {}


def test_unknown_topic(proxy: str, prefix: str) -> None:
    for answer in (
        requests.get(f"{proxy}/topics/{prefix}.none", timeout=30),
        post(proxy, f"{prefix}.none", [{"value": 1}]),
    ):
        assert (answer.status_code, answer.json()) == (
            404,
            {"error_code": 40401, "message": "Topic not found."},
        )


def test_unknown_partition(proxy: str, kafka: Kafka, topic: str) -> None:
    answer = post(proxy, topic, [{"value": 1, "partition": 0}, {"value": 1, "partition": 2}])
    assert (answer.status_code, answer.json()) == (
        404,
        {"error_code": 40402, "message": "Partition not found."},
    )
    assert kafka.read(topic) == []


@pytest.mark.parametrize(
    ("body", "content_type", "status"),
    [
        ('{"records":[{"value":1}', JSON, 400),
        ('{"records":[]}', JSON, 422),
        ("{}", JSON, 422),
        ('{"records":[{"value":1}]}', "application/json", 415),
        ('{"records":[{"value":1}]}', "application/x-www-form-urlencoded", 415),
        ('{"records":[{"value":1}]}', None, 415),
    ],
)
def test_malformed_requests(proxy: str, topic: str, body: str, content_type: str | None, status: int) -> None:
    answer = send(proxy, topic, body, content_type)
    assert answer.status_code == status
    assert answer.json()["error_code"] == status
    assert answer.json()["message"]


def test_other_paths_and_methods_are_answered_in_the_same_form(proxy: str, topic: str) -> None:
    answer = requests.get(f"{proxy}/nothing/here", timeout=30)
    assert (answer.status_code, answer.json()) == (404, {"error_code": 404, "message": "HTTP 404 Not Found"})
    answer = requests.put(f"{proxy}/topics/{topic}", timeout=30)
    assert (answer.status_code, answer.json()["error_code"]) == (405, 405)
    answer = requests.get(f"{proxy}/topics", headers={"Accept": "text/html"}, timeout=30)
    assert (answer.status_code, answer.json()["error_code"]) == (406, 406)


def test_topic_that_was_made_again_is_written_to_from_the_start(
    proxy: str, kafka: Kafka, prefix: str
) -> None:
    topic = kafka.create(f"{prefix}.pin")
    for expected in (0, 1, 2):
        assert post(proxy, topic, [{"value": 1}]).json()["offsets"][0]["offset"] == expected
    kafka.delete(topic)
    poll(
        lambda: requests.get(f"{proxy}/topics/{topic}", timeout=30).status_code,
        lambda status: status == 404,
    )
    assert post(proxy, topic, [{"value": 1}]).json()["error_code"] == 40401
    kafka.create(topic)
    answer = poll(lambda: post(proxy, topic, [{"value": 2}]), lambda answer: answer.status_code == 200)
    assert answer.json()["offsets"] == [{"partition": 0, "offset": 0, "error_code": None, "error": None}]
    assert [message.value() for message in kafka.read(topic)] == [b"2"]
