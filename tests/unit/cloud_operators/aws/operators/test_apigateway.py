from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from botocore.exceptions import ClientError
from structlog.testing import capture_logs

from cloud_operators.aws.links.apigateway import ApiGatewayRestApiLink, ApiGatewayStageLink
from cloud_operators.aws.openapi import found_routes
from cloud_operators.aws.operators.apigateway import (
    ApiGatewayCreateDeploymentOperator,
    ApiGatewayPutRestApiOperator,
)
from cloud_operators.exceptions import AmbiguousName
from tests.unit.cloud_operators import running

Document = dict[str, Any]


def document(*paths: str, host: str = "proxyHost") -> Document:
    """A document with an HTTP proxy of all methods at each path."""
    return {
        "openapi": "3.0.1",
        "info": {"title": "Another title", "version": "1"},
        "paths": {
            path: {
                "x-amazon-apigateway-any-method": {
                    "responses": {"200": {"description": "ok"}},
                    "x-amazon-apigateway-integration": {
                        "type": "HTTP_PROXY",
                        "httpMethod": "ANY",
                        "uri": f"http://${{stageVariables.{host}}}/x",
                        "passthroughBehavior": "WHEN_NO_MATCH",
                    },
                }
            }
            for path in paths
        },
    }


def put(specification: Document, **arguments: Any) -> tuple[str, dict[str, Any]]:
    """Run the operator; gives its result and what it pushed besides."""
    context = running.context()
    defaults = {"task_id": "put", "name": "demo", "aws_conn_id": None}
    operator = ApiGatewayPutRestApiOperator(specification=specification, **{**defaults, **arguments})
    return running.run(operator, context), context["ti"].xcoms


def deploy(rest_api_id: str, specification: Document | None, **variables: str) -> tuple[Any, dict[str, Any]]:
    context = running.context()
    operator = ApiGatewayCreateDeploymentOperator(
        task_id="deploy",
        rest_api_id=rest_api_id,
        stage_name="test",
        stage_variables=variables,
        specification=specification,
        aws_conn_id=None,
    )
    return running.run(operator, context), context["ti"].xcoms


def paths(apigateway: Any, rest_api_id: str) -> list[str]:
    items = apigateway.get_resources(restApiId=rest_api_id, embed=["methods"])["items"]
    return [item["path"] for item in items if item.get("resourceMethods")]


def test_creates_an_api(apigateway: Any) -> None:
    specification = document("/{proxy+}")
    before = copy.deepcopy(specification)

    rest_api_id, xcoms = put(specification, description="Demo API", tags={"team": "data"})

    (api,) = apigateway.get_rest_apis()["items"]
    assert (api["id"], api["name"], api["description"]) == (rest_api_id, "demo", "Demo API")
    assert api["tags"] == {"team": "data"}
    assert paths(apigateway, rest_api_id) == ["/{proxy+}"]
    assert xcoms["action"] == "created"
    assert xcoms[ApiGatewayRestApiLink.key]["rest_api_id"] == rest_api_id
    assert specification == before


def test_adopts_an_api_that_has_it_all(apigateway: Any) -> None:
    first, _ = put(document("/a", "/b"))

    again, xcoms = put(document("/b"))

    assert again == first
    assert xcoms["action"] == "adopted"
    # moto doubles a path that is merged twice: each is there once, so nothing was sent.
    assert sorted(paths(apigateway, first)) == ["/a", "/b"]


def test_adds_a_part(apigateway: Any) -> None:
    first, _ = put(document("/a"))

    again, xcoms = put(document("/streams"))

    assert again == first
    assert xcoms["action"] == "updated"
    assert sorted(paths(apigateway, first)) == ["/a", "/streams"]


def test_changes_an_integration_once(apigateway: Any) -> None:
    rest_api_id, _ = put(document("/a"))

    assert put(document("/a", host="otherHost"))[1]["action"] == "updated"
    assert put(document("/a", host="otherHost"))[1]["action"] == "adopted"

    resources = apigateway.get_resources(restApiId=rest_api_id, embed=["methods"])["items"]
    method = found_routes(resources)["/a"]["ANY"]
    assert method["integration"]["uri"] == "http://${stageVariables.otherHost}/x"


THROTTLED = {"THROTTLED": {"statusCode": 429, "responseTemplates": {"application/json": "{}"}}}
REQUIRED = {"name": "x-tenant", "in": "header", "required": True, "schema": {"type": "string"}}
BODY = {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Post"}}}}
SCHEMAS = {"schemas": {"Post": {"type": "object"}}}
VALIDATORS = {"body": {"validateRequestBody": True, "validateRequestParameters": False}}


@pytest.mark.parametrize(
    ("around", "within"),
    [
        ({"x-amazon-apigateway-gateway-responses": THROTTLED}, {}),
        ({"components": SCHEMAS}, {}),
        ({"x-amazon-apigateway-request-validators": VALIDATORS}, {}),
        ({"x-amazon-apigateway-binary-media-types": ["application/octet-stream"]}, {}),
        ({}, {"parameters": [REQUIRED]}),
        ({"components": SCHEMAS}, {"requestBody": BODY}),
    ],
    ids=["gateway responses", "models", "validators", "binary types", "required header", "body of a model"],
)
def test_applies_what_cannot_be_compared(
    apigateway: Any, around: dict[str, Any], within: dict[str, Any]
) -> None:
    """moto knows nothing of these parts, but doubles a path that is merged: it shows what was sent."""
    rest_api_id, _ = put(document("/a"))
    first, _ = deploy(rest_api_id, document("/a"))
    changed = {**document("/a"), **around}
    changed["paths"]["/a"]["x-amazon-apigateway-any-method"].update(within)

    assert put(changed)[1]["action"] == "updated"
    assert paths(apigateway, rest_api_id) == ["/a"] * 2
    # The task or its successor broke off. There is no deployment that could tell how far it came.
    assert put(changed)[1]["action"] == "updated"
    assert paths(apigateway, rest_api_id) == ["/a"] * 3
    second, _ = deploy(rest_api_id, changed)

    # moto's resources lack what is within a method, which AWS's show.
    assert (second["deployment_id"] != first["deployment_id"]) is bool(around)
    put(changed)
    again, xcoms = deploy(rest_api_id, changed)
    assert again == second
    assert xcoms["action"] == "unchanged"


def test_applies_what_cannot_be_compared_to_an_api_of_others(apigateway: Any) -> None:
    rest_api_id = apigateway.create_rest_api(name="demo")["id"]
    theirs = json.dumps(document("/a")).encode()
    apigateway.put_rest_api(restApiId=rest_api_id, mode="merge", body=theirs)

    assert put(document("/a"))[1]["action"] == "adopted"
    assert (
        put({**document("/a"), "x-amazon-apigateway-gateway-responses": THROTTLED})[1]["action"] == "updated"
    )
    assert paths(apigateway, rest_api_id) == ["/a"] * 2


def test_overwrites_what_the_document_no_longer_names(apigateway: Any) -> None:
    """The routes are equal, but only the service can remove the gateway response."""
    before = {**document("/a"), "x-amazon-apigateway-gateway-responses": THROTTLED}
    rest_api_id, _ = put(before, mode="overwrite")
    first, _ = deploy(rest_api_id, before)

    assert put(document("/a"), mode="overwrite")[1]["action"] == "updated"
    second, _ = deploy(rest_api_id, document("/a"))

    assert second["deployment_id"] != first["deployment_id"]
    # Sent again it is made of new resources, with the same content.
    assert put(document("/a"), mode="overwrite")[1]["action"] == "updated"
    assert deploy(rest_api_id, document("/a"))[0] == second


def test_overwrites_when_told_to(apigateway: Any) -> None:
    rest_api_id, _ = put(document("/a", "/b"))

    assert put(document("/a"), mode="overwrite")[1]["action"] == "updated"

    assert paths(apigateway, rest_api_id) == ["/a"]


def test_refuses_an_ambiguous_name(apigateway: Any) -> None:
    for _ in range(2):
        apigateway.create_rest_api(name="demo")

    with pytest.raises(AmbiguousName):
        put(document("/a"))


def test_refuses_a_document_without_paths_before_anything_is_created(apigateway: Any) -> None:
    with pytest.raises(ValueError, match="no paths"):
        put({"openapi": "3.0.1", "paths": {}})

    assert apigateway.get_rest_apis()["items"] == []


def test_shows_the_services_error(apigateway: Any) -> None:
    broken = document("/a")
    del broken["paths"]["/a"]["x-amazon-apigateway-any-method"]["responses"]
    broken["info"].pop("version")

    with pytest.raises(ClientError, match="BadRequestException"):
        put(broken)

    # The next try takes up the API that was created.
    _, xcoms = put(document("/a"))
    assert xcoms["action"] == "updated"


def test_deploys(apigateway: Any) -> None:
    specification = document("/a")
    rest_api_id, _ = put(specification)

    result, xcoms = deploy(rest_api_id, specification, proxyHost="10.0.0.1:8082")

    stage = apigateway.get_stage(restApiId=rest_api_id, stageName="test")
    assert result == {
        "rest_api_id": rest_api_id,
        "deployment_id": stage["deploymentId"],
        "stage_name": "test",
    }
    assert stage["variables"] == {"proxyHost": "10.0.0.1:8082"}
    assert xcoms["action"] == "created"
    assert xcoms[ApiGatewayStageLink.key]["stage_name"] == "test"


def test_the_address_of_a_stage_stands_in_no_log_and_no_result(apigateway: Any) -> None:
    rest_api_id, _ = put(document("/a"))

    with capture_logs() as logged:
        result, xcoms = deploy(rest_api_id, document("/a"), proxyHost="a")

    assert [entry for entry in logged if result["deployment_id"] in str(entry)]
    assert "execute-api" not in f"{logged}{result}{xcoms}"


def test_does_not_deploy_an_unchanged_api_again(apigateway: Any) -> None:
    specification = document("/a")
    rest_api_id, _ = put(specification)
    first, _ = deploy(rest_api_id, specification, proxyHost="a")

    again, xcoms = deploy(rest_api_id, specification, proxyHost="a")

    assert again == first
    assert xcoms["action"] == "unchanged"
    assert len(apigateway.get_deployments(restApiId=rest_api_id)["items"]) == 1


def test_parts_applied_in_turn_share_a_stage(apigateway: Any) -> None:
    """Two DAGs, each with its part of one API and its own stage variables."""
    batch, stream = document("/{proxy+}"), document("/streams", host="role")
    rest_api_id, _ = put(batch)
    deploy(rest_api_id, batch, proxyHost="a")
    put(stream)
    second, _ = deploy(rest_api_id, stream, role="r")

    put(batch)
    again, xcoms = deploy(rest_api_id, batch, proxyHost="a")

    assert again == second
    assert xcoms["action"] == "unchanged"
    assert len(apigateway.get_deployments(restApiId=rest_api_id)["items"]) == 2
    stage = apigateway.get_stage(restApiId=rest_api_id, stageName="test")
    assert stage["variables"] == {"proxyHost": "a", "role": "r"}


def test_does_not_go_back_to_a_deployment_without_the_changes_of_others(apigateway: Any) -> None:
    """Each part of the API has gateway responses of its own, which the API's resources do not show."""

    def with_throttled(status: int) -> Document:
        responses = {"THROTTLED": {"statusCode": status}}
        return {**document("/a"), "x-amazon-apigateway-gateway-responses": responses}

    def with_expired() -> Document:
        responses = {"EXPIRED_TOKEN": {"statusCode": 401}}
        return {**document("/b"), "x-amazon-apigateway-gateway-responses": responses}

    rest_api_id, _ = put(document("/a", "/b"))
    deploy(rest_api_id, with_throttled(429))
    second, _ = deploy(rest_api_id, with_expired())
    third, _ = deploy(rest_api_id, with_throttled(503))

    fourth, _ = deploy(rest_api_id, with_expired())

    assert fourth["deployment_id"] not in {second["deployment_id"], third["deployment_id"]}
    stage = apigateway.get_stage(restApiId=rest_api_id, stageName="test")
    assert stage["deploymentId"] == fourth["deployment_id"]
    assert deploy(rest_api_id, with_expired())[1]["action"] == "unchanged"


def test_changes_a_stage_variable_without_a_deployment(apigateway: Any) -> None:
    specification = document("/a")
    rest_api_id, _ = put(specification)
    first, _ = deploy(rest_api_id, specification, proxyHost="a", role="r")

    again, xcoms = deploy(rest_api_id, specification, proxyHost="b")

    assert again == first
    assert xcoms["action"] == "updated"
    stage = apigateway.get_stage(restApiId=rest_api_id, stageName="test")
    assert stage["variables"] == {"proxyHost": "b", "role": "r"}


def test_points_the_stage_to_a_new_deployment(apigateway: Any) -> None:
    rest_api_id, _ = put(document("/a"))
    first, _ = deploy(rest_api_id, document("/a"))
    put(document("/b"))

    second, xcoms = deploy(rest_api_id, document("/b"))

    assert second["deployment_id"] != first["deployment_id"]
    assert xcoms["action"] == "updated"
    stage = apigateway.get_stage(restApiId=rest_api_id, stageName="test")
    assert stage["deploymentId"] == second["deployment_id"]


def test_uses_the_deployment_of_a_try_that_broke_off_before_its_stage(apigateway: Any) -> None:
    specification = document("/a")
    rest_api_id, _ = put(specification)
    first, _ = deploy(rest_api_id, specification)
    apigateway.delete_stage(restApiId=rest_api_id, stageName="test")

    again, xcoms = deploy(rest_api_id, specification)

    assert again == first
    assert xcoms["action"] == "created"
    assert len(apigateway.get_deployments(restApiId=rest_api_id)["items"]) == 1


def test_does_not_deploy_an_api_without_methods(apigateway: Any) -> None:
    rest_api_id = apigateway.create_rest_api(name="demo")["id"]

    with pytest.raises(ClientError, match="doesn't contain any methods"):
        deploy(rest_api_id, None)
