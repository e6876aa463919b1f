"""What a client gets of a service's answer, where the integration is no proxy."""

from __future__ import annotations

import json
from typing import Any

import pytest
import requests

from tests.unit.pinterest_sandbox.apigateway.apis import message
from tests.unit.pinterest_sandbox.apigateway.aws_apis import JSON_11, Service, made

ERROR = {"__type": "ResourceNotFoundException", "message": "Stream x under account 123456789012 not found."}


@pytest.mark.parametrize(
    ("status", "seen"), [(200, 200), (202, 200), (400, 400), (404, 400), (500, 500), (503, 500)]
)
def test_the_status_is_mapped_and_the_body_passes(
    control: Any, calling: str, service: Service, status: int, seen: int
) -> None:
    path = made(control, "aws-status")
    service.status, service.body = status, json.dumps(ERROR).encode()
    service.headers = {"Content-Type": JSON_11, "x-amz-id-2": "i", "x-amzn-RequestId": "the service's"}

    answer = requests.post(f"{calling}/{path}", timeout=30)

    assert (answer.status_code, answer.content) == (seen, service.body)
    assert answer.headers["Content-Type"] == "application/json"
    assert "x-amz-id-2" not in answer.headers
    assert answer.headers["x-amzn-RequestId"] != "the service's"


def test_without_other_responses_every_status_becomes_200(
    control: Any, calling: str, service: Service
) -> None:
    path = made(control, "aws-default", responses={"default": {"statusCode": "200"}})
    service.status, service.body = 400, json.dumps(ERROR).encode()

    answer = requests.post(f"{calling}/{path}", timeout=30)

    assert (answer.status_code, answer.json()) == (200, ERROR)


@pytest.mark.parametrize(
    ("responses", "logged"),
    [
        ({"2\\d{2}": {"statusCode": "200"}}, "no integration response for status 400"),
        ({"40": {"statusCode": "200"}}, "no integration response for status 400"),
        ({"4(": {"statusCode": "200"}}, "integration response for status 400"),
        (
            {"default": {"statusCode": "200", "responseTemplates": {"application/json": "#if($a)"}}},
            "integration response for status 400",
        ),
        (
            {"default": {"statusCode": "200", "responseParameters": {"method.response.header.X": "none.x"}}},
            "none.x is no source",
        ),
    ],
    ids=["none", "only a part of the status", "no expression", "template", "parameter"],
)
def test_wrong_responses_are_an_internal_error(
    control: Any,
    calling: str,
    service: Service,
    responses: dict[str, Any],
    logged: str,
    caplog: pytest.LogCaptureFixture,
    request: pytest.FixtureRequest,
) -> None:
    path = made(control, f"aws-responses-{request.node.callspec.indices['responses']}", responses=responses)
    service.status = 400

    answer = requests.post(f"{calling}/{path}", timeout=30)

    assert message(answer) == (500, "Internal server error")
    assert logged in caplog.text


def test_templates_and_parameters_of_a_response(control: Any, calling: str, service: Service) -> None:
    texts = {
        "application/json": """{"streams": $input.json('$.Names'), "of": "$input.params('name')"}""",
        "text/plain": "$input.path('$.Names[0]')",
    }
    parameters = {
        "X-Id": "integration.response.header.x-amz-id-2",
        "X-All": "integration.response.multivalueheader.X-Many",
        "X-First": "integration.response.body.Names[0]",
        "X-None": "integration.response.body.Absent",
        "X-Body": "integration.response.body",
        "X-Role": "stageVariables.role",
        "X-Fixed": "'fixed'",
        "Content-Language": "context.httpMethod",
    }
    response = {
        "statusCode": "201",
        "responseTemplates": texts,
        "responseParameters": {
            f"method.response.header.{name}": source for name, source in parameters.items()
        },
    }
    path = made(control, "aws-response", responses={"default": response})
    service.body = b'{"Names":["a","b"]}'
    service.headers = {"x-amz-id-2": "i", "X-Many": "1"}

    as_json = requests.post(f"{calling}/{path}", timeout=30)
    as_text = requests.post(f"{calling}/{path}", headers={"Accept": "text/plain, */*"}, timeout=30)

    assert as_json.status_code == 201
    assert as_json.json() == {"streams": ["a", "b"], "of": "x"}
    assert as_json.headers["Content-Type"] == "application/json"
    assert {name: as_json.headers.get(name) for name in parameters} == {
        "X-Id": "i",
        "X-All": "1",
        "X-First": "a",
        "X-None": None,
        "X-Body": '{"Names":["a","b"]}',
        "X-Role": "aws-role",
        "X-Fixed": "fixed",
        "Content-Language": "POST",
    }
    assert (as_text.text, as_text.headers["Content-Type"].split(";")[0]) == ("a", "text/plain")
