"""The pipeline's own stream part, between an HTTP client and moto's Kinesis."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
import requests
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pinterest_sandbox.aws.clients import aws_client
from tests.unit.pinterest_sandbox.apigateway.apis import deploy
from tests.unit.pinterest_sandbox.apigateway.aws_apis import make_role
from tests.unit.pinterest_sandbox.apigateway.test_template_variables import json_values

DOCUMENT = Path(__file__).parents[4] / "include" / "apigateway" / "pinterest.json"
STREAM = "streaming-unit-pin"
_EXAMPLES = settings(max_examples=40, deadline=None)


class Reader:
    """Reads the records of a stream with one shard as they come."""

    def __init__(self, client: Any, stream: str) -> None:
        self._client = client
        [shard] = client.describe_stream(StreamName=stream)["StreamDescription"]["Shards"]
        self._iterator = client.get_shard_iterator(
            StreamName=stream, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON"
        )["ShardIterator"]

    def records(self) -> list[tuple[str, bytes]]:
        """Partition keys and data of what has come since the last call."""
        answer = self._client.get_records(ShardIterator=self._iterator)
        self._iterator = answer["NextShardIterator"]
        return [(record["PartitionKey"], record["Data"]) for record in answer["Records"]]


@pytest.fixture(scope="module")
def kinesis(moto_url: str) -> Any:
    return aws_client("kinesis", moto_url)


@pytest.fixture(scope="module")
def invoke(control: Any, iam: Any, execution: str) -> str:
    """Invoke URL of the stream part."""
    make_role(iam, "streams-role")
    text = DOCUMENT.read_text(encoding="utf-8")
    filled = text.replace("${AWS_REGION}", "us-east-1").replace("${AWS_ACCOUNT_ID}", "123456789012")
    paths = {path: item for path, item in json.loads(filled)["paths"].items() if path.startswith("/streams")}
    deploy(control, "streams", paths, {"kinesisRole": "streams-role"})
    return f"{execution}/streams/test"


@pytest.fixture(scope="module")
def stream(kinesis: Any, invoke: str) -> str:
    """URL of a stream with one shard."""
    url = f"{invoke}/streams/{STREAM}"
    assert requests.post(url, json={"ShardCount": 1}, timeout=30).status_code == 200
    return url


@pytest.fixture(scope="module")
def opened(kinesis: Any, stream: str) -> Reader:
    return Reader(kinesis, STREAM)


@pytest.fixture
def reader(opened: Reader) -> Iterator[Reader]:
    """A reader that has read all there was before."""
    opened.records()
    return opened


def put(url: str, document: Any) -> requests.Response:
    # As few clients write it: no escapes, so that all the text is UTF-8.
    return requests.put(
        url,
        data=json.dumps(document, ensure_ascii=False, indent=1).encode(),
        headers={"Content-Type": "application/json"},
        timeout=30,
    )


@_EXAMPLES
@given(value=json_values, key=st.text(min_size=1, max_size=40))
@example(value="a string, \"quoted\" 'twice' \\ $x #set($y = 1)", key='it\'s "one" \\ / \u2028 $k #end')
@example(value={"é": [{"\U0001f600": None}], "": {"z": 1e300, "a": 10**25}}, key="\U0001f600")
@example(value="", key="0")
@example(value=None, key="null")
def test_a_value_arrives_as_an_equal_json_value(stream: str, opened: Reader, value: Any, key: str) -> None:
    opened.records()

    answer = put(f"{stream}/record", {"Data": value, "PartitionKey": key, "StreamName": "other"})

    assert answer.status_code == 200, answer.text
    [(found, data)] = opened.records()
    assert (found, json.loads(data)) == (key, value)


@_EXAMPLES
@given(entries=st.lists(st.tuples(json_values, st.text(min_size=1, max_size=10)), min_size=1, max_size=10))
def test_so_do_the_values_of_a_batch(stream: str, opened: Reader, entries: list[tuple[Any, str]]) -> None:
    opened.records()

    answer = put(f"{stream}/records", {"records": [{"data": d, "partition-key": k} for d, k in entries]})

    assert (answer.status_code, answer.json()["FailedRecordCount"]) == (200, 0), answer.text
    assert len(answer.json()["Records"]) == len(entries)
    assert [(json.loads(data), key) for key, data in opened.records()] == entries


def test_numbers_are_respelt_and_blanks_go(stream: str, reader: Reader) -> None:
    body = b'{"Data": { "z" : 1e3, "a" : [ 1.50 ] , "t": "\\u00e9  " }, "PartitionKey": "1"}'

    requests.put(f"{stream}/record", data=body, timeout=30)

    assert reader.records() == [("1", '{"z":1000.0,"a":[1.5],"t":"é  "}'.encode())]


def test_partition_keys_that_are_no_text(stream: str, reader: Reader) -> None:
    put(f"{stream}/record", {"Data": 1, "PartitionKey": 17})
    put(
        f"{stream}/records",
        {"records": [{"data": 2, "partition-key": 1.5}, {"data": 3, "partition-key": True}]},
    )

    assert reader.records() == [("17", b"1"), ("1.5", b"2"), ("true", b"3")]


@pytest.mark.parametrize(
    ("path", "body", "problem"),
    [
        ("record", b"", "at 'partitionKey'"),
        ("record", b"no JSON", "at 'partitionKey'"),
        ("record", b'{"Data": 1}', "at 'partitionKey'"),
        ("record", b'{"PartitionKey": "1"}', "Value null at 'data'"),
        ("record", b'{"data": 1, "partition-key": "1"}', "Value null at 'data'"),
        ("records", b"", "at 'records'"),
        ("records", b"[]", "at 'records'"),
        ("records", b'{"records": []}', "at 'records'"),
        ("records", b'{"records": [1]}', "'records.1.member.partitionKey'"),
        ("records", b'{"records": [{"data": 1, "partition-key": ""}]}', "'records.1.member.partitionKey'"),
        ("records", b'{"records": [{"partition-key": "1"}]}', "Value null at 'records.1.member.data'"),
        (
            "records",
            json.dumps({"records": [{"data": 1, "partition-key": "1"}] * 501}).encode(),
            "or equal to 500",
        ),
    ],
)
def test_what_is_no_record_is_refused_as_kinesis_does(
    stream: str, reader: Reader, path: str, body: bytes, problem: str
) -> None:
    answer = requests.put(f"{stream}/{path}", data=body, timeout=30)

    assert answer.status_code == 400
    assert answer.json()["__type"] == "ValidationException"
    assert problem in answer.json()["message"]
    assert reader.records() == []


odd_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(), max_size=10),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["Data", "PartitionKey", "records", "data", "partition-key", "ShardCount", "x"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=8,
)


@settings(max_examples=150, deadline=None, derandomize=True, database=None)
@given(
    body=st.binary(max_size=60) | odd_values.map(lambda value: json.dumps(value).encode()),
    path=st.sampled_from(["/record", "/records", ""]),
)
@example(body=b'{"Data": 1, "PartitionKey": "\\ud800"}', path="/record")
@example(body=b'{"Data": "\\udfff", "PartitionKey": "1"}', path="/record")
@example(body=b'{"Data": 1e999, "PartitionKey": "1"}', path="/record")
@example(body=b'{"records": {"0": {"data": 1, "partition-key": "1"}}}', path="/records")
@example(body=b'{"records": "many"}', path="/records")
@example(body=b'{"records": false}', path="/records")
@example(body=b'{"records": 1.5}', path="/records")
def test_whatever_a_client_sends_is_taken_or_refused(stream: str, body: bytes, path: str) -> None:
    verb = "PUT" if path else "POST"

    answer = requests.request(verb, f"{stream}{path}", data=body, timeout=30)

    assert answer.status_code in (200, 400), (answer.status_code, answer.text)
    assert answer.status_code == 200 or answer.json()["__type"].endswith("Exception")


@pytest.mark.parametrize(
    ("body", "shards"),
    [
        (b"", 5),
        (b"{}", 5),
        (b'{"ShardCount": null}', 5),
        (b'{"ShardCount": ""}', 5),
        (b'{"ShardCount": 3, "StreamName": "other"}', 3),
        (b'{"ShardCount": "2"}', 2),
    ],
)
def test_how_many_shards_a_stream_has(
    kinesis: Any, invoke: str, body: bytes, shards: int, request: pytest.FixtureRequest
) -> None:
    name = f"streaming-unit-{request.node.callspec.indices['body']}"

    answer = requests.post(f"{invoke}/streams/{name}", data=body, timeout=30)

    assert answer.status_code == 200, answer.text
    assert len(kinesis.describe_stream(StreamName=name)["StreamDescription"]["Shards"]) == shards


@pytest.mark.parametrize("count", ["0", "-1", '"many"', "true", "[1]", '"1, \\"StreamName\\": \\"taken\\""'])
def test_what_is_no_number_of_shards(kinesis: Any, invoke: str, count: str) -> None:
    before = kinesis.list_streams()["StreamNames"]

    answer = requests.post(f"{invoke}/streams/wrong", data=f'{{"ShardCount": {count}}}', timeout=30)

    assert answer.status_code == 400
    assert answer.json()["__type"] in ("ValidationException", "SerializationException")
    assert kinesis.list_streams()["StreamNames"] == before


@pytest.mark.parametrize("name", ['a", "ShardCount": 1, "x": "', "a b", "ä", "'", "$x", "a" * 129])
def test_names_that_no_stream_can_have(invoke: str, name: str) -> None:
    for verb in ("GET", "POST", "DELETE"):
        answer = requests.request(verb, f"{invoke}/streams/{quote(name, safe='')}", timeout=30)

        assert answer.status_code == 400, (verb, answer.text)
        assert answer.json()["__type"] in ("ValidationException", "SerializationException")


@pytest.mark.parametrize(
    "content_type", ["text/plain", "application/x-amz-json-1.1", "application/x-www-form-urlencoded"]
)
def test_other_content_types_are_refused(stream: str, reader: Reader, content_type: str) -> None:
    """Untouched, the body would name its own stream and its data would not be encoded."""
    body = json.dumps({"StreamName": "other", "Data": "eA==", "PartitionKey": "1"})

    answer = requests.put(f"{stream}/record", data=body, headers={"Content-Type": content_type}, timeout=30)

    assert (answer.status_code, answer.json()) == (415, {"message": "Unsupported Media Type"})
    assert reader.records() == []
