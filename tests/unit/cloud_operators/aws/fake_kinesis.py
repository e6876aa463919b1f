"""A small Kinesis Data Streams: the service's wire protocol (JSON 1.1) over a dictionary.

Real boto3 and aiobotocore clients talk to it. Time passes by looks: each describe of a stream is one, and a
state that passes by itself (CREATING, UPDATING, DELETING) lasts ``looks`` of them. Limits and errors are as
in the service's API reference.
"""

from __future__ import annotations

import base64
import hashlib
import json
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

ACCOUNT = "arn:aws:kinesis:us-east-1:123456789012"
CREATED = 1_700_000_000.5
FIRST_SEQUENCE_NUMBER = 49590338271490256608559692538361571095921575989136588898
MIB = 1024 * 1024

#: Why a record is refused, or ``None``; by what the request says of it.
Refusal = Callable[[Mapping[str, Any]], str | None]


class Refused(Exception):
    """An error answer of the service."""

    def __init__(self, code: str, message: str = "", status: int = 400) -> None:
        super().__init__(message or code)
        self.code = code
        self.status = status


@dataclass(frozen=True)
class Stored:
    """A record of a stream."""

    shard: str
    sequence_number: str
    key: str
    data: bytes


@dataclass
class Stream:
    """A stream, and how its present state ends."""

    name: str
    status: str = "ACTIVE"
    stream_mode: str = "PROVISIONED"
    shards: int = 1
    retention: int = 24
    max_record_kib: int = 1024
    consumers: int = 0
    created: float = CREATED
    tags: dict[str, str] = field(default_factory=dict)
    records: list[Stored] = field(default_factory=list)
    #: Numbers of shards that it was scaled to.
    scalings: list[int] = field(default_factory=list)
    #: (looks left, what happens then)
    ending: tuple[int, Callable[[], object]] | None = None

    @property
    def arn(self) -> str:
        return f"{ACCOUNT}:stream/{self.name}"

    def describe(self) -> dict[str, Any]:
        return {
            "StreamName": self.name,
            "StreamARN": self.arn,
            "StreamStatus": self.status,
            "StreamModeDetails": {"StreamMode": self.stream_mode},
            "RetentionPeriodHours": self.retention,
            "StreamCreationTimestamp": self.created,
            "EnhancedMonitoring": [],
            "OpenShardCount": 0 if self.status == "CREATING" else self.shards,
            "ConsumerCount": self.consumers,
            "MaxRecordSizeInKiB": self.max_record_kib,
        }


@dataclass
class FakeKinesis:
    """The state of the service; tests read and change it directly."""

    looks: int = 2
    #: looks at which a change that was asked for does not show yet
    lag: int = 0
    streams: dict[str, Stream] = field(default_factory=dict)
    #: runs once before the next creation, for races
    before_create: Callable[[], object] | None = None
    #: errors that are answered instead of the next describes: (status, code)
    refuse_looks: list[tuple[int, str]] = field(default_factory=list)
    #: one for each PutRecords to come: refuses records, or the whole request
    refusals: list[Refusal | Refused] = field(default_factory=list)
    #: name of each operation
    requests: list[str] = field(default_factory=list)
    #: number and size of the records of each PutRecords
    puts: list[tuple[int, int]] = field(default_factory=list)
    url: str = ""
    _serial: int = 0

    def add(self, name: str, *, then: str | None = None, **settings: Any) -> Stream:
        """Put a stream there.

        :param then: state that it comes to when it is looked at once more; ``gone`` is none
        """
        stream = self.streams[name] = Stream(name, **settings)
        if then:
            stream.ending = (1, lambda: self._come_to(stream, then))
        return stream

    def answer(self, operation: str, body: dict[str, Any]) -> dict[str, Any]:
        """Called by the HTTP handler."""
        self.requests.append(operation)
        if operation == "CreateStream":
            return self._create(body)
        if operation == "DescribeStreamSummary" and self.refuse_looks:
            status, code = self.refuse_looks.pop(0)
            raise Refused(code, "slow down", status)
        name = body.get("StreamName") or body["StreamARN"].rpartition("/")[2]
        if name not in self.streams:
            raise Refused("ResourceNotFoundException", f"Stream {name} under account 123456789012 not found.")
        operations: dict[str, Callable[[Stream, dict[str, Any]], dict[str, Any]]] = {
            "DescribeStreamSummary": self._describe,
            "UpdateStreamMode": self._update_mode,
            "UpdateShardCount": self._update_shards,
            "IncreaseStreamRetentionPeriod": self._increase,
            "DecreaseStreamRetentionPeriod": self._decrease,
            "DeleteStream": self._delete,
            "PutRecords": self._put,
        }
        return operations[operation](self.streams[name], body)

    def _create(self, body: dict[str, Any]) -> dict[str, Any]:
        if self.before_create is not None:
            before, self.before_create = self.before_create, None
            before()
        name = body["StreamName"]
        if name in self.streams:
            raise Refused(
                "ResourceInUseException", f"Stream {name} under account 123456789012 already exists."
            )
        mode = body.get("StreamModeDetails", {}).get("StreamMode", "PROVISIONED")
        if (mode == "PROVISIONED") is not ("ShardCount" in body):
            raise Refused("InvalidArgumentException", f"ShardCount does not fit {mode}")
        shards = body.get("ShardCount", 4)
        stream = Stream(
            name, "CREATING", mode, shards, created=CREATED + self._serial, tags=body.get("Tags", {})
        )
        self._serial += 1
        self.streams[name] = stream
        stream.ending = (self.looks, lambda: self._come_to(stream, "ACTIVE"))
        return {}

    def _describe(self, stream: Stream, body: dict[str, Any]) -> dict[str, Any]:
        if stream.ending is not None:
            left, end = stream.ending
            if left > 0:
                stream.ending = (left - 1, end)
            else:
                stream.ending = None
                end()
                if stream.name not in self.streams:
                    raise Refused("ResourceNotFoundException", f"Stream {stream.name} not found.")
        return {"StreamDescriptionSummary": stream.describe()}

    def _update_mode(self, stream: Stream, body: dict[str, Any]) -> dict[str, Any]:
        mode = body["StreamModeDetails"]["StreamMode"]
        self._change(stream, lambda: setattr(stream, "stream_mode", mode))
        return {}

    def _update_shards(self, stream: Stream, body: dict[str, Any]) -> dict[str, Any]:
        target, current = body["TargetShardCount"], stream.shards
        if stream.stream_mode == "ON_DEMAND":
            raise Refused("ValidationException", f"Stream {stream.name} is in On-Demand mode.")
        if body["ScalingType"] != "UNIFORM_SCALING" or target == current:
            raise Refused("InvalidArgumentException", f"{target} shards are there")
        if target > 2 * current or 2 * target < current:
            raise Refused("InvalidArgumentException", f"from {current} to {target} shards at once")
        if len(stream.scalings) >= 10:
            raise Refused("LimitExceededException", "UpdateShardCount can be called 10 times in 24 hours")
        self._change(stream, lambda: setattr(stream, "shards", target))
        stream.scalings.append(target)
        return {"StreamName": stream.name, "CurrentShardCount": current, "TargetShardCount": target}

    def _increase(self, stream: Stream, body: dict[str, Any]) -> dict[str, Any]:
        return self._retain(stream, body, body["RetentionPeriodHours"] > stream.retention)

    def _decrease(self, stream: Stream, body: dict[str, Any]) -> dict[str, Any]:
        return self._retain(stream, body, body["RetentionPeriodHours"] < stream.retention)

    def _retain(self, stream: Stream, body: dict[str, Any], fits: bool) -> dict[str, Any]:
        hours = body["RetentionPeriodHours"]
        if not fits or not 24 <= hours <= 8760:
            raise Refused("InvalidArgumentException", f"{stream.retention} to {hours} hours")
        self._change(stream, lambda: setattr(stream, "retention", hours))
        return {}

    def _delete(self, stream: Stream, body: dict[str, Any]) -> dict[str, Any]:
        self._needs_active(stream)
        if stream.consumers and not body.get("EnforceConsumerDeletion"):
            raise Refused("ResourceInUseException", f"Stream {stream.name} has registered consumers.")
        stream.status = "DELETING"
        stream.ending = (self.looks, lambda: self._come_to(stream, "gone"))
        return {}

    def _put(self, stream: Stream, body: dict[str, Any]) -> dict[str, Any]:
        entries = [{**entry, "Data": base64.b64decode(entry["Data"])} for entry in body["Records"]]
        sizes = [len(entry["Data"]) + len(entry["PartitionKey"].encode()) for entry in entries]
        self.puts.append((len(entries), sum(sizes)))
        refusal = self.refusals.pop(0) if self.refusals else None
        if isinstance(refusal, Refused):
            raise refusal
        if not 1 <= len(entries) <= 500 or sum(sizes) > 10 * MIB:
            raise Refused("InvalidArgumentException", f"{len(entries)} records of {sum(sizes)} bytes")
        if max(sizes) > stream.max_record_kib * 1024:
            raise Refused("InvalidArgumentException", f"a record of {max(sizes)} bytes")
        results = [self._put_one(stream, entry, refusal) for entry in entries]
        return {"FailedRecordCount": sum("ErrorCode" in result for result in results), "Records": results}

    def _put_one(self, stream: Stream, entry: dict[str, Any], refusal: Refusal | None) -> dict[str, str]:
        key = entry["PartitionKey"]
        if refusal is not None and (code := refusal(entry)):
            return {"ErrorCode": code, "ErrorMessage": f"it is {code}"}
        hashed = entry.get("ExplicitHashKey") or int(hashlib.md5(key.encode()).hexdigest(), 16)
        shard = f"shardId-{int(hashed) * stream.shards >> 128:012d}"
        self._serial += 1
        number = str(FIRST_SEQUENCE_NUMBER + self._serial)
        stream.records.append(Stored(shard, number, key, entry["Data"]))
        return {"ShardId": shard, "SequenceNumber": number}

    def _change(self, stream: Stream, apply: Callable[[], object]) -> None:
        self._needs_active(stream)

        def end() -> None:
            apply()
            self._come_to(stream, "ACTIVE")

        def begin() -> None:
            stream.status = "UPDATING"
            stream.ending = (self.looks, end)

        if self.lag:
            stream.ending = (self.lag, begin)
        else:
            begin()

    def _needs_active(self, stream: Stream) -> None:
        if stream.status != "ACTIVE":
            raise Refused("ResourceInUseException", f"Stream {stream.name} is not ACTIVE: {stream.status}.")

    def _come_to(self, stream: Stream, state: str) -> None:
        if state == "gone":
            del self.streams[stream.name]
        else:
            stream.status = state


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, fake: FakeKinesis) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.fake = fake
        self.lock = threading.Lock()


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        operation = self.headers["X-Amz-Target"].removeprefix("Kinesis_20131202.")
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        try:
            with self.server.lock:
                status, answer = 200, self.server.fake.answer(operation, body)
        except Refused as refused:
            status, answer = refused.status, {"__type": refused.code, "message": str(refused)}
        content = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/x-amz-json-1.1")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: Any) -> None:
        """Keep the test output clean."""


def start(fake: FakeKinesis) -> _Server:
    """Serve ``fake`` on a free port of the loopback interface until ``shutdown`` is called."""
    server = _Server(fake)
    fake.url = f"http://127.0.0.1:{server.server_address[1]}"
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    return server
