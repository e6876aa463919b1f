"""The Kafka REST proxy, API v2. https://docs.confluent.io/platform/current/kafka-rest/api.html"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
import requests

from tests.conformance.target import Target
from tests.rest_consumer import EMBEDDED, V2, RestConsumer, error_of, places

JSON, BINARY = EMBEDDED.format("json"), EMBEDDED.format("binary")


def produce(target: Target, body: bytes, *, kind: str = JSON) -> requests.Response:
    return requests.post(
        f"{target.rest_proxy}/topics/{target.topic}",
        data=body,
        headers={"Content-Type": kind, "Accept": V2},
        timeout=30,
    )


def written(*records: dict[str, Any]) -> bytes:
    """Records as the body of a produce request."""
    return json.dumps({"records": records}, ensure_ascii=False).encode()


def stored(answer: requests.Response) -> list[tuple[int, int]]:
    """Partition and offset of every record of a success."""
    assert answer.status_code == 200, answer.text
    offsets = answer.json()["offsets"]
    assert all(entry["error_code"] is None and entry["error"] is None for entry in offsets)
    return [(entry["partition"], entry["offset"]) for entry in offsets]


@pytest.fixture
def consumer(target: Target) -> Iterator[RestConsumer]:
    """An instance of a group of its own that commits by hand."""
    with RestConsumer(
        target.rest_proxy,
        f"{target.prefix}-{uuid4().hex[:8]}",
        name="one",
        **{"auto.offset.reset": "earliest", "auto.commit.enable": "false"},
    ) as made:
        yield made


def test_records_are_stored_in_their_order_and_read_again(target: Target, consumer: RestConsumer) -> None:
    values: list[Any] = [{"index": n, "text": "é ğ", "none": None, "list": [1.5, {}]} for n in range(20)]

    answer = produce(target, written(*({"value": value, "partition": 0} for value in values)))

    assert answer.headers["Content-Type"].startswith(V2)
    assert (answer.json()["key_schema_id"], answer.json()["value_schema_id"]) == (None, None)
    places_taken = stored(answer)
    first = places_taken[0][1]
    offsets = [offset for _, offset in places_taken]
    assert {partition for partition, _ in places_taken} == {0}
    assert offsets == sorted(set(offsets))

    consumer.assign(target.topic, 0)
    position = {"topic": target.topic, "partition": 0, "offset": first}
    consumer.ask("POST", "/positions", {"offsets": [position]})
    found = {record["offset"]: record for record in consumer.poll(20)}
    assert [found[offset]["value"] for offset in offsets] == values
    assert {(record["topic"], record["partition"], record["key"]) for record in found.values()} == {
        (target.topic, 0, None)
    }


def test_binary_records_are_base64(target: Target) -> None:
    record = {"key": base64.b64encode(b"\x00k").decode(), "value": base64.b64encode(b"\xff\x00").decode()}
    [(partition, offset)] = stored(produce(target, written(record), kind=BINARY))

    with RestConsumer(target.rest_proxy, f"{target.prefix}-{uuid4().hex[:8]}", format="binary") as consumer:
        consumer.assign(target.topic, partition)
        position = {"topic": target.topic, "partition": partition, "offset": offset}
        consumer.ask("POST", "/positions", {"offsets": [position]})
        [read] = consumer.poll(1)

    assert (read["key"], read["value"]) == (record["key"], record["value"])


def test_same_key_goes_to_the_same_partition(target: Target) -> None:
    answer = produce(target, written(*({"key": target.prefix, "value": n} for n in range(10))))

    assert len({partition for partition, _ in stored(answer)}) == 1


def test_topic_is_listed_and_described(target: Target) -> None:
    assert target.topic in requests.get(f"{target.rest_proxy}/topics", timeout=30).json()
    url = f"{target.rest_proxy}/topics/{target.topic}"
    described = requests.get(url, timeout=30).json()
    assert described["name"] == target.topic
    assert described["configs"]["cleanup.policy"] == "delete"
    for number, partition in enumerate(described["partitions"]):
        assert partition["partition"] == number
        [leader] = [replica for replica in partition["replicas"] if replica["leader"]]
        assert leader["broker"] == partition["leader"]
        assert leader["in_sync"] is True
    assert requests.get(f"{url}/partitions", timeout=30).json() == described["partitions"]
    assert requests.get(f"{url}/partitions/0", timeout=30).json() == described["partitions"][0]


def test_unknown_topic_and_partition(target: Target) -> None:
    absent = f"{target.prefix}.none"
    described = requests.get(f"{target.rest_proxy}/topics/{absent}", timeout=30)
    partition = requests.get(f"{target.rest_proxy}/topics/{target.topic}/partitions/9999", timeout=30)

    assert error_of(described) == (404, 40401)
    assert described.json()["message"] == "Topic not found."
    assert error_of(partition) == (404, 40402)
    assert partition.json()["message"] == "Partition not found."


@pytest.mark.parametrize(
    "body",
    [
        b'{"records":[{"value":1}',
        b"{'records':[{'value':1}]}",
        b'{"records":[{"value":nil}]}',
        b'{"records":[{"value":"\xff"}]}',
        b'{"records":[{"value":"two\nlines"}]}',
        b'{"records":[{"value":01}]}',
        b'{"records":{"value":1}}',
        b'{"records":[1]}',
        b'[{"value":1}]',
        b"no JSON",
    ],
    ids=lambda body: body.decode(errors="replace"),
)
def test_what_is_no_produce_request_is_a_bad_one(target: Target, body: bytes) -> None:
    answer = produce(target, body)

    assert error_of(answer) == (400, 400)
    assert answer.json()["message"]


@pytest.mark.parametrize("body", [b'{"records":[]}', b"{}", b'{"records":null}'])
def test_request_without_records_is_refused(target: Target, body: bytes) -> None:
    answer = produce(target, body)

    assert error_of(answer) == (422, 422)
    assert answer.json()["message"]


@pytest.mark.parametrize(
    "kind", ["text/plain", "application/json", "application/x-www-form-urlencoded", V2, "application/xml"]
)
def test_records_are_taken_in_an_embedded_format_only(target: Target, kind: str) -> None:
    answer = produce(target, written({"value": 1}), kind=kind)

    assert error_of(answer) == (415, 415)
    assert answer.json()["message"]


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b'{"topics":["t"', V2, 400),
        (b"no JSON", V2, 400),
        (b'{"topics":{"t":1}}', V2, 400),
        (b'{"topics":["t"]}', "text/plain", 415),
    ],
    ids=["cut", "no JSON", "no list", "content type"],
)
def test_subscription_that_can_not_be_read(
    consumer: RestConsumer, body: bytes, kind: str, status: int
) -> None:
    answer = requests.post(
        f"{consumer.base_uri}/subscription",
        data=body,
        headers={"Content-Type": kind, "Accept": V2},
        timeout=30,
    )

    assert error_of(answer) == (status, status)
    assert consumer.ask("GET", "/subscription") == {"topics": []}


def test_offsets_are_committed(target: Target, consumer: RestConsumer) -> None:
    [(partition, offset)] = stored(produce(target, written({"value": "x", "partition": 0})))
    asked = {"partitions": places(target.topic, partition)}
    assert consumer.call("GET", "/offsets", asked).json() == {"offsets": []}

    consumer.assign(target.topic, partition)
    position = {"topic": target.topic, "partition": partition, "offset": offset}
    consumer.ask("POST", "/positions", {"offsets": [position]})
    consumer.poll(1)
    consumer.ask("POST", "/offsets")

    [committed] = consumer.call("GET", "/offsets", asked).json()["offsets"]
    assert (committed["topic"], committed["partition"], committed["offset"]) == (
        target.topic,
        partition,
        offset + 1,
    )


def test_subscription_and_assignment_exclude_each_other(target: Target, consumer: RestConsumer) -> None:
    consumer.subscribe(target.topic)
    assert consumer.ask("GET", "/subscription") == {"topics": [target.topic]}

    refused = consumer.call("POST", "/assignments", {"partitions": places(target.topic, 0)})

    assert error_of(refused) == (409, 40903)
    assert consumer.call("DELETE", "/subscription").status_code == 204
    assert consumer.ask("GET", "/subscription") == {"topics": []}


def test_instance_name_is_unique_and_gone_when_deleted(target: Target) -> None:
    group = f"{target.prefix}-{uuid4().hex[:8]}"
    with RestConsumer(target.rest_proxy, group, name="one") as consumer:
        assert consumer.created["instance_id"] == "one"
        assert consumer.base_uri.endswith(f"/consumers/{group}/instances/one")
        again = requests.post(
            f"{target.rest_proxy}/consumers/{group}",
            json={"name": "one", "format": "json"},
            headers={"Content-Type": V2},
            timeout=30,
        )
        assert error_of(again) == (409, 40902)

        assert consumer.call("DELETE").status_code == 204
        assert error_of(consumer.call("DELETE")) == (404, 40403)
        assert error_of(consumer.read()) == (404, 40403)


def test_records_are_read_in_the_instance_s_format_only(consumer: RestConsumer) -> None:
    answer = requests.get(f"{consumer.base_uri}/records", headers={"Accept": BINARY}, timeout=60)

    assert error_of(answer) == (406, 40601)
