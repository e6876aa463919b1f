"""Requests that nobody foresaw: whatever a client sends, an error of the gateway's own is never a 500."""

from __future__ import annotations

import http.client
import json
import socket
from typing import Any
from urllib.parse import urlsplit

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.unit.pinterest_sandbox.apigateway.apis import add_method
from tests.unit.pinterest_sandbox.apigateway.conftest import Backend

#: Bytes that end a request's target or a header's value.
_ENDS = (0x0A, 0x0D, 0x20)
_REQUESTS = settings(max_examples=150, deadline=None)

targets = st.builds(
    bytes.__add__,
    st.sampled_from([b"/", b"/checked", b"/closed/", b"//", b"/topics/"]),
    st.one_of(
        st.binary(max_size=60).map(lambda text: bytes(byte for byte in text if byte not in _ENDS)),
        st.text("/?&=+%;#[]{}@:.\\aq019", max_size=60).map(str.encode),
    ),
)
values = st.binary(max_size=40).map(lambda text: bytes(byte for byte in text if byte not in (0, 0x0A, 0x0D)))
names = st.sampled_from(
    [
        b"Accept",
        b"Connection",
        b"Content-Encoding",
        b"Content-Type",
        b"Cookie",
        b"Expect",
        b"X-Forwarded-For",
        b"X-H",
        b"X-Required",
        b"x-api-key",
    ]
)
headers = st.lists(
    st.tuples(
        names,
        st.one_of(
            values,
            st.sampled_from(
                [b"application/json", b"gzip", b"identity", b"100-continue", b"close, x-h", b"image/png"]
            ),
        ),
    ),
    max_size=4,
)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
bodies = st.one_of(
    st.binary(max_size=200),
    json_values.map(json.dumps).map(str.encode),
    st.integers(0, 5).map(lambda index: b'{"index": %d}' % index),
)
verbs = st.sampled_from([b"GET", b"POST", b"PUT", b"PATCH", b"DELETE", b"OPTIONS", b"TRACE", b"QUERY"])


@pytest.fixture(scope="module")
def fuzzed(control: Any, execution: str, endpoint: str) -> str:
    """Invoke URL of an API with mappings, a validator, a key and a customised answer."""
    api = str(control.create_rest_api(name="fuzzed")["id"])
    add_method(control, api, "/{proxy+}", f"http://{endpoint}/{{proxy}}")
    control.create_model(
        restApiId=api,
        name="Post",
        contentType="application/json",
        schema=json.dumps({"type": "object", "required": ["index"]}),
    )
    validator = control.create_request_validator(
        restApiId=api, name="v", validateRequestBody=True, validateRequestParameters=True
    )["id"]
    add_method(
        control,
        api,
        "/checked",
        f"http://{endpoint}/checked",
        requestValidatorId=validator,
        requestModels={"application/json": "Post"},
        requestParameters={"method.request.header.X-Required": True},
    )
    add_method(control, api, "/closed/{name}", f"http://{endpoint}/closed/{{name}}", apiKeyRequired=True)
    resources = control.get_resources(restApiId=api)["items"]
    mapped = {
        "integration.request.path.proxy": "method.request.path.proxy",
        "integration.request.header.X-Mapped": "method.request.multivaluequerystring.q",
        "integration.request.querystring.mapped": "method.request.multivalueheader.X-H",
    }
    control.put_integration(
        restApiId=api,
        resourceId=next(item["id"] for item in resources if item["path"] == "/{proxy+}"),
        httpMethod="ANY",
        type="HTTP_PROXY",
        integrationHttpMethod="ANY",
        uri=f"http://{endpoint}/{{proxy}}",
        requestParameters=mapped,
    )
    control.put_gateway_response(
        restApiId=api,
        responseType="INVALID_API_KEY",
        responseParameters={"gatewayresponse.header.X-Q": "method.request.querystring.q"},
        responseTemplates={"application/json": '{"message":"$method.request.path.name $context.path"}'},
    )
    control.create_deployment(restApiId=api, stageName="test")
    return f"{execution}/{api}/test"


def send(url: str, content: bytes) -> tuple[int, http.client.HTTPMessage, bytes]:
    """What is answered to bytes sent as they are."""
    address = urlsplit(url)
    with socket.create_connection((address.hostname, address.port), timeout=60) as connection:
        connection.sendall(content)
        answer = http.client.HTTPResponse(connection)
        answer.begin()
        return answer.status, answer.headers, answer.read()


def request_bytes(
    url: str, verb: bytes, target: bytes, lines: list[tuple[bytes, bytes]], body: bytes, chunks: int
) -> bytes:
    """A request; with ``chunks`` its body is chunked into pieces of that size."""
    start = urlsplit(url).path.encode()
    head = [verb + b" " + start + target + b" HTTP/1.1", b"Host: api", b"Connection: close"]
    head += [name + b": " + value for name, value in lines]
    if chunks:
        head.append(b"Transfer-Encoding: chunked")
        pieces = [body[at : at + chunks] for at in range(0, len(body), chunks)]
        body = b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"
    else:
        head.append(b"Content-Length: %d" % len(body))
    return b"\r\n".join(head) + b"\r\n\r\n" + body


def assert_not_our_error(status: int, answer_headers: http.client.HTTPMessage, content: bytes) -> None:
    assert status < 500 or status in (502, 504), (status, content)
    if status >= 500:
        assert set(json.loads(content)) == {"message"}
        assert answer_headers["x-amzn-ErrorType"]


@_REQUESTS
@given(verb=verbs, target=targets, lines=headers, body=bodies, chunks=st.integers(0, 30))
@example(verb=b"GET", target=b"/a\xff\xfe?q=\xc3\x28", lines=[(b"X-H", b"\xff")], body=b"", chunks=0)
@example(verb=b"GET", target=b"/a?q=%0d%0aX:%201%00&q=%ff", lines=[], body=b"", chunks=0)
@example(verb=b"GET", target=b"/[::1]:99999/@x:y//../#a?%zz", lines=[], body=b"", chunks=0)
@example(verb=b"GET", target=b"/closed/%00%0a%ff?q=%0aX", lines=[], body=b"", chunks=0)
@example(verb=b"POST", target=b"/checked", lines=[(b"X-Required", b"1")], body=b"[" * 100_000, chunks=0)
@example(verb=b"POST", target=b"/x", lines=[(b"Content-Encoding", b"gzip")], body=b"no gzip", chunks=3)
def test_no_request_makes_a_500(
    fuzzed: str,
    verb: bytes,
    target: bytes,
    lines: list[tuple[bytes, bytes]],
    body: bytes,
    chunks: int,
) -> None:
    assert_not_our_error(*send(fuzzed, request_bytes(fuzzed, verb, target, lines, body, chunks)))


@_REQUESTS
@given(
    path=st.text("/%2Faz.-_~:@!$'()*,;=", max_size=30),
    query=st.text("aq&=%20+/?@:;", max_size=20),
    text=st.text(max_size=100),
    chunks=st.integers(0, 30),
)
def test_what_is_utf8_reaches_the_endpoint_unchanged(
    fuzzed: str, recorder: Backend, path: str, query: str, text: str, chunks: int
) -> None:
    recorder.seen.clear()
    target = f"/a{path}?{query}".encode()

    status, _, content = send(fuzzed, request_bytes(fuzzed, b"PUT", target, [], text.encode(), chunks))

    assert status == 200, content
    [(method, seen, body)] = recorder.seen
    assert (method, body) == ("PUT", text.encode())
    assert seen.partition("?")[2] == query


@_REQUESTS
@given(content=st.binary(max_size=100))
@example(content=b"GET /\x00 HTTP/1.1")
@example(content=b"CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n")
@example(content=b"GET http://other/x/y HTTP/1.1\r\nHost: a\r\n\r\n")
@example(content=b"OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n")
@example(content=b"GET /" + b"a" * 20_000 + b" HTTP/1.1\r\nHost: a\r\n\r\n")
def test_what_is_no_http_is_a_client_error(fuzzed: str, content: bytes) -> None:
    # A request follows, so that a server which waits for more of the first has something to answer.
    following = b"\r\n\r\nGET /x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"

    status, *_ = send(fuzzed, content + following)

    assert 400 <= status < 500


@pytest.mark.parametrize("body", [b"zz\r\nabc\r\n", b"-1\r\n\r\n", b"5\r\nabcdefgh\r\n0\r\n\r\n"])
def test_a_body_that_breaks_its_chunks_never_reaches_the_endpoint(
    fuzzed: str, recorder: Backend, body: bytes
) -> None:
    recorder.seen.clear()
    head = f"POST {urlsplit(fuzzed).path}/x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"

    status, *_ = send(fuzzed, head.encode() + body)

    assert status == 400
    assert recorder.seen == []
