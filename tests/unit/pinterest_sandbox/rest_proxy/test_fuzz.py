"""Bodies and addresses made by a fuzzer: never a 500, never a lost record."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import pytest
import requests
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.rest_consumer import EMBEDDED, V2, RestConsumer, places

JSON, BINARY = EMBEDDED.format("json"), EMBEDDED.format("binary")

fuzzed = settings(
    max_examples=100,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)

scalars = (
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
)
documents = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4)
)
partitions = st.none() | st.integers(-1, 5) | documents
base64_texts = st.binary().map(lambda raw: base64.b64encode(raw).decode())


def records(values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    plain = st.fixed_dictionaries({"value": values}, optional={"key": values})
    odd = st.fixed_dictionaries(
        {}, optional={"key": documents, "value": documents, "partition": partitions, "more": scalars}
    )
    return st.lists(plain, max_size=8) | st.lists(plain | odd | documents, max_size=8)


def bodies(records: st.SearchStrategy[Any]) -> st.SearchStrategy[bytes]:
    objects = st.fixed_dictionaries(
        {"records": records}, optional={"key_schema_id": scalars, "more": scalars}
    )
    written = st.builds(
        lambda body, ascii_only, indent: json.dumps(body, ensure_ascii=ascii_only, indent=indent),
        objects | documents,
        st.booleans(),
        st.none() | st.just(1),
    ).map(lambda text: text.encode("utf-8", "surrogatepass"))
    cut = st.builds(lambda body, end: body[: end % (len(body) + 1)], written, st.integers(0, 500))
    return written | written | cut | st.binary()


def loads(text: bytes | str) -> Any:
    """JSON as any reader has it; Python alone has a limit for the digits of a number."""
    return json.loads(text, parse_int=lambda digits: int(digits) if len(digits) < 4000 else digits)


def check_accounted(
    answer: requests.Response, wanted: list[Any], stored: Callable[[int, int], bytes | None]
) -> list[bytes | None]:
    """Every record of an accepted request is in the topic, where the answer has it; their values."""
    offsets = answer.json()["offsets"]
    assert len(offsets) == len(wanted)
    found = []
    for entry in offsets:
        assert entry["error_code"] is None, entry
        found.append(stored(entry["partition"], entry["offset"]))
    return found


@fuzzed
@given(body=bodies(records(documents)))
@example(body=b'{"records":[{"value":' + b"9" * 5000 + b"}]}")
@example(body=b'{"records":[{"value":1,"partition":' + b"9" * 5000 + b"}]}")
@example(body=b'{"records":[{"value":[' + b"9" * 5000 + b",NaN]}]}")
@example(body=b'{"records":[{"value":' + b"[" * 100_000 + b"]" * 100_000 + b"}]}")
@example(body=b'{"records":[{"value":1e999999},{"value":-0},{"value":"\\ud800"}]}')
@example(body='{"records":[{"value":"\ud800"}]}'.encode("utf-8", "surrogatepass"))
@example(body=b'{"records":[{"value":"\\u0000"},{"value":"\x7f"}]}')
@example(body=b'\xef\xbb\xbf{"records":[{"value":1}]}')
def test_json_records(
    proxy: str, topic: str, stored: Callable[[int, int], bytes | None], body: bytes
) -> None:
    answer = requests.post(f"{proxy}/topics/{topic}", data=body, headers={"Content-Type": JSON}, timeout=30)
    if answer.status_code == 200:
        values = [record.get("value") for record in loads(body)["records"]]
        found = check_accounted(answer, values, stored)
        assert [None if text is None else loads(text) for text in found] == values
    else:
        assert answer.status_code in (400, 404, 422), answer.text
        assert answer.json()["error_code"] in (400, 422, 40402)


@fuzzed
@given(body=bodies(records(base64_texts)))
def test_binary_records(
    proxy: str, topic: str, stored: Callable[[int, int], bytes | None], body: bytes
) -> None:
    answer = requests.post(
        f"{proxy}/topics/{topic}/partitions/3", data=body, headers={"Content-Type": BINARY}, timeout=30
    )
    if answer.status_code == 200:
        values = [record.get("value") for record in loads(body)["records"]]
        found = check_accounted(answer, values, stored)
        assert [None if raw is None else base64.b64encode(raw).decode() for raw in found] == values
    else:
        assert answer.status_code in (400, 404, 422), answer.text
        assert answer.json()["error_code"] in (400, 422, 40402)


@settings(fuzzed, max_examples=60)
@given(name=st.text(min_size=1), number=st.integers() | st.text(min_size=1))
@example(name="\0", number=0)
@example(name="..", number=0)
@example(name="a" * 250, number=0)
def test_addresses(proxy: str, topic: str, name: str, number: int | str) -> None:
    try:
        odd, part = quote(name, safe=""), quote(str(number), safe="")
    except UnicodeEncodeError:
        odd, part = "%ED%A0%80", "%FF"
    for method, path in (
        ("POST", f"topics/{odd}"),
        ("GET", f"topics/{odd}/partitions/{part}"),
        ("POST", f"topics/{odd}/partitions/{part}"),
        ("GET", f"topics/{topic}/partitions/{part}"),
        ("POST", f"topics/{topic}/partitions/{part}"),
        ("GET", f"topics/{topic}/partitions/{part}/offsets"),
        ("GET", f"consumers/{odd}/instances/{part}/records?timeout={part}&max_bytes={part}"),
        ("POST", f"consumers/{odd}/instances/{part}/offsets"),
    ):
        data = b'{"records":[{"value":1}]}' if method == "POST" else None
        answer = requests.request(
            method, f"{proxy}/{path}", data=data, headers={"Content-Type": JSON}, timeout=30
        )
        assert answer.status_code < 500, (path, answer.text)


topic_names = st.sampled_from(["TOPIC", "no-such-topic", "", "^.*"]) | scalars
places_asked = st.fixed_dictionaries({"topic": topic_names, "partition": st.integers(-1, 5) | scalars})
offsets_asked = st.fixed_dictionaries(
    {"topic": topic_names, "partition": st.integers(-1, 5), "offset": st.integers(-2, 10) | scalars},
    optional={"metadata": scalars},
)
times_asked = st.fixed_dictionaries(
    {"topic": topic_names, "partition": st.integers(0, 3), "timestamp": st.datetimes().map(str) | scalars}
)
requests_asked = documents | st.fixed_dictionaries(
    {},
    optional={
        "topics": st.lists(topic_names, max_size=3) | documents,
        "topic_pattern": st.sampled_from(["(", "no-such-.*", r"\1", "a{99999999999}"]) | scalars,
        "partitions": st.lists(places_asked, max_size=3) | documents,
        "offsets": st.lists(offsets_asked, max_size=3) | documents,
        "timestamps": st.lists(times_asked, max_size=3) | documents,
    },
)


@pytest.mark.parametrize(
    "path",
    ["subscription", "assignments", "positions", "positions/beginning", "positions/end", "offsets"],
)
def test_consumer_requests(proxy: str, topic: str, group: str, path: str) -> None:
    """Nothing that is asked of an instance breaks it: afterwards it still reads all records."""
    member = {"subscription": {"topics", "topic_pattern"}, "positions": {"offsets", "timestamps"}}.get(
        path, {"offsets"} if path == "offsets" else {"partitions"}
    )
    with RestConsumer(proxy, group, **{"auto.offset.reset": "earliest", "fetch.min.bytes": 0}) as consumer:
        if path != "subscription":
            consumer.assign(topic, 0, 1)

        @settings(fuzzed, max_examples=25)
        @given(body=requests_asked)
        def ask(body: Any) -> None:
            if isinstance(body, dict):
                body = {name: value for name, value in body.items() if name in member or len(body) == 1}
            text = json.dumps(body).replace('"TOPIC"', json.dumps(topic))
            answer = requests.post(
                f"{consumer.base_uri}/{path}", data=text, headers={"Content-Type": V2}, timeout=30
            )
            assert answer.status_code in (200, 204, 400, 404, 409, 422), (text, answer.text)

        ask()
        consumer.ask("DELETE", "/subscription")
        consumer.assign(topic, 0)
        consumer.ask("POST", "/positions/beginning", {"partitions": places(topic, 0)})
        sent = [{"value": number, "partition": 0} for number in range(10)]
        answer = requests.post(
            f"{proxy}/topics/{topic}", json={"records": sent}, headers={"Content-Type": JSON}, timeout=30
        )
        assert answer.status_code == 200
        assert [record["value"] for record in consumer.poll(10)] == list(range(10))


@fuzzed
@given(
    body=documents
    | st.fixed_dictionaries(
        {},
        optional={
            "name": scalars,
            "format": st.sampled_from(["json", "BINARY", "avro", "xml"]) | scalars,
            "auto.offset.reset": st.sampled_from(["earliest", "latest", "none"]) | scalars,
            "auto.commit.enable": st.booleans() | scalars,
            "fetch.min.bytes": st.integers(-2, 10_000_001) | scalars,
            "consumer.request.timeout.ms": st.integers(0, 1000) | scalars,
        },
    )
)
def test_new_instances(proxy: str, group: str, body: Any) -> None:
    answer = requests.post(
        f"{proxy}/consumers/{group}",
        data=json.dumps(body).encode(),
        headers={"Content-Type": V2},
        timeout=30,
    )
    if answer.status_code == 200:
        assert requests.delete(answer.json()["base_uri"], timeout=30).status_code == 204
    else:
        assert answer.status_code in (400, 422), answer.text
        assert answer.json()["error_code"] in (400, 422, 40001, 42204)
