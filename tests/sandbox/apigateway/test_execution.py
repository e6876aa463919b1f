"""API execution of the running sandbox, between a client and the Kafka REST proxy."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
import requests
from confluent_kafka import Consumer, TopicPartition

from pinterest_sandbox.aws.clients import aws_client
from pinterest_sandbox.waiting import NotReady, wait_until
from tests.running_sandbox import CHECKOUT, RunningSandbox

NAME = "apiring"
JSON_V2 = "application/vnd.kafka.json.v2+json"


@pytest.fixture(scope="module")
def invoke(sandbox: RunningSandbox) -> Iterator[str]:
    """Invoke URL of the product's own API document, deployed under another name."""
    client = aws_client("apigateway", sandbox.url("moto"))
    document = json.loads(
        (CHECKOUT / "include" / "apigateway" / "pinterest.json").read_text(encoding="utf-8")
    )
    paths = {path: item for path, item in document["paths"].items() if "{proxy+}" in path}
    url = sandbox.url("api", f"/{NAME}/test")
    assert requests.get(f"{url}/topics", timeout=5).status_code == 403

    api = client.create_rest_api(name=NAME)["id"]
    for _ in range(2):  # a path merged twice is there twice
        client.put_rest_api(
            restApiId=api, mode="merge", body=json.dumps({**document, "paths": paths}).encode()
        )
    client.create_deployment(
        restApiId=api, stageName="test", variables={"restProxyHost": sandbox.address("rest_proxy")}
    )

    def deployed() -> None:
        if requests.get(f"{url}/topics", timeout=5).status_code != 200:
            raise NotReady("not deployed")

    wait_until(deployed, what="deployed API", timeout=10)
    yield url
    client.delete_rest_api(restApiId=api)


def read_topic(sandbox: RunningSandbox, topic: str, first: int, count: int) -> list[bytes]:
    """Values of ``count`` records from offset ``first`` on."""
    consumer = Consumer({"bootstrap.servers": sandbox.address("kafka"), "group.id": "apiring"})
    consumer.assign([TopicPartition(topic, 0, first)])
    messages = consumer.consume(count, timeout=30)
    consumer.close()
    values = [message.value() for message in messages]
    assert all(isinstance(value, bytes) for value in values)
    return [value for value in values if isinstance(value, bytes)]


def post(url: str, topic: str, values: list[Any]) -> requests.Response:
    body = json.dumps({"records": [{"value": value} for value in values]}, ensure_ascii=False).encode()
    return requests.post(f"{url}/topics/{topic}", data=body, headers={"Content-Type": JSON_V2}, timeout=30)


def test_posts_reach_the_topic_as_sent(sandbox: RunningSandbox, invoke: str, topic: str) -> None:
    values = [{"index": n, "zeta": "é\u00a0", "alpha": [n, None, 1.5]} for n in range(500)]

    answer = post(invoke, topic, values)

    assert answer.status_code == 200
    content = answer.json()
    assert content["key_schema_id"] is None
    offsets = [offset["offset"] for offset in content["offsets"]]
    assert len(offsets) == 500
    stored = read_topic(sandbox, topic, offsets[0], 500)
    assert [json.loads(value) for value in stored] == values
    assert [list(json.loads(value)) for value in stored] == [["index", "zeta", "alpha"]] * 500


def test_double_slashes_are_tolerated(invoke: str, topic: str) -> None:
    answer = post(f"{invoke}/", topic, [{"index": 1}])

    assert answer.status_code == 200


def test_topics_are_listed(invoke: str, topic: str) -> None:
    assert topic in requests.get(f"{invoke}/topics", timeout=10).json()


def test_errors_of_the_proxy_pass(invoke: str) -> None:
    answer = post(invoke, "apiring.none", [{"index": 1}])

    assert answer.status_code == 404
    assert answer.json()["error_code"] == 40401
