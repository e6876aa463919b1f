"""AWS integrations between a client and a service that does what a test says."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
import requests
from aiohttp import web

from pinterest_sandbox.apigateway.catalog import Catalog
from pinterest_sandbox.apigateway.gateway import application
from pinterest_sandbox.apigateway.integrations import AwsIntegration
from pinterest_sandbox.apigateway.roles import Roles
from tests.unit.pinterest_sandbox.apigateway.apis import deploy, message, until_status
from tests.unit.pinterest_sandbox.aws.serving import free_port, serving

URI = "arn:aws:apigateway:eu-west-1:kinesis:action/"
ROLE = "arn:aws:iam::123456789012:role/${stageVariables.role}"
JSON_11 = "application/x-amz-json-1.1"
ERROR = {"__type": "ResourceNotFoundException", "message": "Stream x under account 123456789012 not found."}


@dataclass
class Service:
    """A service that answers every request alike, and what it has heard."""

    heard: list[tuple[str, str, dict[str, str], bytes]] = field(default_factory=list)
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b"{}"
    delay: float = 0

    @property
    def documents(self) -> list[Any]:
        return [json.loads(body) for *_, body in self.heard]


@pytest.fixture(scope="module")
def one_service() -> Service:
    return Service()


@pytest.fixture
def service(one_service: Service) -> Service:
    """The service of this test, which has heard nothing and answers 200."""
    one_service.__init__()  # type: ignore[misc]
    return one_service


@pytest.fixture(scope="module")
def invoke(control: Any, iam: Any, one_service: Service) -> Iterator[str]:
    """URL of an API execution whose Kinesis is the service."""
    trust = {
        "Effect": "Allow",
        "Principal": {"Service": "apigateway.amazonaws.com"},
        "Action": "sts:AssumeRole",
    }
    iam.create_role(RoleName="aws-role", AssumeRolePolicyDocument=json.dumps({"Statement": [trust]}))

    async def answer(request: web.Request) -> web.Response:
        headers = {name.lower(): value for name, value in request.headers.items()}
        one_service.heard.append((request.method, request.raw_path, headers, await request.read()))
        await asyncio.sleep(one_service.delay)
        return web.Response(status=one_service.status, headers=one_service.headers, body=one_service.body)

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answer)
    with serving(app) as url, serving(gateway(control, iam, url)) as execution:
        yield execution


def gateway(control: Any, iam: Any, kinesis: str) -> web.Application:
    return application(Catalog(control), AwsIntegration(Roles(iam), {"kinesis": kinesis}))


def method(action: str = "DescribeStream", **changes: Any) -> dict[str, Any]:
    """A POST method with an AWS integration, changed."""
    return {
        "post": {
            "responses": {},
            "x-amazon-apigateway-integration": {
                "type": "aws",
                "httpMethod": "POST",
                "uri": f"{URI}{action}",
                "credentials": ROLE,
                "requestParameters": {"integration.request.header.Content-Type": f"'{JSON_11}'"},
                "requestTemplates": {"application/json": '{"StreamName": "$input.params(\'name\')"}'},
                "responses": {
                    "default": {"statusCode": "200"},
                    "4\\d{2}": {"statusCode": "400"},
                    "5\\d{2}": {"statusCode": "500"},
                },
                **changes,
            },
        }
    }


def made(control: Any, name: str, variables: dict[str, str] | None = None, **changes: Any) -> str:
    """The path of an API with this method at ``/streams/{name}``."""
    deploy(control, name, {"/streams/{name}": method(**changes)}, variables or {"role": "aws-role"})
    return f"{name}/test/streams/x"


def test_the_service_gets_what_the_definition_says(control: Any, invoke: str, service: Service) -> None:
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
        f"{invoke}/{path}?a=1",
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


def test_without_a_mapped_content_type_it_is_json(control: Any, invoke: str, service: Service) -> None:
    path = made(control, "aws-plain", requestParameters={})

    requests.post(f"{invoke}/{path}", data=b"{}", headers={"Content-Type": "application/json"}, timeout=30)

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
    control: Any, invoke: str, service: Service, content_type: str | None, sent: bytes, seen: Any
) -> None:
    path = made(control, "aws-passing", passthroughBehavior="when_no_match")

    requests.post(
        f"{invoke}/{path}",
        data=sent,
        headers={"Content-Type": content_type} if content_type else {},
        timeout=30,
    )

    assert service.documents == [seen]


@pytest.mark.parametrize("behaviour", ["never", "when_no_templates"])
def test_a_content_type_without_template_may_be_refused(
    control: Any, invoke: str, service: Service, behaviour: str
) -> None:
    path = made(control, f"aws-{behaviour}", passthroughBehavior=behaviour)

    refused = requests.post(f"{invoke}/{path}", data=b"x", headers={"Content-Type": "text/plain"}, timeout=30)

    assert message(refused) == (415, "Unsupported Media Type")
    assert refused.headers["x-amzn-ErrorType"] == "BadRequestException"
    assert service.heard == []


@pytest.mark.parametrize(
    ("status", "seen"), [(200, 200), (202, 200), (400, 400), (404, 400), (500, 500), (503, 500)]
)
def test_the_status_is_mapped_and_the_body_passes(
    control: Any, invoke: str, service: Service, status: int, seen: int
) -> None:
    path = made(control, "aws-status")
    service.status, service.body = status, json.dumps(ERROR).encode()
    service.headers = {"Content-Type": JSON_11, "x-amz-id-2": "i", "x-amzn-RequestId": "the service's"}

    answer = requests.post(f"{invoke}/{path}", timeout=30)

    assert (answer.status_code, answer.content) == (seen, service.body)
    assert answer.headers["Content-Type"] == "application/json"
    assert "x-amz-id-2" not in answer.headers
    assert answer.headers["x-amzn-RequestId"] != "the service's"


def test_without_other_responses_every_status_becomes_200(
    control: Any, invoke: str, service: Service
) -> None:
    path = made(control, "aws-default", responses={"default": {"statusCode": "200"}})
    service.status, service.body = 400, json.dumps(ERROR).encode()

    answer = requests.post(f"{invoke}/{path}", timeout=30)

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
    invoke: str,
    service: Service,
    responses: dict[str, Any],
    logged: str,
    caplog: pytest.LogCaptureFixture,
    request: pytest.FixtureRequest,
) -> None:
    path = made(control, f"aws-responses-{request.node.callspec.indices['responses']}", responses=responses)
    service.status = 400

    answer = requests.post(f"{invoke}/{path}", timeout=30)

    assert message(answer) == (500, "Internal server error")
    assert logged in caplog.text


def test_templates_and_parameters_of_a_response(control: Any, invoke: str, service: Service) -> None:
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

    as_json = requests.post(f"{invoke}/{path}", timeout=30)
    as_text = requests.post(f"{invoke}/{path}", headers={"Accept": "text/plain, */*"}, timeout=30)

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


@pytest.mark.parametrize("role", ["absent", "wary"])
def test_a_role_that_cannot_be_taken(
    control: Any, iam: Any, invoke: str, service: Service, role: str, caplog: pytest.LogCaptureFixture
) -> None:
    if role == "wary":
        trust = {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}
        iam.create_role(RoleName="aws-wary", AssumeRolePolicyDocument=json.dumps({"Statement": [trust]}))
    path = made(control, f"aws-role-{role}", {"role": f"aws-{role}"})

    answer = requests.post(f"{invoke}/{path}", timeout=30)

    assert message(answer) == (500, "Internal server error")
    assert answer.headers["x-amzn-ErrorType"] == "InternalServerErrorException"
    assert f"role/aws-{role}" in caplog.text
    assert service.heard == []


def test_a_role_that_is_made_later_is_found(control: Any, iam: Any, invoke: str, service: Service) -> None:
    paths = {"/streams/{name}": {"get": method()["post"]}}
    deploy(control, "aws-later", paths, {"role": "aws-made-later"})
    assert requests.get(f"{invoke}/aws-later/test/streams/x", timeout=30).status_code == 500

    trust = {
        "Effect": "Allow",
        "Principal": {"Service": "apigateway.amazonaws.com"},
        "Action": "sts:AssumeRole",
    }
    iam.create_role(RoleName="aws-made-later", AssumeRolePolicyDocument=json.dumps({"Statement": [trust]}))

    until_status(f"{invoke}/aws-later/test/streams/x", 200)


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
    invoke: str,
    service: Service,
    changes: dict[str, Any],
    logged: str,
    caplog: pytest.LogCaptureFixture,
    request: pytest.FixtureRequest,
) -> None:
    path = made(control, f"aws-wrong-{request.node.callspec.indices['changes']}", **changes)
    caplog.set_level(logging.ERROR)

    answer = requests.post(f"{invoke}/{path}", timeout=30)

    assert message(answer) == (500, "Internal server error")
    assert logged in caplog.text
    assert service.heard == []


def test_a_request_that_the_service_refuses_by_its_form(control: Any, invoke: str, service: Service) -> None:
    path = made(control, "aws-form", action="PutRecords")

    answer = requests.post(f"{invoke}/{path}", timeout=30)

    assert answer.status_code == 400
    assert answer.json()["__type"] == "ValidationException"
    assert "at 'records'" in answer.json()["message"]
    assert service.heard == []


def test_a_service_that_is_too_slow(control: Any, invoke: str, service: Service) -> None:
    path = made(control, "aws-slow", timeoutInMillis=60)
    service.delay = 1

    answer = requests.post(f"{invoke}/{path}", timeout=30)

    assert message(answer) == (504, "Endpoint request timed out")


def test_a_service_that_is_not_there(control: Any, iam: Any, invoke: str) -> None:
    path = made(control, "aws-away")

    with serving(gateway(control, iam, f"http://127.0.0.1:{free_port()}")) as execution:
        answer = requests.post(f"{execution}/{path}", timeout=30)

    assert message(answer) == (504, "Network error communicating with endpoint")


def test_iam_that_does_not_answer(control: Any, invoke: str, caplog: pytest.LogCaptureFixture) -> None:
    path = made(control, "aws-iam")

    class NoIam:
        class exceptions:
            class NoSuchEntityException(Exception):
                pass

        def get_role(self, RoleName: str) -> None:
            from botocore.exceptions import EndpointConnectionError

            raise EndpointConnectionError(endpoint_url="x")

    with serving(gateway(control, NoIam(), "http://127.0.0.1:1")) as execution:
        answer = requests.post(f"{execution}/{path}", timeout=30)

    assert message(answer) == (500, "The sandbox's IAM does not answer")
