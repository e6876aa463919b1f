"""An API's own forms of the gateway's answers, put into moto by boto3."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from tests.unit.pinterest_sandbox.apigateway.apis import add_method, message
from tests.unit.pinterest_sandbox.apigateway.conftest import Backend


@pytest.fixture(scope="module")
def customised(control: Any, execution: str, endpoint: str) -> str:
    """Invoke URL of an API with its own answers; the examples of AWS's documents."""
    api = str(control.create_rest_api(name="customised")["id"])
    add_method(control, api, "/closed/{name}", f"http://{endpoint}/closed/{{name}}", apiKeyRequired=True)
    add_method(control, api, "/slow", f"http://{endpoint}/slow", integration={"timeoutInMillis": 60})
    add_method(control, api, "/wrong", f"http://{endpoint}/{{unmapped}}")
    control.put_gateway_response(
        restApiId=api,
        responseType="INVALID_API_KEY",
        statusCode="456",
        responseParameters={
            "gatewayresponse.header.api-key": "method.request.header.api-key",
            "gatewayresponse.header.Access-Control-Allow-Origin": "'a.b.c'",
            "gatewayresponse.header.x-query": "method.request.querystring.q",
            "gatewayresponse.header.x-path": "method.request.path.name",
            "gatewayresponse.header.x-absent": "method.request.header.absent",
            "gatewayresponse.header.x-variable": "stageVariables.colour",
            "gatewayresponse.header.x-type": "context.error.responseType",
        },
        responseTemplates={
            "application/json": '{"message":$context.error.messageString,'
            '"type":"$context.error.responseType","stage":"$context.stage","resource":"$context.resourcePath","id":"$context.requestId",'
            '"variable":"${stageVariables.colour}","absent":"$context.nothing"}',
            "text/plain": "no: $context.error.message",
        },
    )
    control.put_gateway_response(
        restApiId=api,
        responseType="DEFAULT_4XX",
        responseTemplates={"application/json": '{"hint":"$context.httpMethod $context.path"}'},
    )
    control.put_gateway_response(restApiId=api, responseType="DEFAULT_5XX", statusCode="599")
    control.put_gateway_response(
        restApiId=api,
        responseType="INTEGRATION_TIMEOUT",
        statusCode="503",
        responseParameters={"gatewayresponse.header.Retry-After": "'7'"},
    )
    control.create_deployment(restApiId=api, stageName="test", variables={"colour": "red"})
    return f"{execution}/{api}/test"


def test_status_headers_and_body_are_the_apis_own(customised: str, backend: Backend) -> None:
    answer = requests.get(f"{customised}/closed/a?q=1&q=2", headers={"api-key": "k"}, timeout=30)

    assert answer.status_code == 456
    assert answer.json() == {
        "message": "Forbidden",
        "type": "INVALID_API_KEY",
        "stage": "test",
        "resource": "/closed/{name}",
        "id": answer.headers["x-amzn-RequestId"],
        "variable": "red",
        "absent": "",
    }
    names = ("api-key", "Access-Control-Allow-Origin", "x-query", "x-path", "x-variable", "x-type")
    assert [answer.headers[name] for name in names] == ["k", "a.b.c", "2", "a", "red", "INVALID_API_KEY"]
    assert "x-absent" not in answer.headers
    assert answer.headers["x-amzn-ErrorType"] == "ForbiddenException"
    assert backend.seen == []


def test_the_template_is_that_of_the_accepted_type(customised: str) -> None:
    answer = requests.get(
        f"{customised}/closed/a", headers={"Accept": "text/html, text/plain;q=0.5"}, timeout=30
    )

    assert (answer.text, answer.headers["Content-Type"]) == ("no: Forbidden", "text/plain")


def test_other_client_errors_take_the_default_form_and_keep_their_status(customised: str) -> None:
    answer = requests.get(f"{customised}/absent%20path", timeout=30)

    assert (answer.status_code, answer.json()) == (403, {"hint": "GET /test/absent path"})


def test_server_errors_have_forms_too(customised: str) -> None:
    slow = requests.get(f"{customised}/slow", timeout=30)
    wrong = requests.get(f"{customised}/wrong", timeout=30)

    assert message(slow) == (503, "Endpoint request timed out")
    assert slow.headers["Retry-After"] == "7"
    assert message(wrong) == (599, "Internal server error")
