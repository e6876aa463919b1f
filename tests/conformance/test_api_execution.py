"""Execution of an API that proxies to the Kafka REST proxy.

https://docs.aws.amazon.com/apigateway/latest/developerguide/
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests

from pinterest_sandbox.waiting import NotReady, wait_until
from tests.conformance.target import Target
from tests.rest_consumer import EMBEDDED, RestConsumer, error_of

STAGE = "test"
JSON = EMBEDDED.format("json")


@dataclass(frozen=True, kw_only=True)
class Api:
    """A deployed API: ``/{proxy+}`` is the REST proxy, ``/keyed`` its topics for those with a key.

    :param key: the value of the key.
    """

    url: str
    key: str

    def post(self, topic: str, values: list[Any], **headers: str) -> requests.Response:
        body = json.dumps({"records": [{"value": value, "partition": 0} for value in values]})
        return requests.post(
            f"{self.url}/topics/{topic}", data=body, headers={"Content-Type": JSON, **headers}, timeout=60
        )


@pytest.fixture(scope="module")
def api(target: Target) -> Iterator[Api]:
    client = target.client("apigateway")
    with ExitStack() as removal:
        made = deploy(target, client, removal)
        wait_until(lambda: check_deployed(made), what="deployed API", timeout=60, interval=0.2)
        yield made


def deploy(target: Target, client: Any, removal: ExitStack) -> Api:
    """Make the API, a usage plan and its key; ``removal`` learns how each is removed."""
    host = "http://${stageVariables.restProxyHost}"
    path = {"name": "proxy", "in": "path", "required": True, "schema": {"type": "string"}}
    everything = {
        "parameters": [path],
        "responses": {},
        "x-amazon-apigateway-integration": {
            "type": "http_proxy",
            "httpMethod": "ANY",
            "uri": f"{host}/{{proxy}}",
            "requestParameters": {"integration.request.path.proxy": "method.request.path.proxy"},
            "passthroughBehavior": "when_no_match",
        },
    }
    document = {
        "openapi": "3.0.1",
        "info": {"title": target.prefix, "version": "1.0"},
        "paths": {"/{proxy+}": {"x-amazon-apigateway-any-method": everything}},
    }
    api_id = client.create_rest_api(name=target.prefix)["id"]
    removal.callback(client.delete_rest_api, restApiId=api_id)
    client.put_rest_api(restApiId=api_id, mode="overwrite", body=json.dumps(document).encode())
    [root] = [item for item in client.get_resources(restApiId=api_id)["items"] if item["path"] == "/"]
    keyed = client.create_resource(restApiId=api_id, parentId=root["id"], pathPart="keyed")["id"]
    method = {"restApiId": api_id, "resourceId": keyed, "httpMethod": "GET"}
    client.put_method(**method, authorizationType="NONE", apiKeyRequired=True)
    client.put_integration(**method, type="HTTP_PROXY", integrationHttpMethod="GET", uri=f"{host}/topics")
    variables = {"restProxyHost": urlsplit(target.rest_proxy).netloc}
    client.create_deployment(restApiId=api_id, stageName=STAGE, variables=variables)
    key = client.create_api_key(name=target.prefix, enabled=True)
    removal.callback(client.delete_api_key, apiKey=key["id"])
    plan = client.create_usage_plan(name=target.prefix, apiStages=[{"apiId": api_id, "stage": STAGE}])["id"]

    def remove_plan() -> None:
        # A plan that still has a stage can't be deleted.
        stage = {"op": "remove", "path": "/apiStages", "value": f"{api_id}:{STAGE}"}
        client.update_usage_plan(usagePlanId=plan, patchOperations=[stage])
        client.delete_usage_plan(usagePlanId=plan)

    removal.callback(remove_plan)
    client.create_usage_plan_key(usagePlanId=plan, keyId=key["id"], keyType="API_KEY")
    return Api(url=target.invoke_url(target.prefix, api_id, STAGE), key=key["value"])


def check_deployed(api: Api) -> None:
    answer = requests.get(f"{api.url}/topics", timeout=30)
    if answer.status_code != 200:
        raise NotReady(f"{answer.status_code}: {answer.text}")


def test_posts_reach_the_topic_as_sent(target: Target, api: Api) -> None:
    values = [{"index": n, "zeta": "é", "alpha": [n, None, 1.5]} for n in range(50)]

    answer = api.post(target.topic, values)

    assert answer.status_code == 200, answer.text
    offsets = [entry["offset"] for entry in answer.json()["offsets"]]
    with RestConsumer(target.rest_proxy, f"{target.prefix}-api") as consumer:
        consumer.assign(target.topic, 0)
        position = {"topic": target.topic, "partition": 0, "offset": offsets[0]}
        consumer.ask("POST", "/positions", {"offsets": [position]})
        found = {record["offset"]: record["value"] for record in consumer.poll(len(values))}
    assert [found[offset] for offset in offsets] == values


def test_answers_of_the_backend_pass(target: Target, api: Api) -> None:
    """An HTTP proxy integration passes status and body on."""
    through = requests.get(f"{api.url}/topics/{target.prefix}.none", timeout=30)
    described = requests.get(f"{api.url}/topics/{target.topic}/partitions/0", timeout=30)

    assert error_of(through) == (404, 40401)
    assert described.status_code == 200
    assert described.json()["partition"] == 0


def test_every_answer_has_a_request_id(target: Target, api: Api) -> None:
    answers = [requests.get(f"{api.url}{path}", timeout=30) for path in ("/topics", "/keyed", "/topics")]

    ids = [answer.headers["x-amzn-RequestId"] for answer in answers]
    assert len(set(ids)) == 3


def test_resource_without_a_method(api: Api) -> None:
    """``/`` is not matched by ``/{proxy+}``."""
    answer = requests.get(f"{api.url}/", timeout=30)

    assert answer.status_code == 403
    assert answer.json() == {"message": "Missing Authentication Token"}
    assert answer.headers["x-amzn-ErrorType"] == "MissingAuthenticationTokenException"


def test_stage_that_is_not_deployed(api: Api) -> None:
    answer = requests.get(f"{api.url.removesuffix(STAGE)}absent/topics", timeout=30)

    assert answer.status_code == 403
    assert answer.json() == {"message": "Forbidden"}
    assert answer.headers["x-amzn-ErrorType"] == "ForbiddenException"


def test_key_is_needed_where_it_is_required(target: Target, api: Api) -> None:
    for headers in ({}, {"x-api-key": "wrong"}):
        refused = requests.get(f"{api.url}/keyed", headers=headers, timeout=30)
        assert refused.status_code == 403
        assert refused.json() == {"message": "Forbidden"}

    def accepted() -> None:
        answer = requests.get(f"{api.url}/keyed", headers={"x-api-key": api.key}, timeout=30)
        if answer.status_code != 200:
            raise NotReady(f"{answer.status_code}: {answer.text}")
        assert target.topic in answer.json()

    # AWS takes a while until a new key works everywhere.
    wait_until(accepted, what="the new key", timeout=120, interval=0.5)
