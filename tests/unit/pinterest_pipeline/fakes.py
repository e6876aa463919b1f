"""Stand-ins for what the pipeline talks to, kept in memory."""

from __future__ import annotations

import hashlib
import io
import json
import threading
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar

from botocore.exceptions import ClientError

from pinterest_pipeline.entities import contracts
from pinterest_pipeline.landing.objects import object_key

BUCKET = "user-sandbox-bucket"


class NoSuchKey(ClientError):
    """What boto3 raises for an object that is not there."""


class FakeS3:
    """The S3 calls that the pipeline makes, with S3's own rules of listing."""

    class exceptions:
        NoSuchKey: ClassVar[type[ClientError]] = NoSuchKey

    def __init__(self, objects: dict[tuple[str, str], bytes] | None = None) -> None:
        self.objects = dict(objects or {})
        self.metadata: dict[tuple[str, str], dict[str, str]] = defaultdict(dict)
        self.page_size = 1000
        self.listed: list[str] = []

    def get_object(self, *, Bucket: str, Key: str) -> dict[str, Any]:
        try:
            body = self.objects[Bucket, Key]
            return {"Body": io.BytesIO(body), "ETag": etag(body)}
        except KeyError:
            raise NoSuchKey({"Error": {"Code": "NoSuchKey", "Message": Key}}, "GetObject") from None

    def put_object(
        self, *, Bucket: str, Key: str, Body: bytes, IfMatch: str = "", IfNoneMatch: str = "", **_: Any
    ) -> None:
        present = self.objects.get((Bucket, Key))
        stale = IfMatch and (present is None or etag(present) != IfMatch)
        if stale or (IfNoneMatch and present is not None):
            raise ClientError({"Error": {"Code": "PreconditionFailed", "Message": "412"}}, "PutObject")
        self.objects[Bucket, Key] = Body

    def head_object(self, *, Bucket: str, Key: str) -> dict[str, Any]:
        if (Bucket, Key) not in self.objects:
            raise ClientError({"Error": {"Code": "404", "Message": "Not Found"}}, "HeadObject")
        body = self.objects[Bucket, Key]
        return {
            "ContentLength": len(body),
            "ETag": etag(body),
            "Metadata": self.metadata[Bucket, Key],
        }

    def delete_object(self, *, Bucket: str, Key: str) -> None:
        self.objects.pop((Bucket, Key), None)

    def upload_fileobj(self, stream: Any, bucket: str, key: str, *, ExtraArgs: dict[str, Any]) -> None:
        self.objects[bucket, key] = stream.read()
        self.metadata[bucket, key] = ExtraArgs["Metadata"]

    def copy(self, source: dict[str, str], bucket: str, key: str, *, ExtraArgs: dict[str, Any]) -> None:
        self.objects[bucket, key] = self.objects[source["Bucket"], source["Key"]]
        self.metadata[bucket, key] = ExtraArgs["Metadata"]

    def get_paginator(self, operation: str) -> Any:
        assert operation == "list_objects_v2"
        return self

    def paginate(self, *, Bucket: str, Prefix: str, StartAfter: str = "") -> Iterator[dict[str, Any]]:
        # S3 orders keys by their UTF-8 bytes and lists what comes strictly behind StartAfter.
        keys = sorted(
            key
            for bucket, key in self.objects
            if bucket == Bucket and key.startswith(Prefix) and key > StartAfter
        )
        for begin in range(0, len(keys), self.page_size):
            page = keys[begin : begin + self.page_size]
            self.listed += page
            yield {
                "Contents": [
                    {"Key": key, "ETag": '"e"', "Size": len(self.objects[Bucket, key])} for key in page
                ]
            }
        if not keys:
            yield {}


def etag(body: bytes) -> str:
    """An object's ETag, in quotes as S3 has it."""
    return f'"{hashlib.md5(body).hexdigest()}"'


@dataclass
class Answer:
    """What the server answers.

    :param status: HTTP status; 0 closes the connection without an answer.
    :param body: JSON, or text as it is.
    :param headers: headers beside the usual ones.
    :param cut_after: bytes of the body after which the connection is closed.
    :param chunked: send the body as one chunk, and close without the last one when it is cut.
    """

    status: int = 200
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    cut_after: int | None = None
    chunked: bool = False


@dataclass
class Request:
    """What the server was asked."""

    method: str
    path: str
    headers: dict[str, str]
    body: Any
    connection: int


class FakeRestProxy:
    """A Kafka REST proxy v2 with topics in memory.

    :param script: gives the answer to a request, or ``None`` for the usual one.
    """

    def __init__(self) -> None:
        self.topics: dict[str, list[dict[str, Any]]] = defaultdict(list)
        self.requests: list[Request] = []
        self.script: list[Answer | Callable[[Request], Answer | None] | None] = []
        self.url = ""
        self._lock = threading.Lock()

    def answer(self, request: Request) -> Answer:
        with self._lock:
            self.requests.append(request)
            step = self.script.pop(0) if self.script else None
            found = step(request) if callable(step) else step
            return found or self.usual(request)

    def usual(self, request: Request) -> Answer:
        if request.method == "POST" and not request.body["records"]:
            return Answer(422, {"error_code": 422, "message": "records must not be empty"})
        if request.method == "POST":
            return self.produce(request, refuse=lambda _: False)
        if request.path == "/topics":
            return Answer(200, sorted(self.topics))
        topic = request.path.removeprefix("/topics/")
        if topic not in self.topics:
            return Answer(404, {"error_code": 40401, "message": f"Topic {topic} not found."})
        return Answer(200, {"name": topic, "configs": {}, "partitions": [{"partition": 0}]})

    def produce(self, request: Request, *, refuse: Callable[[int], bool]) -> Answer:
        topic = self.topics[request.path.removeprefix("/topics/")]
        offsets = []
        for position, record in enumerate(request.body["records"]):
            if refuse(position):
                offsets.append(
                    {"partition": None, "offset": None, "error_code": 50003, "error": "not enough replicas"}
                )
            else:
                topic.append(record)
                offsets.append({"partition": 0, "offset": len(topic) - 1, "error_code": None, "error": None})
        return Answer(200, {"offsets": offsets, "key_schema_id": None, "value_schema_id": None})


@contextmanager
def serve(proxy: FakeRestProxy) -> Iterator[FakeRestProxy]:
    """Serve on a free port until the block ends."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def handle_any(self) -> None:
            length = int(self.headers.get("Content-Length", 0))
            text = self.rfile.read(length).decode()
            answer = proxy.answer(
                Request(
                    self.command,
                    self.path,
                    dict(self.headers),
                    json.loads(text) if text else None,
                    self.client_address[1],
                )
            )
            if answer.status == 0:
                self.close_connection = True
                return
            text = answer.body if isinstance(answer.body, str) else json.dumps(answer.body)
            body = text.encode()
            self.send_response(answer.status)
            for name, value in answer.headers.items():
                self.send_header(name, value)
            if answer.chunked:
                self.send_header("Transfer-Encoding", "chunked")
                body = b"%x\r\n%b\r\n0\r\n\r\n" % (len(body), body)
            else:
                self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body[: answer.cut_after])
            self.close_connection = self.close_connection or answer.cut_after is not None

        do_GET = do_POST = do_PUT = do_HEAD = handle_any

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    proxy.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield proxy
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def land(s3: FakeS3, entity: str, first_offset: int, lines: int) -> None:
    """Put an object of so many lines where the sink would."""
    key = contracts()[entity].key
    body = "".join(f'{{"{key}": {n}}}\n' for n in range(lines)).encode()
    s3.objects[BUCKET, object_key(f"sandbox.{entity}", 0, first_offset)] = body
