"""What an OpenAPI document says about keys, from PutRestApi to the answer of a request."""

from __future__ import annotations

import json
from typing import Any

import pytest
import requests

from pinterest_sandbox.aws import rest_apis
from tests.unit.pinterest_sandbox.apigateway.apis import integration, message, until_status
from tests.unit.pinterest_sandbox.apigateway.conftest import Backend

KEY = {"type": "apiKey", "name": "x-api-key", "in": "header"}
PATHS = {"/closed/{proxy+}": integration(), "/open/{proxy+}": integration()}


@pytest.fixture(autouse=True)
def mended(monkeypatch: pytest.MonkeyPatch) -> None:
    """The moto of this process, mended for one test."""
    models = rest_apis.models.APIGatewayBackend
    monkeypatch.setattr(models, "put_rest_api", models.put_rest_api)
    rest_apis.mend()


def document(**members: Any) -> bytes:
    whole = {"openapi": "3.0.1", "info": {"title": "t", "version": "1"}, "paths": PATHS}
    return json.dumps({**whole, **members}).encode()


def keyed(control: Any, endpoint: str, name: str, body: bytes) -> str:
    """The id of an API of that document, deployed to the stage ``test``."""
    api = str(control.create_rest_api(name=name)["id"])
    control.put_rest_api(restApiId=api, mode="merge", body=body)
    control.create_deployment(restApiId=api, stageName="test", variables={"host": endpoint})
    return api


def required(control: Any, api: str) -> dict[str, bool]:
    """Whether the method of each path wants a key, as GetResources says."""
    items = control.get_resources(restApiId=api, embed=["methods"])["items"]
    return {
        item["path"]: method["apiKeyRequired"]
        for item in items
        for method in item.get("resourceMethods", {}).values()
    }


CLOSED, OPEN = "/closed/{proxy+}", "/open/{proxy+}"


@pytest.mark.parametrize(
    ("members", "wanted"),
    [
        pytest.param({}, {CLOSED: False, OPEN: False}, id="no security"),
        pytest.param({"security": [{"key": []}]}, {CLOSED: True, OPEN: True}, id="the document's"),
        pytest.param({"security": [{"other": []}]}, {CLOSED: False, OPEN: False}, id="another scheme"),
        pytest.param(
            {
                "security": [{"key": []}],
                "paths": {**PATHS, OPEN: {"get": {**PATHS[OPEN]["get"], "security": []}}},
            },
            {CLOSED: True, OPEN: False},
            id="a method without",
        ),
        pytest.param(
            {"paths": {**PATHS, CLOSED: {"get": {**PATHS[CLOSED]["get"], "security": [{"key": []}]}}}},
            {CLOSED: True, OPEN: False},
            id="a method's own",
        ),
    ],
)
def test_methods_want_a_key_where_the_document_says_so(
    control: Any, members: dict[str, Any], wanted: dict[str, bool]
) -> None:
    api = str(control.create_rest_api(name="security")["id"])
    schemes = {"key": KEY, "other": {"type": "apiKey", "name": "token", "in": "header"}}
    body = document(components={"securitySchemes": schemes}, **members)
    control.put_rest_api(restApiId=api, mode="merge", body=body)
    assert required(control, api) == wanted
    # Back again by a document without any.
    control.put_rest_api(restApiId=api, mode="merge", body=document())
    assert required(control, api) == {CLOSED: False, OPEN: False}


def test_a_request_without_the_key_is_refused_and_too_many_with_it_are_throttled(
    control: Any, metered: str, endpoint: str, backend: Backend
) -> None:
    body = document(components={"securitySchemes": {"key": KEY}}, security=[{"key": []}])
    api = keyed(control, endpoint, "needs-key", body)
    throttle = {"rateLimit": 1, "burstLimit": 2}
    used = [{"apiId": api, "stage": "test"}]
    plan = control.create_usage_plan(name="needs-key", apiStages=used, throttle=throttle)["id"]
    key = control.create_api_key(name="needs-key", enabled=True)
    control.create_usage_plan_key(usagePlanId=plan, keyId=key["id"], keyType="API_KEY")
    url, header = f"{metered}/{api}/test/closed/x", {"x-api-key": key["value"]}

    for wrong in ({}, {"x-api-key": ""}, {"x-api-key": f"{key['value']}x"}):
        assert message(requests.get(url, headers=wrong, timeout=30)) == (403, "Forbidden")
    assert backend.seen == []
    assert [requests.get(url, headers=header, timeout=30).status_code for _ in range(2)] == [200, 200]
    assert message(requests.get(url, headers=header, timeout=30)) == (429, "Too Many Requests")
    assert len(backend.seen) == 2

    # As provisioning brings a plan in line.
    operation = {"op": "replace", "path": "/throttle/burstLimit", "value": "5"}
    control.update_usage_plan(usagePlanId=plan, patchOperations=[operation])
    until_status(url, 200, headers=header)
