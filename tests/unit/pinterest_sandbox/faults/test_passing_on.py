from __future__ import annotations

import gzip
import hashlib
import socket
import threading
from collections.abc import Iterator

import pytest
import requests
from aiohttp import web

from pinterest_sandbox.config import HOST
from tests.unit.pinterest_sandbox.aws.serving import serving
from tests.unit.pinterest_sandbox.faults.gates import (
    connected,
    exchange,
    hear,
    opened_gate,
    raw_server,
    unchunked,
)

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok"
MEGABYTE = 2**20
BROKEN_OFF = (requests.exceptions.ChunkedEncodingError, requests.exceptions.ConnectionError)


@pytest.mark.parametrize("verb", ["GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"])
def test_a_request_arrives_with_its_verb_path_headers_and_body(verb: str) -> None:
    request = (
        f"{verb} //topics//a%2Fb%20c/../x;y?list-type=2&prefix=a%2Fb&uploads&empty= HTTP/1.1\r\n"
        "Host: user-x-bucket.s3.example:1234\r\n"
        "Authorization: AWS4-HMAC-SHA256 Credential=a/b, Signature=c\r\n"
        "X-Amz-Meta-Twice: one\r\n"
        "X-Amz-Meta-Twice: two\r\n"
        "Content-Length: 4\r\n"
        "X-Of-The-Connection: 1\r\n"
        "Connection: keep-alive, x-of-the-connection\r\n\r\nbody"
    )
    with raw_server(OK) as server, opened_gate({"s3": server.port}) as gate:
        answer = exchange(gate.port("s3"), request.encode())
    assert answer.body == b"ok"
    (heard,) = server.heard
    expected = f"{verb} //topics//a%2Fb%20c/../x;y?list-type=2&prefix=a%2Fb&uploads&empty= HTTP/1.1"
    assert heard.first_line == expected.encode()
    assert heard.body == b"body"
    # No header is added, none but the connection's own is lost, names keep their spelling.
    assert sorted(heard.headers) == [
        ("Authorization", "AWS4-HMAC-SHA256 Credential=a/b, Signature=c"),
        ("Content-Length", "4"),
        ("Host", "user-x-bucket.s3.example:1234"),
        ("X-Amz-Meta-Twice", "one"),
        ("X-Amz-Meta-Twice", "two"),
    ]


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        (200, "OK"),
        (206, "Partial Content"),
        (301, "Moved"),
        (404, "No Such Thing"),
        (412, "x"),
        (503, "Slow Down"),
    ],
)
def test_an_answer_comes_back_with_its_status_headers_and_body(status: int, reason: str) -> None:
    told = (
        f'HTTP/1.1 {status} {reason}\r\nETag: "a"\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\n'
        "Location: http://elsewhere/\r\nServer: AmazonS3\r\nDate: Tue, 25 Nov 2025 00:00:00 GMT\r\n"
        "x-amz-request-id: 1\r\nContent-Length: 3\r\nConnection: close\r\n\r\n\x00\x01\x02"
    )
    with raw_server(told.encode()) as server, opened_gate({"s3": server.port}) as gate:
        answer = exchange(gate.port("s3"), b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
    assert answer.first_line == f"HTTP/1.1 {status} {reason}".encode()
    assert answer.body == b"\x00\x01\x02"
    assert sorted(answer.headers) == [
        ("Content-Length", "3"),
        ("Date", "Tue, 25 Nov 2025 00:00:00 GMT"),
        ("ETag", '"a"'),
        ("Location", "http://elsewhere/"),
        ("Server", "AmazonS3"),
        ("Set-Cookie", "a=1"),
        ("Set-Cookie", "b=2"),
        ("x-amz-request-id", "1"),
    ]


def test_an_answer_gets_no_header_that_the_service_did_not_send() -> None:
    with raw_server(OK) as server, opened_gate({"s3": server.port}) as gate:
        answer = exchange(gate.port("s3"), b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
    assert answer.headers == [("Content-Length", "2")]


def test_a_head_answer_keeps_the_length_of_the_body_that_it_has_not() -> None:
    told = b"HTTP/1.1 200 OK\r\nContent-Length: 123456\r\nContent-Type: a/b\r\nConnection: close\r\n\r\n"
    with raw_server(told) as server, opened_gate({"s3": server.port}) as gate:
        answer = exchange(gate.port("s3"), b"HEAD /k HTTP/1.1\r\nHost: a\r\n\r\n", head_only=True)
    assert server.heard[0].first_line == b"HEAD /k HTTP/1.1"
    assert answer.headers == [("Content-Length", "123456"), ("Content-Type", "a/b")]
    assert answer.body == b""


@pytest.mark.parametrize("status", [204, 304])
def test_an_answer_without_a_body_is_one(status: int) -> None:
    told = f"HTTP/1.1 {status} x\r\nETag: e\r\nConnection: close\r\n\r\n"
    with raw_server(told.encode()) as server, opened_gate({"s3": server.port}) as gate:
        answer = exchange(gate.port("s3"), b"DELETE /k HTTP/1.1\r\nHost: a\r\n\r\n", head_only=True)
    assert answer.headers == [("ETag", "e")]
    assert answer.body == b""


def test_an_empty_put_says_that_it_is_empty() -> None:
    with raw_server(OK) as server, opened_gate({"s3": server.port}) as gate:
        exchange(gate.port("s3"), b"PUT /k HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n")
    assert ("Content-Length", "0") in server.heard[0].headers
    assert server.heard[0].body == b""


def test_a_chunked_body_arrives_chunked_and_its_aws_chunks_untouched() -> None:
    aws_chunks = (
        b"4;chunk-signature=abc\r\ndata\r\n0;chunk-signature=def\r\nx-amz-checksum-crc32:AAAA\r\n\r\n"
    )
    request = (
        b"PUT /k HTTP/1.1\r\nHost: a\r\nContent-Encoding: aws-chunked\r\nX-Amz-Decoded-Content-Length: 4\r\n"
        b"Transfer-Encoding: chunked\r\n\r\n"
        + f"{len(aws_chunks):x}\r\n".encode()
        + aws_chunks
        + b"\r\n0\r\n\r\n"
    )
    with raw_server(OK) as server, opened_gate({"s3": server.port}) as gate:
        exchange(gate.port("s3"), request)
    (heard,) = server.heard
    assert unchunked(heard.body) == aws_chunks
    assert ("Content-Encoding", "aws-chunked") in heard.headers
    assert ("Transfer-Encoding", "chunked") in heard.headers


def test_compressed_bodies_stay_compressed_both_ways() -> None:
    packed = gzip.compress(b"text" * 1000)
    length = f"Content-Length: {len(packed)}\r\n".encode()
    told = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nConnection: close\r\n" + length + b"\r\n" + packed
    request = b"PUT /k HTTP/1.1\r\nHost: a\r\nContent-Encoding: gzip\r\n" + length + b"\r\n" + packed
    with raw_server(told) as server, opened_gate({"s3": server.port}) as gate:
        answer = exchange(gate.port("s3"), request)
    assert server.heard[0].body == packed
    assert answer.body == packed
    assert ("Content-Encoding", "gzip") in answer.headers


def test_who_expects_100_continue_gets_it_and_then_the_answer() -> None:
    with (
        raw_server(OK) as server,
        opened_gate({"s3": server.port}) as gate,
        connected(gate.port("s3")) as connection,
    ):
        connection.sendall(b"PUT /k HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n")
        assert connection.recv(1000) == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(b"body")
        assert hear(connection).body == b"ok"
    assert server.heard[0].body == b"body"


def test_a_clients_connection_is_kept_alive() -> None:
    with (
        raw_server(OK) as server,
        opened_gate({"s3": server.port}) as gate,
        connected(gate.port("s3")) as connection,
    ):
        for _ in range(3):
            connection.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            assert hear(connection).body == b"ok"
    assert len(server.heard) == 3


def test_an_http_1_0_client_is_served() -> None:
    told = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n2\r\nok\r\n0\r\n\r\n"
    with (
        raw_server(told) as server,
        opened_gate({"s3": server.port}) as gate,
        connected(gate.port("s3")) as connection,
    ):
        connection.sendall(b"GET / HTTP/1.0\r\n\r\n")
        data = b""
        while chunk := connection.recv(1000):
            data += chunk
    assert data.endswith(b"\r\n\r\nok")


@pytest.fixture
def store() -> Iterator[tuple[int, threading.Event]]:
    """A service that digests what it gets and gives 16 MB, and whether it has got something."""
    arrived = threading.Event()

    async def digest(request: web.Request) -> web.Response:
        seen = hashlib.sha256()
        async for chunk in request.content.iter_any():
            arrived.set()
            seen.update(chunk)
        return web.Response(text=seen.hexdigest())

    async def give(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        if "length" in request.query:
            response.content_length = 16 * MEGABYTE
        await response.prepare(request)
        for number in range(16):
            await response.write(bytes([number]) * MEGABYTE)
        return response

    app = web.Application()
    app.router.add_put("/", digest)
    app.router.add_get("/", give)
    with serving(app) as url:
        yield int(url.rpartition(":")[2]), arrived


def test_a_large_upload_is_streamed(store: tuple[int, threading.Event]) -> None:
    port, arrived = store
    blocks = [bytes([number]) * MEGABYTE for number in range(16)]
    early: list[bool] = []

    def body() -> Iterator[bytes]:
        yield from blocks[:8]
        # The service has the first half before the second is sent.
        early.append(arrived.wait(10))
        yield from blocks[8:]

    with opened_gate({"s3": port}) as gate:
        answer = requests.put(gate.url("s3"), data=body(), timeout=30)
    assert answer.text == hashlib.sha256(b"".join(blocks)).hexdigest()
    assert early == [True]


@pytest.mark.parametrize("query", ["", "?length=known"])
def test_a_large_download_arrives_whole(store: tuple[int, threading.Event], query: str) -> None:
    with opened_gate({"s3": store[0]}) as gate:
        answer = requests.get(f"{gate.url('s3')}/{query}", timeout=30)
    assert answer.content == b"".join(bytes([number]) * MEGABYTE for number in range(16))


def test_a_download_is_streamed_and_the_service_learns_of_a_client_that_leaves() -> None:
    left = threading.Event()

    def serve(listener: socket.socket) -> None:
        connection, _ = listener.accept()
        with connection:
            connection.settimeout(10)
            hear(connection)
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nfirst")
            if connection.recv(1) == b"":
                left.set()

    with socket.create_server((HOST, 0)) as listener, opened_gate({"s3": listener.getsockname()[1]}) as gate:
        thread = threading.Thread(target=serve, args=(listener,), daemon=True)
        thread.start()
        with connected(gate.port("s3")) as client:
            client.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            data = b""
            while not data.endswith(b"first"):
                data += client.recv(1000)
            assert not left.is_set()
        assert left.wait(10)
        thread.join(10)


def test_an_upload_that_breaks_off_is_never_complete_behind() -> None:
    with raw_server(OK) as server, opened_gate({"s3": server.port}) as gate:
        for size in (1000, 5 * MEGABYTE):
            with connected(gate.port("s3")) as connection:
                head = f"PUT /{size} HTTP/1.1\r\nHost: a\r\nContent-Length: {size}\r\n\r\n"
                connection.sendall(head.encode() + b"x" * (size // 2))
        exchange(gate.port("s3"), b"GET /after HTTP/1.1\r\nHost: a\r\n\r\n")
    assert [heard.first_line for heard in server.heard] == [b"GET /after HTTP/1.1"]


@pytest.mark.parametrize(
    "told",
    [
        pytest.param(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nhalf", id="length"),
        pytest.param(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n", id="chunked"),
    ],
)
def test_an_answer_that_breaks_off_is_not_completed(told: bytes) -> None:
    with (
        raw_server(told) as server,
        opened_gate({"s3": server.port}) as gate,
        pytest.raises((requests.exceptions.ChunkedEncodingError, requests.exceptions.ConnectionError)),
    ):
        requests.get(gate.url("s3"), timeout=10)


def test_where_a_service_closes_without_an_answer_so_does_the_gate() -> None:
    with (
        raw_server(b"") as server,
        opened_gate({"rest-proxy": server.port}) as gate,
        pytest.raises(requests.exceptions.ConnectionError),
    ):
        requests.post(gate.url("rest-proxy"), data=b"{}", timeout=10)
    assert len(server.heard) == 1
