"""A usage plan of the running sandbox, in front of the Kafka REST proxy."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pytest
import requests

from pinterest_sandbox.aws.clients import aws_client
from pinterest_sandbox.waiting import NotReady, wait_until
from tests.running_sandbox import RunningSandbox
from tests.sandbox.kafka.clients import Kafka

NAME = "throttlering"
BURST = 5
#: Requests a second: the next token comes after five.
RATE = 0.2


@dataclass(frozen=True)
class Invoked:
    """An API whose topics want a key, and a key of its usage plan."""

    url: str
    key: str
    topic: str

    def post(self, key: str | None = None) -> requests.Response:
        headers = {"Content-Type": "application/vnd.kafka.json.v2+json"}
        if key is not None:
            headers["x-api-key"] = key
        body = b'{"records":[{"value":{"index":1}}]}'
        return requests.post(f"{self.url}/topics/{self.topic}", data=body, headers=headers, timeout=30)


@pytest.fixture(scope="module")
def invoked(sandbox: RunningSandbox, topic: str) -> Iterator[Invoked]:
    client = aws_client("apigateway", sandbox.url("moto"))
    api = client.create_rest_api(name=NAME)["id"]
    [root] = [item["id"] for item in client.get_resources(restApiId=api)["items"]]
    topics = client.create_resource(restApiId=api, parentId=root, pathPart="topics")["id"]
    one = client.create_resource(restApiId=api, parentId=topics, pathPart="{topic}")["id"]
    host = f"http://{sandbox.address('rest_proxy')}"
    for resource, verb, uri, required, mapped in (
        (topics, "GET", f"{host}/topics", False, {}),
        (
            one,
            "POST",
            f"{host}/topics/{{topic}}",
            True,
            {"integration.request.path.topic": "method.request.path.topic"},
        ),
    ):
        client.put_method(
            restApiId=api,
            resourceId=resource,
            httpMethod=verb,
            authorizationType="NONE",
            apiKeyRequired=required,
        )
        client.put_integration(
            restApiId=api,
            resourceId=resource,
            httpMethod=verb,
            type="HTTP_PROXY",
            integrationHttpMethod=verb,
            uri=uri,
            requestParameters=mapped,
        )
    plan = client.create_usage_plan(
        name=NAME,
        apiStages=[{"apiId": api, "stage": "test"}],
        throttle={"rateLimit": RATE, "burstLimit": BURST},
    )["id"]
    key = client.create_api_key(name=NAME, enabled=True)
    client.create_usage_plan_key(usagePlanId=plan, keyId=key["id"], keyType="API_KEY")
    client.create_deployment(restApiId=api, stageName="test")
    url = sandbox.url("api", f"/{NAME}/test")

    def deployed() -> None:
        if requests.get(f"{url}/topics", timeout=5).status_code != 200:
            raise NotReady("not deployed")

    wait_until(deployed, what="deployed API", timeout=10)
    yield Invoked(url=url, key=key["value"], topic=topic)
    client.delete_usage_plan_key(usagePlanId=plan, keyId=key["id"])
    client.delete_usage_plan(usagePlanId=plan)
    client.delete_api_key(apiKey=key["id"])
    client.delete_rest_api(restApiId=api)


def test_exactly_the_burst_passes_and_one_more_when_its_time_has_come(
    sandbox: RunningSandbox, invoked: Invoked, topic: str
) -> None:
    assert [invoked.post(key).status_code for key in (None, "wrong-key-with-enough-text")] == [403, 403]

    started = time.monotonic()
    with ThreadPoolExecutor(10) as pool:
        answers = list(pool.map(lambda _: invoked.post(invoked.key), range(15)))
    came_since = int((time.monotonic() - started) * RATE)

    passed = sum(answer.status_code == 200 for answer in answers)
    refused = [answer for answer in answers if answer.status_code != 200]
    assert BURST <= passed <= BURST + came_since
    assert {(answer.status_code, answer.json()["message"]) for answer in refused} == {
        (429, "Too Many Requests")
    }
    assert Kafka(sandbox.address("kafka")).ends(topic)[0] == passed

    def passes_again() -> None:
        status = invoked.post(invoked.key).status_code
        if status != 200:
            raise NotReady(str(status))

    wait_until(passes_again, what="the next token", timeout=30)
    assert time.monotonic() - started >= (passed + 1 - BURST) / RATE - 0.1
    assert Kafka(sandbox.address("kafka")).ends(topic)[0] == passed + 1
