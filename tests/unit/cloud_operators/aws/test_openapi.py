from __future__ import annotations

import copy
import json
import re
from typing import Any

import pytest

from cloud_operators.aws.openapi import differing_methods, fingerprint, found_routes, wanted_routes

DOCUMENT: dict[str, Any] = {
    "openapi": "3.0.1",
    "info": {"title": "demo", "version": "1"},
    "paths": {
        "/{proxy+}": {
            "parameters": [{"name": "proxy", "in": "path", "required": True, "schema": {"type": "string"}}],
            "x-amazon-apigateway-any-method": {
                "security": [{"api_key": []}],
                "responses": {"200": {"description": "ok"}},
                "x-amazon-apigateway-integration": {
                    "type": "http_proxy",
                    "httpMethod": "ANY",
                    "uri": "http://${stageVariables.proxyHost}/{proxy}",
                    "requestParameters": {"integration.request.path.proxy": "method.request.path.proxy"},
                    "passthroughBehavior": "when_no_match",
                },
            },
        },
        "/streams": {
            "get": {
                "responses": {"200": {"description": "ok"}},
                "x-amazon-apigateway-integration": {
                    "type": "aws",
                    "httpMethod": "POST",
                    "uri": "arn:aws:apigateway:us-east-1:kinesis:action/ListStreams",
                    "credentials": "arn:aws:iam::123456789012:role/${stageVariables.role}",
                    "requestParameters": {
                        "integration.request.header.Content-Type": "'application/x-amz-json-1.1'"
                    },
                    "requestTemplates": {"application/json": "{}"},
                    "passthroughBehavior": "never",
                    "responses": {
                        "default": {"statusCode": "200"},
                        "4\\d{2}": {
                            "statusCode": "400",
                            "responseTemplates": {"application/json": ""},
                        },
                    },
                },
            }
        },
    },
}
# What GetResources of AWS answers for the document above (resource ids shortened).
RESOURCES: list[dict[str, Any]] = [
    {"id": "a", "path": "/"},
    {
        "id": "b",
        "path": "/{proxy+}",
        "resourceMethods": {
            "ANY": {
                "httpMethod": "ANY",
                "authorizationType": "NONE",
                "apiKeyRequired": True,
                "requestParameters": {"method.request.path.proxy": True},
                "methodIntegration": {
                    "type": "HTTP_PROXY",
                    "httpMethod": "ANY",
                    "uri": "http://${stageVariables.proxyHost}/{proxy}",
                    "connectionType": "INTERNET",
                    "requestParameters": {"integration.request.path.proxy": "method.request.path.proxy"},
                    "passthroughBehavior": "WHEN_NO_MATCH",
                    "timeoutInMillis": 29000,
                    "cacheNamespace": "b",
                    "cacheKeyParameters": [],
                },
            }
        },
    },
    {
        "id": "c",
        "path": "/streams",
        "resourceMethods": {
            "GET": {
                "httpMethod": "GET",
                "authorizationType": "NONE",
                "apiKeyRequired": False,
                "methodIntegration": {
                    "type": "AWS",
                    "httpMethod": "POST",
                    "uri": "arn:aws:apigateway:us-east-1:kinesis:action/ListStreams",
                    "credentials": "arn:aws:iam::123456789012:role/${stageVariables.role}",
                    "requestParameters": {
                        "integration.request.header.Content-Type": "'application/x-amz-json-1.1'"
                    },
                    "requestTemplates": {"application/json": "{}"},
                    "passthroughBehavior": "NEVER",
                    "timeoutInMillis": 29000,
                    "cacheNamespace": "c",
                    "cacheKeyParameters": [],
                    "integrationResponses": {
                        "200": {"statusCode": "200"},
                        "400": {
                            "statusCode": "400",
                            "selectionPattern": "4\\d{2}",
                            "responseTemplates": {"application/json": None},
                        },
                    },
                },
            }
        },
    },
]
INTEGRATION = "x-amazon-apigateway-integration"


def changed(**changes: Any) -> dict[str, Any]:
    """The document with another integration (or ``security``) of ``GET /streams``."""
    document = copy.deepcopy(DOCUMENT)
    operation = document["paths"]["/streams"]["get"]
    if "security" in changes:
        operation["security"] = changes.pop("security")
    operation[INTEGRATION].update(changes)
    return document


def test_equal() -> None:
    assert wanted_routes(DOCUMENT) == found_routes(RESOURCES)


@pytest.mark.parametrize(
    "document",
    [
        changed(uri="arn:aws:apigateway:us-east-1:kinesis:action/DescribeStream"),
        changed(requestTemplates={"application/json": '{"Limit": 3}'}),
        changed(requestParameters={}),
        changed(credentials="arn:aws:iam::123456789012:role/other"),
        changed(passthroughBehavior="when_no_match"),
        changed(timeoutInMillis=5000),
        changed(responses={"default": {"statusCode": "200"}}),
        changed(responses={"default": {"statusCode": "200"}, "5\\d{2}": {"statusCode": "400"}}),
        changed(security=[{"api_key": []}]),
    ],
    ids=[
        "uri",
        "template",
        "parameters",
        "credentials",
        "passthrough",
        "timeout",
        "fewer responses",
        "other pattern",
        "api key",
    ],
)
def test_names_the_method_that_differs(document: dict[str, Any]) -> None:
    assert differing_methods(wanted_routes(document), found_routes(RESOURCES)) == ["GET /streams"]


def test_names_what_is_missing_and_surplus() -> None:
    document = {"paths": {"/{proxy+}": DOCUMENT["paths"]["/{proxy+}"], "/new": DOCUMENT["paths"]["/streams"]}}
    wanted, found = wanted_routes(document), found_routes(RESOURCES)

    assert differing_methods(wanted, found) == ["GET /new"]
    assert differing_methods(wanted, found, exact=True) == ["GET /new", "GET /streams"]


def test_security_of_the_whole_document_counts() -> None:
    document = {**copy.deepcopy(DOCUMENT), "security": [{"api_key": []}]}
    document["paths"]["/streams"]["get"]["security"] = []

    assert differing_methods(wanted_routes(document), found_routes(RESOURCES)) == []


def test_of_a_path_listed_twice_the_last_counts() -> None:
    stale = copy.deepcopy(RESOURCES[2])
    stale["resourceMethods"]["GET"]["methodIntegration"]["uri"] = "stale"

    assert differing_methods(wanted_routes(DOCUMENT), found_routes([stale, *RESOURCES])) == []
    assert differing_methods(wanted_routes(DOCUMENT), found_routes([*RESOURCES, stale])) == ["GET /streams"]


def test_refuses_a_document_without_paths() -> None:
    with pytest.raises(ValueError, match="no paths"):
        wanted_routes({"openapi": "3.0.1", "paths": {}})


def test_fingerprint() -> None:
    same = fingerprint(RESOURCES, DOCUMENT)

    assert len(same) == 64
    # The part of the document that was applied makes no difference, nor does the order of the resources.
    assert fingerprint(RESOURCES[::-1], {**DOCUMENT, "paths": {"/x": {}}}) == same
    assert fingerprint(RESOURCES[:2], DOCUMENT) != same
    servers = [{"url": "", "x-amazon-apigateway-endpoint-configuration": {"disableExecuteApiEndpoint": True}}]
    assert fingerprint(RESOURCES, {**DOCUMENT, "servers": servers}) != same
    gateway = {"x-amazon-apigateway-gateway-responses": {"THROTTLED": {"statusCode": 429}}}
    assert fingerprint(RESOURCES, {**DOCUMENT, **gateway}) != same


def test_fingerprint_of_resources_that_were_made_anew() -> None:
    """With other ids, as moto makes them when a document is merged again: the old ones stay before them."""
    renamed = json.loads(re.sub(r'"([abc])"', r'"new \1"', json.dumps(RESOURCES)))
    assert (
        renamed[1]["id"]
        == renamed[1]["resourceMethods"]["ANY"]["methodIntegration"]["cacheNamespace"]
        == "new b"
    )

    assert fingerprint(renamed, DOCUMENT) == fingerprint(RESOURCES, DOCUMENT)
    assert fingerprint([*RESOURCES, *renamed[1:]], DOCUMENT) == fingerprint(RESOURCES, DOCUMENT)
    renamed[1]["resourceMethods"]["ANY"]["methodIntegration"]["cacheNamespace"] = "shared"
    assert fingerprint(renamed, DOCUMENT) != fingerprint(RESOURCES, DOCUMENT)
