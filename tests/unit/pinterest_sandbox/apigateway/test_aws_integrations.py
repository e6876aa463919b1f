"""AWS integrations between a client and a service that does what a test says."""

from __future__ import annotations

import json
import logging
from typing import Any

import pytest
import requests
from botocore.exceptions import EndpointConnectionError

from tests.ports import held_port
from tests.unit.pinterest_sandbox.apigateway.apis import message, until_status
from tests.unit.pinterest_sandbox.apigateway.aws_apis import JSON_11, URI, Service, made, make_role
from tests.unit.pinterest_sandbox.apigateway.conftest import aws_gateway
from tests.unit.pinterest_sandbox.aws.serving import serving


def test_the_service_gets_what_the_definition_says(control: Any, calling: str, service: Service) -> None:
    path = made(
        control,
        "aws-request",
        requestParameters={
            "integration.request.header.Content-Type": f"'{JSON_11}'",
            "integration.request.header.X-From": "method.request.header.X-Sent",
            "integration.request.querystring.q": "stageVariables.role",
        },
    )

    answer = requests.post(
        f"{calling}/{path}?a=1",
        json={"StreamName": "other"},
        headers={"X-Sent": "s", "X-Own": "1"},
        timeout=30,
    )

    assert (answer.status_code, answer.content) == (200, b"{}")
    [(verb, target, headers, body)] = service.heard
    assert (verb, target, json.loads(body)) == ("POST", "/?q=aws-role", {"StreamName": "x"})
    assert headers["x-amz-target"] == "Kinesis_20131202.DescribeStream"
    assert (headers["content-type"], headers["x-from"]) == (JSON_11, "s")
    assert headers["user-agent"].startswith("AmazonAPIGateway_")
    assert "/eu-west-1/kinesis/aws4_request" in headers["authorization"]
    # A client's own headers and query stay behind.
    assert "x-own" not in headers
    assert "accept-encoding" not in headers


def test_without_a_mapped_content_type_it_is_json(control: Any, calling: str, service: Service) -> None:
    path = made(control, "aws-plain", requestParameters={})

    requests.post(f"{calling}/{path}", data=b"{}", headers={"Content-Type": "application/json"}, timeout=30)

    assert service.heard[0][2]["content-type"] == "application/json"


@pytest.mark.parametrize(
    ("content_type", "sent", "seen"),
    [
        (None, b"", {"StreamName": "x"}),
        ("application/json; charset=utf-8", b"no JSON", {"StreamName": "x"}),
        ("Application/JSON", b'{"StreamName": "y"}', {"StreamName": "x"}),
        ("text/plain", b'{"StreamName": "y"}', {"StreamName": "y"}),
    ],
)
def test_a_content_type_without_template_passes_untouched(
    control: Any, calling: str, service: Service, content_type: str | None, sent: bytes, seen: Any
) -> None:
    path = made(control, "aws-passing", passthroughBehavior="when_no_match")

    requests.post(
        f"{calling}/{path}",
        data=sent,
        headers={"Content-Type": content_type} if content_type else {},
        timeout=30,
    )

    assert service.documents == [seen]


@pytest.mark.parametrize("behaviour", ["never", "when_no_templates"])
def test_a_content_type_without_template_may_be_refused(
    control: Any, calling: str, service: Service, behaviour: str
) -> None:
    path = made(control, f"aws-{behaviour}", passthroughBehavior=behaviour)

    refused = requests.post(
        f"{calling}/{path}", data=b"x", headers={"Content-Type": "text/plain"}, timeout=30
    )

    assert message(refused) == (415, "Unsupported Media Type")
    assert refused.headers["x-amzn-ErrorType"] == "BadRequestException"
    assert service.heard == []


@pytest.mark.parametrize("role", ["absent", "wary"])
def test_a_role_that_cannot_be_taken(
    control: Any, iam: Any, calling: str, service: Service, role: str, caplog: pytest.LogCaptureFixture
) -> None:
    if role == "wary":
        make_role(iam, "aws-wary", "ec2.amazonaws.com")
    path = made(control, f"aws-role-{role}", {"role": f"aws-{role}"})

    answer = requests.post(f"{calling}/{path}", timeout=30)

    assert message(answer) == (500, "Internal server error")
    assert answer.headers["x-amzn-ErrorType"] == "InternalServerErrorException"
    assert f"role/aws-{role}" in caplog.text
    assert service.heard == []


def test_a_role_that_is_made_later_is_found(control: Any, iam: Any, calling: str, service: Service) -> None:
    path = made(control, "aws-later", {"role": "aws-made-later"})
    assert requests.get(f"{calling}/{path}", timeout=30).status_code == 500

    make_role(iam, "aws-made-later")

    until_status(f"{calling}/{path}", 200)


@pytest.mark.parametrize(
    ("changes", "logged"),
    [
        ({"credentials": None}, "'' is no role's ARN"),
        (
            {"uri": "arn:aws:apigateway:us-east-1:sqs:action/SendMessage"},
            "the AWS service sqs is not executed",
        ),
        ({"uri": "arn:aws:apigateway:us-east-1:kinesis:path/x"}, "is no action of an AWS service"),
        ({"uri": f"{URI}{{none}}"}, "integration.request.path.none is not mapped"),
        ({"requestTemplates": {"application/json": "$input.path('$.a[')"}}, "is no JSON path"),
        ({"requestTemplates": {"application/json": "#foreach("}}, "expected"),
        ({"requestParameters": {"integration.request.header.X": "nothing.x"}}, "nothing.x is no source"),
    ],
    ids=["no role", "service", "path", "parameter", "template fails", "no template", "source"],
)
def test_wrong_definitions_are_an_internal_error(
    control: Any,
    calling: str,
    service: Service,
    changes: dict[str, Any],
    logged: str,
    caplog: pytest.LogCaptureFixture,
    request: pytest.FixtureRequest,
) -> None:
    path = made(control, f"aws-wrong-{request.node.callspec.indices['changes']}", **changes)
    caplog.set_level(logging.ERROR)

    answer = requests.post(f"{calling}/{path}", timeout=30)

    assert message(answer) == (500, "Internal server error")
    assert logged in caplog.text
    assert service.heard == []


def test_a_request_that_the_service_refuses_by_its_form(control: Any, calling: str, service: Service) -> None:
    path = made(control, "aws-form", action="PutRecords")

    answer = requests.post(f"{calling}/{path}", timeout=30)

    assert answer.status_code == 400
    assert answer.json()["__type"] == "ValidationException"
    assert "at 'records'" in answer.json()["message"]
    assert service.heard == []


def test_a_service_that_is_too_slow(control: Any, calling: str, service: Service) -> None:
    path = made(control, "aws-slow", timeoutInMillis=60)
    service.delay = 1

    answer = requests.post(f"{calling}/{path}", timeout=30)

    assert message(answer) == (504, "Endpoint request timed out")


def test_a_service_that_is_not_there(control: Any, iam: Any, calling: str) -> None:
    path = made(control, "aws-away")

    with held_port() as port, serving(aws_gateway(control, iam, f"http://127.0.0.1:{port}")) as execution:
        answer = requests.post(f"{execution}/{path}", timeout=30)

    assert message(answer) == (504, "Network error communicating with endpoint")


def test_iam_that_does_not_answer(control: Any) -> None:
    path = made(control, "aws-iam")

    class NoIam:
        class exceptions:
            class NoSuchEntityException(Exception):
                pass

        def get_role(self, RoleName: str) -> None:
            raise EndpointConnectionError(endpoint_url="x")

    with serving(aws_gateway(control, NoIam(), "http://127.0.0.1:1")) as execution:
        answer = requests.post(f"{execution}/{path}", timeout=30)

    assert message(answer) == (500, "The sandbox's IAM does not answer")
