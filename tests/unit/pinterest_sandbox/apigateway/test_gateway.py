"""API execution between a client and an HTTP endpoint, with definitions put into moto by boto3."""

from __future__ import annotations

import hashlib
import http.client
import os
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests

from pinterest_sandbox.waiting import NotReady, wait_until
from tests.unit.pinterest_sandbox.apigateway.conftest import PROXY, document, integration
from tests.unit.pinterest_sandbox.aws.serving import free_port

JSON_V2 = "application/vnd.kafka.json.v2+json"


def deploy(control: Any, name: str, paths: dict[str, Any], variables: dict[str, str]) -> str:
    api = str(control.create_rest_api(name=name)["id"])
    control.put_rest_api(restApiId=api, mode="merge", body=document(paths))
    control.create_deployment(restApiId=api, stageName="test", variables=variables)
    return api


def raw(
    url: str, path: str, *, verb: str = "GET", body: bytes | None = None, **headers: str
) -> tuple[int, bytes]:
    """A request whose path reaches the server as it is written here."""
    address = urlsplit(url)
    connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=10)
    connection.request(
        verb, address.path + path, body=body, headers={k.replace("_", "-"): v for k, v in headers.items()}
    )
    answer = connection.getresponse()
    content = answer.read()
    connection.close()
    return answer.status, content


def message(answer: requests.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["message"]


def test_unknown_api_and_stage_are_forbidden(execution: str, invoke: str) -> None:
    for url in (f"{execution}/none/test/x", f"{execution}/proxied/none/x", f"{execution}/", execution):
        assert message(requests.get(url, timeout=5)) == (403, "Forbidden"), url


def test_it_is_forbidden_until_it_is_deployed(control: Any, execution: str, endpoint: str) -> None:
    url = f"{execution}/later/test/x"
    assert requests.get(url, timeout=5).status_code == 403

    deploy(control, "later", {"/{proxy+}": {"x-amazon-apigateway-any-method": PROXY}}, {"host": endpoint})

    def answered() -> None:
        if requests.get(url, timeout=5).status_code != 200:
            raise NotReady("403")

    wait_until(answered, what="deployed API", timeout=5)


def test_request_arrives_as_it_was_sent(invoke: str, endpoint: str) -> None:
    body = '{"records":[{"value":{"index":1,"title":"Ä\\u00a0 é"}}]}'.encode()
    answer = requests.post(
        f"{invoke}/topics/x.pin?a=1&a=2&b=%20%2F",
        data=body,
        timeout=5,
        headers={"Content-Type": JSON_V2, "Accept": JSON_V2, "X-Own": "yes"},
    )

    seen = answer.json()
    assert (seen["method"], seen["path"]) == ("POST", "/topics/x.pin?a=1&a=2&b=%20%2F")
    assert seen["body"].encode() == body
    assert {name: seen["headers"][name] for name in ("content-type", "accept", "x-own", "host")} == {
        "content-type": JSON_V2,
        "accept": JSON_V2,
        "x-own": "yes",
        "host": endpoint,
    }
    assert seen["headers"]["x-forwarded-for"] == "127.0.0.1"
    assert answer.headers["x-amzn-RequestId"]


@pytest.mark.parametrize(
    ("sent", "seen"),
    [
        ("//topics//x.pin", "/topics/x.pin"),
        ("/topics/x.pin/", "/topics/x.pin/"),
        ("/topics/a%2Fb%C3%A4", "/topics/a%2Fb%C3%A4"),
        ("/consumers/g/instances/i/records?timeout=3", "/consumers/g/instances/i/records?timeout=3"),
        ("/topics?http://a//b", "/topics?http://a//b"),
    ],
)
def test_paths(invoke: str, sent: str, seen: str) -> None:
    status, body = raw(invoke, sent)

    assert status == 200
    assert f'"path": "{seen}"'.encode() in body


def test_api_is_also_found_by_its_id(control: Any, execution: str, invoke: str) -> None:
    [api] = [found["id"] for found in control.get_rest_apis()["items"] if found["name"] == "proxied"]

    assert requests.get(f"{execution}/{api}/test/topics", timeout=5).json()["path"] == "/topics"


@pytest.mark.parametrize("verb", ["GET", "PUT", "PATCH", "DELETE", "OPTIONS"])
def test_any_verb_passes(invoke: str, verb: str) -> None:
    assert requests.request(verb, f"{invoke}/x", timeout=5).json()["method"] == verb


def test_bytes_pass_in_both_directions(invoke: str) -> None:
    body = os.urandom(3_000_000)

    answer = requests.post(f"{invoke}/bytes", data=body, timeout=20)

    assert answer.status_code == 201
    assert hashlib.sha256(answer.content).digest() == hashlib.sha256(body).digest()
    assert answer.headers["Content-Type"] == "image/x"
    assert answer.headers["X-Own"] == "1"


def test_chunked_requests_pass(invoke: str) -> None:
    answer = requests.post(f"{invoke}/x", data=iter([b"abc", b"def"]), timeout=5)

    assert answer.json()["body"] == "abcdef"


def test_headers_of_one_connection_stay_there(invoke: str) -> None:
    status, body = raw(invoke, "/x", Connection="close, X-Secret", X_Secret="1", TE="trailers", X_Kept="2")

    assert status == 200
    assert b"x-secret" not in body
    assert b"trailers" not in body
    assert b"x-kept" in body


def test_errors_and_redirects_of_the_endpoint_pass(invoke: str) -> None:
    refused = requests.post(f"{invoke}/refuse", data=b"{}", timeout=5)
    redirect = requests.get(f"{invoke}/redirect", timeout=5, allow_redirects=False)

    assert (refused.status_code, refused.json()) == (422, {"error_code": 42201, "message": "no"})
    assert (redirect.status_code, redirect.headers["Location"]) == (302, "/elsewhere")


def test_path_that_the_api_lacks(control: Any, execution: str, endpoint: str) -> None:
    deploy(control, "narrow", {"/only/{proxy+}": integration()}, {"host": endpoint})

    for verb, path in (("GET", "/other"), ("GET", ""), ("GET", "/only"), ("POST", "/only/x")):
        answer = requests.request(verb, f"{execution}/narrow/test{path}", timeout=5)
        assert message(answer) == (403, "Missing Authentication Token"), (verb, path)
        assert answer.headers["x-amzn-ErrorType"] == "MissingAuthenticationTokenException"


def test_10_mb_are_the_limit(invoke: str) -> None:
    limit = 10 * 2**20

    assert requests.post(f"{invoke}/x", data=b"x" * limit, timeout=20).json()["size"] == limit
    assert message(requests.post(f"{invoke}/x", data=b"x" * (limit + 1), timeout=20)) == (
        413,
        "Request Too Long",
    )


def test_endpoint_that_is_not_there(control: Any, execution: str) -> None:
    deploy(control, "dead", {"/{proxy+}": integration()}, {"host": f"127.0.0.1:{free_port()}"})

    answer = requests.get(f"{execution}/dead/test/x", timeout=5)

    assert message(answer) == (504, "Network error communicating with endpoint")


def test_endpoint_that_breaks_off(invoke: str) -> None:
    assert requests.get(f"{invoke}/break", timeout=5).status_code in (502, 504)


def test_endpoint_that_is_too_slow(control: Any, execution: str, endpoint: str) -> None:
    deploy(control, "slow", {"/{proxy+}": integration(timeoutInMillis=60)}, {"host": endpoint})

    answer = requests.get(f"{execution}/slow/test/slow", timeout=5)

    assert message(answer) == (504, "Endpoint request timed out")


@pytest.mark.parametrize(
    "changes",
    [
        {"requestParameters": {}},
        {"uri": "http://${stageVariables.unset}/{proxy}"},
        {"uri": "${stageVariables.unset}"},
    ],
    ids=["unmapped parameter", "host variable unset", "whole URI unset"],
)
def test_wrong_definition_is_an_internal_error(
    control: Any, execution: str, endpoint: str, changes: dict[str, Any], request: pytest.FixtureRequest
) -> None:
    name = f"wrong-{request.node.callspec.id.replace(' ', '-')}"
    deploy(control, name, {"/{proxy+}": integration(**changes)}, {"host": endpoint})

    assert message(requests.get(f"{execution}/{name}/test/x", timeout=5)) == (500, "Internal server error")


def test_unsupported_integration_is_named(control: Any, execution: str) -> None:
    lambda_proxy = integration(type="aws_proxy", uri="arn:aws:apigateway:us-east-1:lambda:path/x")
    deploy(control, "unsupported", {"/{proxy+}": lambda_proxy}, {})

    status, text = message(requests.get(f"{execution}/unsupported/test/x", timeout=5))

    assert status == 500
    assert "AWS_PROXY" in text


def test_mapped_parameters(control: Any, execution: str, endpoint: str) -> None:
    mapped = integration(
        requestParameters={
            "integration.request.path.proxy": "method.request.path.proxy",
            "integration.request.header.X-Fixed": "'a value'",
            "integration.request.header.X-From-Query": "method.request.querystring.q",
            "integration.request.header.X-Stage": "context.stage",
            "integration.request.querystring.added": "method.request.header.X-Sent",
            "integration.request.querystring.absent": "method.request.header.X-Absent",
        }
    )
    deploy(control, "mapped", {"/{proxy+}": mapped}, {"host": endpoint})

    seen = requests.get(f"{execution}/mapped/test/x?q=1", timeout=5, headers={"X-Sent": "s t"}).json()

    assert seen["path"] == "/x?q=1&added=s+t"
    assert {name: seen["headers"][name] for name in ("x-fixed", "x-from-query", "x-stage")} == {
        "x-fixed": "a value",
        "x-from-query": "1",
        "x-stage": "test",
    }


def test_a_new_deployment_is_seen_and_an_old_one_kept(control: Any, execution: str, endpoint: str) -> None:
    url = f"{execution}/changing/test"
    api = deploy(control, "changing", {"/first/{proxy+}": integration()}, {"host": endpoint})
    assert requests.get(f"{url}/first/x", timeout=5).json()["path"] == "/x"

    control.put_rest_api(restApiId=api, mode="merge", body=document({"/second/{proxy+}": integration()}))
    merged_at_rest = [requests.get(f"{url}/second/x", timeout=5).status_code for _ in range(3)]
    control.create_deployment(restApiId=api, stageName="test", variables={"host": endpoint})

    def answered() -> None:
        if requests.get(f"{url}/second/x", timeout=5).status_code != 200:
            raise NotReady("403")

    wait_until(answered, what="new deployment", timeout=5)
    assert merged_at_rest == [403, 403, 403]
    assert requests.get(f"{url}/first/x", timeout=5).status_code == 200


def test_stage_variables_change_without_a_deployment(control: Any, execution: str, endpoint: str) -> None:
    dead = f"127.0.0.1:{free_port()}"
    api = deploy(control, "variable", {"/{proxy+}": integration()}, {"host": dead})
    url = f"{execution}/variable/test/x"
    assert requests.get(url, timeout=5).status_code == 504

    control.update_stage(
        restApiId=api,
        stageName="test",
        patchOperations=[{"op": "replace", "path": "/variables/host", "value": endpoint}],
    )

    def answered() -> None:
        if requests.get(url, timeout=5).status_code != 200:
            raise NotReady("504")

    wait_until(answered, what="changed stage variable", timeout=5)


def test_method_that_requires_a_key(control: Any, execution: str, endpoint: str) -> None:
    api = deploy(
        control, "keyed", {"/open": integration(uri="http://${stageVariables.host}/open")}, {"host": endpoint}
    )
    root = next(item for item in control.get_resources(restApiId=api)["items"] if item["path"] == "/")
    closed = control.create_resource(restApiId=api, parentId=root["id"], pathPart="closed")["id"]
    control.put_method(
        restApiId=api, resourceId=closed, httpMethod="GET", authorizationType="NONE", apiKeyRequired=True
    )
    control.put_integration(
        restApiId=api,
        resourceId=closed,
        httpMethod="GET",
        type="HTTP_PROXY",
        integrationHttpMethod="GET",
        uri="http://${stageVariables.host}/closed",
    )
    control.create_deployment(restApiId=api, stageName="test", variables={"host": endpoint})
    plan = control.create_usage_plan(name="plan", apiStages=[{"apiId": api, "stage": "test"}])["id"]
    keys = {}
    for name in ("planned", "stray"):
        made = control.create_api_key(name=name, value=f"{name}-key-with-enough-text", enabled=True)
        keys[name] = made["value"]
        if name == "planned":
            control.create_usage_plan_key(usagePlanId=plan, keyId=made["id"], keyType="API_KEY")
    url = f"{execution}/keyed/test"

    assert requests.get(f"{url}/open", timeout=5).status_code == 200
    assert message(requests.get(f"{url}/closed", timeout=5)) == (403, "Forbidden")
    assert message(requests.get(f"{url}/closed", headers={"x-api-key": keys["stray"]}, timeout=5)) == (
        403,
        "Forbidden",
    )
    answer = requests.get(f"{url}/closed", headers={"x-api-key": keys["planned"]}, timeout=5)
    assert answer.json()["path"] == "/closed"
