from __future__ import annotations

import json
from typing import Any

import pytest

from cloud_operators.aws.openapi import wanted_routes
from cloud_operators.aws.operators.apigateway import (
    ApiGatewayCreateDeploymentOperator,
    ApiGatewayPutRestApiOperator,
)
from cloud_operators.aws.uncompared import uncompared_parts
from pinterest_pipeline import connections
from pinterest_pipeline.paths import read_include
from pinterest_pipeline.provisioning import api
from pinterest_pipeline.provisioning.api import ApiPart
from tests.unit.cloud_operators import running

ROLE = "arn:aws:iam::123456789012:role/pinterest-kinesis-access-role"
VALUES = {"AWS_REGION": "eu-west-1", "AWS_ACCOUNT_ID": "123456789012"}
DOCUMENT = read_include("apigateway/pinterest.json")
ACTIONS = {
    ("/streams", "GET"): "ListStreams",
    ("/streams/{stream-name}", "GET"): "DescribeStream",
    ("/streams/{stream-name}", "POST"): "CreateStream",
    ("/streams/{stream-name}", "DELETE"): "DeleteStream",
    ("/streams/{stream-name}/record", "PUT"): "PutRecord",
    ("/streams/{stream-name}/records", "PUT"): "PutRecords",
}


def specification(part: ApiPart, *, require_api_key: bool = False) -> dict[str, Any]:
    values = VALUES if part is ApiPart.STREAM else None
    return api.api_specification(DOCUMENT, part, values=values, require_api_key=require_api_key)


@pytest.mark.parametrize(
    ("path", "part"),
    [
        ("/{proxy+}", "batch"),
        ("/streams", "stream"),
        ("/streams/{stream-name}/records", "stream"),
        ("/streamsets", "batch"),
        ("/topics/streams", "batch"),
    ],
)
def test_every_path_belongs_to_one_part(path: str, part: str) -> None:
    assert api.part_of(path) == part


def test_the_parts_are_the_whole_document() -> None:
    batch, stream = (specification(part)["paths"] for part in ApiPart)

    assert list(batch) == ["/{proxy+}"]
    assert sorted([*batch, *stream]) == sorted(json.loads(DOCUMENT)["paths"])


def test_the_batch_part_proxies_every_path_and_method() -> None:
    document = specification(ApiPart.BATCH)

    assert "security" not in document
    integration: dict[str, Any] = document["paths"]["/{proxy+}"]["x-amazon-apigateway-any-method"][
        "x-amazon-apigateway-integration"
    ]
    assert (integration["type"], integration["httpMethod"]) == ("http_proxy", "ANY")
    assert integration["uri"] == "http://${stageVariables.restProxyHost}/{proxy}"
    assert api.batch_variables("10.0.0.1:8082") == {"restProxyHost": "10.0.0.1:8082"}


def test_the_stream_part_has_an_action_of_kinesis_for_each_method() -> None:
    routes = wanted_routes(specification(ApiPart.STREAM))

    found = {(path, verb): method for path, methods in routes.items() for verb, method in methods.items()}
    assert {
        route: method["integration"]["uri"].rpartition("/")[2] for route, method in found.items()
    } == ACTIONS
    for route, method in found.items():
        integration = method["integration"]
        assert integration["uri"] == f"arn:aws:apigateway:eu-west-1:kinesis:action/{ACTIONS[route]}"
        assert integration["credentials"] == "arn:aws:iam::123456789012:role/${stageVariables.kinesisRole}"
        assert (integration["type"], integration["httpMethod"]) == ("AWS", "POST")
        assert integration["requestParameters"] == {
            "integration.request.header.Content-Type": "'application/x-amz-json-1.1'"
        }
        # Untouched, a body would name its own stream.
        assert integration["passthroughBehavior"] == "NEVER"
        assert list(integration["requestTemplates"]) == ["application/json"]
        patterns = {status: answer["selectionPattern"] for status, answer in integration["responses"].items()}
        assert patterns == {"200": "", "400": r"4\d{2}", "500": r"5\d{2}"}
        assert not any(answer["responseTemplates"] for answer in integration["responses"].values())


def test_templates_keep_their_dollars() -> None:
    paths = specification(ApiPart.STREAM)["paths"]

    template = paths["/streams/{stream-name}/records"]["put"]["x-amazon-apigateway-integration"][
        "requestTemplates"
    ]["application/json"]
    assert '"$.records[${foreach.index}].data"' in template
    assert "AWS_" not in json.dumps(paths)


def test_a_placeholder_without_a_value_is_an_error() -> None:
    with pytest.raises(KeyError, match="AWS_"):
        api.api_specification(DOCUMENT, ApiPart.STREAM, require_api_key=False)


def test_values_and_variables_of_the_stream_part_come_from_the_role() -> None:
    assert api.stream_values("eu-west-1", ROLE) == VALUES
    assert api.stream_variables(ROLE) == {"kinesisRole": "pinterest-kinesis-access-role"}
    assert api.stream_variables("arn:aws:iam::1:role/x".replace("1:", "210987654321:")) == {
        "kinesisRole": "x"
    }
    assert api.stream_variables(ROLE.replace("role/", "role/a/b/")) == {
        "kinesisRole": "a/b/pinterest-kinesis-access-role"
    }
    with pytest.raises(ValueError, match="no role's ARN"):
        api.stream_values("eu-west-1", "arn:aws:iam::123456789012:user/x")


@pytest.mark.parametrize("require_api_key", [False, True])
@pytest.mark.parametrize("part", ApiPart)
def test_all_of_a_part_can_be_compared(part: ApiPart, require_api_key: bool) -> None:
    """Else it would be sent and deployed on every run."""
    assert uncompared_parts(specification(part, require_api_key=require_api_key)) == []


@pytest.mark.parametrize("part", ApiPart)
def test_a_key_is_wanted_by_every_method(part: ApiPart) -> None:
    document = specification(part, require_api_key=True)

    methods = [method for item in wanted_routes(document).values() for method in item.values()]
    assert all(method["apiKeyRequired"] is True for method in methods)
    scheme = document["components"]["securitySchemes"]["api_key"]
    assert scheme == {"type": "apiKey", "name": "x-api-key", "in": "header"}


def apply(part: ApiPart, variables: dict[str, str]) -> tuple[dict[str, Any], str, str]:
    """Apply and deploy a part; gives the deployment and what was done."""
    document = specification(part)
    context = running.context()
    rest_api_id = running.run(
        ApiGatewayPutRestApiOperator(task_id="put", name="sandbox", specification=document), context
    )
    put = context["ti"].xcoms["action"]
    deployment = running.run(
        ApiGatewayCreateDeploymentOperator(
            task_id="deploy",
            rest_api_id=rest_api_id,
            stage_name=api.API_STAGE,
            stage_variables=variables,
            specification=document,
        ),
        context,
    )
    return deployment, put, context["ti"].xcoms["action"]


@pytest.mark.usefixtures("account")
def test_each_part_is_applied_without_touching_the_other() -> None:
    client = connections.aws_client("apigateway")
    batch, stream = api.batch_variables("proxy:8082"), api.stream_variables(ROLE)

    def methods() -> dict[str, Any]:
        [found] = client.get_rest_apis()["items"]
        items = client.get_resources(restApiId=found["id"], embed=["methods"], limit=500)["items"]
        paths = [item["path"] for item in items if item.get("resourceMethods")]
        assert len(paths) == len(set(paths))
        return {item["path"]: item for item in items if item.get("resourceMethods")}

    first, *done = apply(ApiPart.BATCH, batch)
    assert done == ["created", "created"]
    assert list(methods()) == ["/{proxy+}"]
    proxied = methods()["/{proxy+}"]

    second, *done = apply(ApiPart.STREAM, stream)
    assert done == ["updated", "updated"]
    assert second["rest_api_id"] == first["rest_api_id"]
    assert methods()["/{proxy+}"] == proxied
    both = methods()
    assert {(path, verb) for path, item in both.items() for verb in item["resourceMethods"]} == {
        *ACTIONS,
        ("/{proxy+}", "X-AMAZON-APIGATEWAY-ANY-METHOD"),
    }

    for part, variables in ((ApiPart.BATCH, batch), (ApiPart.STREAM, stream)):
        again, *done = apply(part, variables)
        assert done == ["adopted", "unchanged"]
        assert again["deployment_id"] == second["deployment_id"]
    assert methods() == both
    stage = client.get_stage(restApiId=first["rest_api_id"], stageName=api.API_STAGE)
    assert stage["variables"] == {**batch, **stream}
