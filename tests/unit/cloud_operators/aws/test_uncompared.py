from __future__ import annotations

import copy
from typing import Any

import pytest

from cloud_operators.aws.openapi import INTEGRATION
from cloud_operators.aws.uncompared import uncompared_parts
from tests.unit.cloud_operators.aws.test_openapi import DOCUMENT

KEY = {"type": "apiKey", "name": "x-api-key", "in": "header"}
AUTHORIZER = {**KEY, "x-amazon-apigateway-authtype": "custom"}
HEADER = {"name": "x-tenant", "in": "header", "required": True, "schema": {"type": "string"}}


def with_parts(around: dict[str, Any], within: dict[str, Any], integration: dict[str, Any]) -> dict[str, Any]:
    """The document with more outside its paths, in ``GET /streams`` and in the integration of it."""
    document = {**copy.deepcopy(DOCUMENT), **around}
    operation = document["paths"]["/streams"]["get"]
    operation[INTEGRATION].update(integration)
    operation.update(within)
    return document


@pytest.mark.parametrize(
    "document",
    [
        with_parts({}, {}, {}),
        with_parts(
            {"components": {"securitySchemes": {"api_key": KEY}}, "security": [{"api_key": []}]}, {}, {}
        ),
        with_parts({"tags": [{"name": "x"}], "components": {}, "x-amazon-apigateway-policy": {}}, {}, {}),
        with_parts({}, {"operationId": "list", "summary": "x", "parameters": [], "security": []}, {}),
        with_parts({}, {}, {"requestTemplates": {}, "connectionType": "INTERNET", "timeoutInMillis": 50}),
    ],
    ids=["compared", "api key", "nothing around", "nothing within", "compared integration"],
)
def test_all_is_compared(document: dict[str, Any]) -> None:
    assert uncompared_parts(document) == []


@pytest.mark.parametrize(
    ("part", "around", "within", "integration"),
    [
        (
            "x-amazon-apigateway-gateway-responses",
            {"x-amazon-apigateway-gateway-responses": {"X": {}}},
            {},
            {},
        ),
        # Zero compresses everything.
        (
            "x-amazon-apigateway-minimum-compression-size",
            {"x-amazon-apigateway-minimum-compression-size": 0},
            {},
            {},
        ),
        ("servers", {"servers": [{"url": "https://x"}]}, {}, {}),
        ("components.schemas", {"components": {"schemas": {"Post": {}}}}, {}, {}),
        ("components.securitySchemes", {"components": {"securitySchemes": {"api_key": AUTHORIZER}}}, {}, {}),
        ("components.securitySchemes", {"components": {"securitySchemes": {"key": KEY}}}, {}, {}),
        ("security", {"security": [{"pool": []}]}, {}, {}),
        ("security of GET /streams", {}, {"security": [{"pool": ["read"]}]}, {}),
        ("parameters of GET /streams", {}, {"parameters": [HEADER]}, {}),
        ("parameters of GET /streams", {}, {"parameters": [{"$ref": "#/components/parameters/x"}]}, {}),
        ("requestBody of GET /streams", {}, {"requestBody": {"content": {}}}, {}),
        (
            "responses of GET /streams",
            {},
            {"responses": {"200": {"description": "ok", "headers": {"x": {"schema": {"type": "string"}}}}}},
            {},
        ),
        (
            "x-amazon-apigateway-request-validator of GET /streams",
            {},
            {"x-amazon-apigateway-request-validator": "body"},
            {},
        ),
        ("integration.cacheKeyParameters of GET /streams", {}, {}, {"cacheKeyParameters": ["x"]}),
        (
            "integration.responses.x of GET /streams",
            {},
            {},
            {"responses": {"default": {"statusCode": "200", "x": 1}}},
        ),
    ],
)
def test_names_what_is_not(
    part: str, around: dict[str, Any], within: dict[str, Any], integration: dict[str, Any]
) -> None:
    assert uncompared_parts(with_parts(around, within, integration)) == [part]


def test_names_what_a_path_has_for_all_its_methods() -> None:
    document = with_parts({}, {}, {})
    document["paths"]["/streams"]["parameters"] = [HEADER]

    assert uncompared_parts(document) == ["parameters of /streams"]
