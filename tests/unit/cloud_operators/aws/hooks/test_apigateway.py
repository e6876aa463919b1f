from __future__ import annotations

from typing import Any

import pytest

from cloud_operators.aws.hooks.apigateway import ApiGatewayHook
from cloud_operators.exceptions import AmbiguousName


@pytest.fixture
def hook(apigateway: Any) -> ApiGatewayHook:
    return ApiGatewayHook(aws_conn_id=None)


def test_finds_an_api_by_its_exact_name(apigateway: Any, hook: ApiGatewayHook) -> None:
    apigateway.create_rest_api(name="demo-2")
    wanted = apigateway.create_rest_api(name="demo")["id"]

    found = hook.find_rest_api("demo")

    assert found is not None
    assert found["id"] == wanted
    assert hook.find_rest_api("dem") is None


def test_refuses_a_name_that_two_apis_have(apigateway: Any, hook: ApiGatewayHook) -> None:
    ids = {apigateway.create_rest_api(name="demo")["id"] for _ in range(2)}

    with pytest.raises(AmbiguousName, match="REST API 'demo' is not unique") as raised:
        hook.find_rest_api("demo")

    assert set(raised.value.identifiers) == ids


def test_finds_no_stage_that_is_not_there(apigateway: Any, hook: ApiGatewayHook) -> None:
    rest_api_id = apigateway.create_rest_api(name="demo")["id"]

    assert hook.find_stage(rest_api_id, "test") is None


def test_finds_the_newest_deployment(apigateway: Any, hook: ApiGatewayHook) -> None:
    rest_api_id = apigateway.create_rest_api(name="demo")["id"]
    assert hook.find_newest_deployment(rest_api_id) is None

    root = apigateway.get_resources(restApiId=rest_api_id)["items"][0]["id"]
    method = {"restApiId": rest_api_id, "resourceId": root, "httpMethod": "GET"}
    apigateway.put_method(**method, authorizationType="NONE")
    apigateway.put_integration(**method, type="MOCK")
    # Most likely in one second, which is the resolution of the date.
    ids = [apigateway.create_deployment(restApiId=rest_api_id)["id"] for _ in range(3)]

    newest = hook.find_newest_deployment(rest_api_id)
    assert newest is not None
    assert newest["id"] == ids[-1]


@pytest.mark.parametrize(
    ("region", "url"),
    [
        ("us-east-1", "https://abc.execute-api.us-east-1.amazonaws.com/test"),
        ("us-gov-west-1", "https://abc.execute-api.us-gov-west-1.amazonaws.com/test"),
        ("cn-north-1", "https://abc.execute-api.cn-north-1.amazonaws.com.cn/test"),
    ],
)
def test_invoke_url(region: str, url: str) -> None:
    assert ApiGatewayHook(aws_conn_id=None, region_name=region).invoke_url("abc", "test") == url
