"""API execution between a client and an HTTP endpoint, with definitions put into moto by boto3."""

from __future__ import annotations

import http.client
import logging
import re
import socket
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests

from pinterest_sandbox.waiting import NotReady, wait_until
from tests.ports import held_port
from tests.unit.pinterest_sandbox.apigateway.apis import (
    PROXY,
    deploy,
    document,
    integration,
    message,
    raw,
)
from tests.unit.pinterest_sandbox.apigateway.conftest import Backend

JSON_V2 = "application/vnd.kafka.json.v2+json"


def test_unknown_api_and_stage_are_forbidden(execution: str, invoke: str) -> None:
    for url in (f"{execution}/none/test/x", f"{execution}/proxied/none/x", f"{execution}/", execution):
        assert message(requests.get(url, timeout=30)) == (403, "Forbidden"), url


def test_it_is_forbidden_until_it_is_deployed(control: Any, execution: str, endpoint: str) -> None:
    url = f"{execution}/later/test/x"
    assert requests.get(url, timeout=30).status_code == 403

    deploy(control, "later", {"/{proxy+}": {"x-amazon-apigateway-any-method": PROXY}}, {"host": endpoint})

    def answered() -> None:
        if requests.get(url, timeout=30).status_code != 200:
            raise NotReady("403")

    wait_until(answered, what="deployed API", timeout=30)


def test_request_arrives_as_it_was_sent(invoke: str, endpoint: str) -> None:
    body = '{"records":[{"value":{"index":1,"title":"Ä\\u00a0 é"}}]}'.encode()
    answer = requests.post(
        f"{invoke}/topics/x.pin?a=1&a=2&b=%20%2F",
        data=body,
        timeout=30,
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

    assert requests.get(f"{execution}/{api}/test/topics", timeout=30).json()["path"] == "/topics"


@pytest.mark.parametrize("verb", ["GET", "PUT", "PATCH", "DELETE", "OPTIONS"])
def test_any_verb_passes(invoke: str, verb: str) -> None:
    assert requests.request(verb, f"{invoke}/x", timeout=30).json()["method"] == verb


def test_chunked_requests_pass(invoke: str) -> None:
    answer = requests.post(f"{invoke}/x", data=iter([b"abc", b"def"]), timeout=30)

    assert answer.json()["body"] == "abcdef"


def test_headers_of_one_connection_stay_there(invoke: str) -> None:
    status, body = raw(invoke, "/x", Connection="close, X-Secret", X_Secret="1", TE="trailers", X_Kept="2")

    assert status == 200
    assert b"x-secret" not in body
    assert b"trailers" not in body
    assert b"x-kept" in body


def test_errors_and_redirects_of_the_endpoint_pass(invoke: str) -> None:
    refused = requests.post(f"{invoke}/refuse", data=b"{}", timeout=30)
    redirect = requests.get(f"{invoke}/redirect", timeout=30, allow_redirects=False)

    assert (refused.status_code, refused.json()) == (422, {"error_code": 42201, "message": "no"})
    assert (redirect.status_code, redirect.headers["Location"]) == (302, "/elsewhere")


def test_path_that_the_api_lacks(control: Any, execution: str, endpoint: str) -> None:
    deploy(control, "narrow", {"/only/{proxy+}": integration()}, {"host": endpoint})

    for verb, path in (("GET", "/other"), ("GET", ""), ("GET", "/only"), ("POST", "/only/x")):
        answer = requests.request(verb, f"{execution}/narrow/test{path}", timeout=30)
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
    with held_port() as port:
        deploy(control, "dead", {"/{proxy+}": integration()}, {"host": f"127.0.0.1:{port}"})
        answer = requests.get(f"{execution}/dead/test/x", timeout=30)

    assert message(answer) == (504, "Network error communicating with endpoint")


def test_endpoint_that_breaks_off(invoke: str) -> None:
    assert requests.get(f"{invoke}/break", timeout=30).status_code in (502, 504)


def test_endpoint_that_is_too_slow(control: Any, execution: str, endpoint: str) -> None:
    deploy(control, "slow", {"/{proxy+}": integration(timeoutInMillis=60)}, {"host": endpoint})

    answer = requests.get(f"{execution}/slow/test/slow", timeout=30)

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

    assert message(requests.get(f"{execution}/{name}/test/x", timeout=30)) == (500, "Internal server error")


def test_unsupported_integration_is_named_in_the_log(
    control: Any, execution: str, caplog: pytest.LogCaptureFixture
) -> None:
    lambda_proxy = integration(type="aws_proxy", uri="arn:aws:apigateway:us-east-1:lambda:path/x")
    deploy(control, "unsupported", {"/{proxy+}": lambda_proxy}, {})

    answer = requests.get(f"{execution}/unsupported/test/x", timeout=30)

    assert message(answer) == (500, "Internal server error")
    assert answer.headers["x-amzn-ErrorType"] == "InternalServerErrorException"
    assert "integration type AWS_PROXY is not executed" in caplog.text


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

    seen = requests.get(f"{execution}/mapped/test/x?q=1", timeout=30, headers={"X-Sent": "s t"}).json()

    assert seen["path"] == "/x?q=1&added=s+t"
    assert {name: seen["headers"][name] for name in ("x-fixed", "x-from-query", "x-stage")} == {
        "x-fixed": "a value",
        "x-from-query": "1",
        "x-stage": "test",
    }


def test_a_new_deployment_is_seen_and_an_old_one_kept(control: Any, execution: str, endpoint: str) -> None:
    url = f"{execution}/changing/test"
    api = deploy(control, "changing", {"/first/{proxy+}": integration()}, {"host": endpoint})
    assert requests.get(f"{url}/first/x", timeout=30).json()["path"] == "/x"

    control.put_rest_api(restApiId=api, mode="merge", body=document({"/second/{proxy+}": integration()}))
    merged_at_rest = [requests.get(f"{url}/second/x", timeout=30).status_code for _ in range(3)]
    control.create_deployment(restApiId=api, stageName="test", variables={"host": endpoint})

    def answered() -> None:
        if requests.get(f"{url}/second/x", timeout=30).status_code != 200:
            raise NotReady("403")

    wait_until(answered, what="new deployment", timeout=30)
    assert merged_at_rest == [403, 403, 403]
    assert requests.get(f"{url}/first/x", timeout=30).status_code == 200


def test_stage_variables_change_without_a_deployment(control: Any, execution: str, endpoint: str) -> None:
    url = f"{execution}/variable/test/x"
    with held_port() as port:
        api = deploy(control, "variable", {"/{proxy+}": integration()}, {"host": f"127.0.0.1:{port}"})
        assert requests.get(url, timeout=30).status_code == 504

    control.update_stage(
        restApiId=api,
        stageName="test",
        patchOperations=[{"op": "replace", "path": "/variables/host", "value": endpoint}],
    )

    def answered() -> None:
        if requests.get(url, timeout=30).status_code != 200:
            raise NotReady("504")

    wait_until(answered, what="changed stage variable", timeout=30)


def test_every_answer_carries_its_ids(invoke: str, execution: str) -> None:
    answers = [
        requests.get(url, timeout=30) for url in (f"{invoke}/x", f"{invoke}/y", f"{execution}/none/test/x")
    ]

    for name, form in (("x-amzn-RequestId", r"[0-9a-f-]{36}"), ("x-amz-apigw-id", r"[A-Za-z0-9+/]{15}=")):
        ids = [answer.headers[name] for answer in answers]
        assert len(set(ids)) == 3
        assert all(re.fullmatch(form, text) for text in ids), ids


def test_access_log_has_a_line_a_request_and_no_secrets(
    invoke: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, logger="pinterest_sandbox.apigateway.access")

    requests.post(
        f"{invoke}/refuse?token=secret", data=b"secret", headers={"x-api-key": "secret"}, timeout=30
    )

    [line] = [record.getMessage() for record in caplog.records if record.name.endswith(".access")]
    assert re.fullmatch(r"POST /proxied/test/refuse 422 \d+ ms", line)


def test_verbs_outside_any_are_refused(invoke: str, backend: Backend) -> None:
    for verb in ("TRACE", "PURGE", "PROPFIND"):
        assert raw(invoke, "/x", verb=verb)[0] == 403, verb
    assert backend.seen == []


def test_repeated_query_parameters_map_to_the_last_value_or_to_all(
    control: Any, execution: str, endpoint: str
) -> None:
    mapped = integration(
        requestParameters={
            "integration.request.path.proxy": "method.request.path.proxy",
            "integration.request.header.X-Last": "method.request.querystring.q",
            "integration.request.header.X-All": "method.request.multivaluequerystring.q",
            "integration.request.querystring.all": "method.request.multivaluequerystring.q",
        }
    )
    deploy(control, "repeated", {"/{proxy+}": mapped}, {"host": endpoint})

    seen = requests.get(f"{execution}/repeated/test/x?q=1&q=2&q=", timeout=30).json()

    assert seen["path"] == "/x?q=1&q=2&q=&all=1&all=2&all="
    assert (seen["headers"]["x-last"], seen["headers"]["x-all"]) == ("", "1,2,")


def test_a_mapped_value_cannot_add_a_header(control: Any, execution: str, endpoint: str) -> None:
    mapped = integration(
        requestParameters={
            "integration.request.path.proxy": "method.request.path.proxy",
            "integration.request.header.X-Q": "method.request.querystring.q",
        }
    )
    deploy(control, "injected", {"/{proxy+}": mapped}, {"host": endpoint})

    status, body = raw(f"{execution}/injected/test", "/x?q=a%0d%0aX-Forged:%201%00%ff")

    assert status == 200
    assert '"x-q": "aX-Forged: 1\\ufffd"' in body.decode()
    assert b'"x-forged"' not in body


@pytest.mark.parametrize("expectation", ["100-continue", "unknown"])
def test_a_client_that_expects_to_continue_may(invoke: str, backend: Backend, expectation: str) -> None:
    address = urlsplit(invoke)
    head = (
        f"POST {address.path}/x HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nConnection: close\r\n"
        f"Expect: {expectation}\r\n\r\n"
    )
    with socket.create_connection((address.hostname, address.port), timeout=30) as connection:
        connection.sendall(head.encode())
        if expectation == "100-continue":
            assert connection.recv(1000) == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(b"body")
        answer = http.client.HTTPResponse(connection)
        answer.begin()
        answer.read()

    assert answer.status == 200
    assert backend.bodies() == [b"body"]
