"""Posts traced by the ``sandbox`` command, and what it tells held against the services themselves."""

from __future__ import annotations

import base64
import hashlib
import json
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pytest
import requests
from confluent_kafka import Consumer, TopicPartition

from pinterest_sandbox.airflow.client import AirflowClient
from pinterest_sandbox.waiting import NotReady, wait_until
from tests.e2e.api import api_url, key_header
from tests.e2e.bad_records import post
from tests.e2e.conftest import ENTITIES, POSTS, Demo, aws_client, landed_lines, s3_client
from tests.e2e.driving import DAILY, finished, query, table
from tests.e2e.landing import topic_of
from tests.e2e.streams import ingest, put_records, stream_name
from tests.e2e.test_demo import KEYS, seeded_keys
from tests.running_sandbox import CHECKOUT, run_sandbox_command

ON_DEMO = pytest.mark.parametrize("demo", ["generated-1-partition"], indirect=True)
#: Above the keys of the source and of other tests.
NEW = 870_001


def trace(demo: Demo, ind: int) -> dict[str, Any]:
    """Trace a post as a user does."""
    found: dict[str, Any] = json.loads(demo.sandbox.command("trace", str(ind), "--json", timeout=600).stdout)
    return found


def states(way: dict[str, Any]) -> list[str]:
    return [each["state"] for each in way["occurrences"]]


def kafka_record(demo: Demo, place: dict[str, Any]) -> Any:
    """The record at a place, by a plain client."""
    consumer = Consumer(
        {"bootstrap.servers": demo.sandbox.environment["SANDBOX_KAFKA_BOOTSTRAP"], "group.id": "e2e-trace"}
    )
    try:
        consumer.assign([TopicPartition(place["topic"], place["partition"], place["offset"])])
        return consumer.poll(20)
    finally:
        consumer.close()


def landed_line(demo: Demo, landed: dict[str, Any]) -> bytes:
    """The line at a place, by a plain client."""
    body = s3_client(demo.sandbox).get_object(Bucket=demo.sandbox.bucket, Key=landed["object"])["Body"].read()
    line: bytes = body.split(b"\n")[landed["line"]]
    return line


def stream_record(demo: Demo, place: dict[str, Any]) -> dict[str, Any]:
    """The record at a place, by a plain client."""
    kinesis = aws_client(demo.sandbox, "kinesis")
    iterator = kinesis.get_shard_iterator(
        StreamName=place["stream"],
        ShardId=place["shard"],
        ShardIteratorType="AT_SEQUENCE_NUMBER",
        StartingSequenceNumber=place["sequence_number"],
    )["ShardIterator"]
    record: dict[str, Any] = kinesis.get_records(ShardIterator=iterator, Limit=1)["Records"][0]
    return record


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def position(demo: Demo, name: str, ind: int, version: int | None = None) -> list[list[str | None]]:
    """Where the record of a key's row lies, as a table has it or a version of it had."""
    kinds = {"batch": "_partition, _first_offset, _line", "table": "_shard, _sequence_number"}
    columns = kinds[name.rpartition("_")[2]]
    at = "" if version is None else f" VERSION AS OF {version}"
    return query(demo, f"SELECT {columns} FROM {table(demo, name)}{at} WHERE ind = {ind}")


def keys_by_posts() -> dict[int, list[int]]:
    """Number of times that a key was posted by the demo to the keys."""
    found: dict[int, list[int]] = {}
    for key, times in Counter(seeded_keys(POSTS)).items():
        found.setdefault(times, []).append(key)
    return found


@ON_DEMO
def test_a_post_that_has_gone_the_whole_way(demo: Demo) -> None:
    ind = max(keys_by_posts()[1])
    found = trace(demo, ind)
    assert found["ends"]["batch"] == dict.fromkeys(ENTITIES, "in the table")
    assert found["ends"]["stream"] == dict.fromkeys(ENTITIES, "in the table")
    assert all(each["there"] for each in found["source"].values())
    for entity in ENTITIES:
        batch, stream = found["batch"][entity], found["stream"][entity]
        # Other tests may have sent the posts again.
        kafka, landed = batch["occurrences"][-1]["kafka"], batch["occurrences"][-1]["landed"]
        record = kafka_record(demo, kafka)
        assert record.key() == str(ind).encode()
        assert json.loads(record.value())[KEYS[entity]] == ind
        assert (kafka["length"], kafka["sha256"]) == (len(record.value()), sha256(record.value()))
        line = landed_line(demo, landed)
        assert json.loads(line) == json.loads(record.value())
        assert (landed["length"], landed["sha256"]) == (len(line), sha256(line))
        ((partition, first, number),) = position(demo, f"{entity}_batch", ind)
        assert landed["object"].endswith(f"+{partition}+{int(str(first)):010d}.json")
        assert landed["line"] == int(str(number))

        kinesis = stream["occurrences"][-1]["kinesis"]
        put = stream_record(demo, kinesis)
        assert put["PartitionKey"] == str(ind)
        assert (kinesis["length"], kinesis["sha256"]) == (len(put["Data"]), sha256(put["Data"]))

        # The same content all the way.
        sent = found["source"][entity]["content_sha256"]
        assert {kafka["content_sha256"], landed["content_sha256"], kinesis["content_sha256"]} == {sent}
        for way, name in ((batch, f"{entity}_batch"), (stream, f"{entity}_table")):
            written = way["written_by"]
            assert written["certain"]
            now, version = position(demo, name, ind), written["version"]
            assert position(demo, name, ind, version) == now
            assert position(demo, name, ind, version - 1) != now
    assert found["results"]["category_by_country"]["up_to_date"] in (True, None)
    (row,) = (row for row in demo.source["pin"] if row["index"] == ind)
    text = json.dumps(found)
    assert str(row["unique_id"]) not in text
    assert str(row["image_src"]) not in text


@ON_DEMO
def test_the_results_that_a_post_counts_in(demo: Demo) -> None:
    ind = max(keys_by_posts()[1])
    found = trace(demo, ind)["results"]
    ((category, country, year),) = query(
        demo,
        f"SELECT category, country, year(timestamp) FROM {table(demo, 'pin_batch')} "
        f"JOIN {table(demo, 'geo_batch')} USING (ind) WHERE ind = {ind}",
    )
    look = found["category_by_country"]
    assert look["counts"] == bool(category and country)
    assert look["group"] == ({"country": country, "category": category} if look["counts"] else {})
    assert found["category_by_year"]["counts"] == bool(category and 2018 <= int(str(year)) <= 2022)
    assert all(each["made_at"] for each in found.values())


@ON_DEMO
def test_a_key_that_was_posted_twice_has_both_records(demo: Demo) -> None:
    times, keys = max(keys_by_posts().items())
    assert times > 1
    found = trace(demo, keys[0])
    for entity in ENTITIES:
        for path in ("batch", "stream"):
            told = states(found[path][entity])
            # In a stream it looks back ten minutes, and other tests may have come in between.
            if path == "batch" or not any("arrived before" in each for each in found["not_searched"]):
                assert len(told) >= times, (entity, path)
            assert set(told[:-1]) <= {"read; a later record of the key is in the table"}
            assert told[-1] == "in the table"
        offsets = [each["kafka"]["offset"] for each in found["batch"][entity]["occurrences"]]
        assert offsets == sorted(set(offsets))


@ON_DEMO
def test_a_post_that_was_never_posted(demo: Demo) -> None:
    ind = min(set(range(11_001, 11_154)))
    found = trace(demo, ind)
    for path in ("batch", "stream"):
        assert found["ends"][path] == dict.fromkeys(ENTITIES, "never posted")
    assert found["ends"]["results"] == "counts in none"
    assert found["source"]["geo"]["there"] == any(row["ind"] == ind for row in demo.source["geo"])


def post_keyed(demo: Demo, entity: str, records: Sequence[dict[str, Any]], form: str = "json") -> None:
    answer = requests.post(
        api_url(demo, f"/topics/{topic_of(demo, entity)}"),
        data=json.dumps({"records": records}),
        headers={"Content-Type": f"application/vnd.kafka.{form}.v2+json", **key_header(demo)},
        timeout=30,
    )
    assert answer.status_code == 200, answer.text
    assert all(isinstance(record["offset"], int) for record in answer.json()["offsets"]), answer.text


@contextmanager
def paused_sink(demo: Demo) -> Iterator[None]:
    address = f"{demo.sandbox.environment['SANDBOX_CONNECT_URL']}/connectors/{demo.sandbox.user_id}-connector"
    requests.put(f"{address}/pause", timeout=30).raise_for_status()
    try:
        wait_until(lambda: _has_state(address, "PAUSED"), what="the sink", timeout=60, interval=0.2)
        yield
    finally:
        requests.put(f"{address}/resume", timeout=30).raise_for_status()


def _has_state(address: str, state: str) -> None:
    told = requests.get(f"{address}/status", timeout=30).json()
    found = {told["connector"]["state"], *(task["state"] for task in told["tasks"])}
    if found != {state}:
        raise NotReady(str(found))


def wait_until_landed(demo: Demo, lines: int) -> None:
    def check() -> None:
        found = sum(landed_lines(demo.sandbox).values())
        if found != lines:
            raise NotReady(f"{found} lines of {lines}")

    wait_until(check, what="the sink", timeout=120, interval=0.5)


@ON_DEMO
def test_records_are_followed_while_they_are_on_their_way(demo: Demo) -> None:
    airflow = AirflowClient(demo.sandbox.url("airflow"))
    lines = sum(landed_lines(demo.sandbox).values())
    key = base64.b64encode(str(NEW).encode()).decode()
    with paused_sink(demo):
        post_keyed(demo, "pin", [{"key": key, "value": base64.b64encode(b"no JSON").decode()}], "binary")
        post_keyed(demo, "pin", [{"key": NEW, "value": post(NEW)}])
        # A post among the places: it has no key there.
        post_keyed(demo, "geo", [{"key": NEW, "value": post(NEW)}])
        put_records(demo, "pin", [(str(NEW), post(NEW))])
        found = trace(demo, NEW)
        waiting = "in Kafka, not yet written by the sink"
        assert states(found["batch"]["pin"]) == [waiting, waiting]
        assert states(found["batch"]["geo"]) == [waiting]
        assert found["ends"]["stream"]["pin"] == "in the stream, not yet read by the ingest"
        assert found["ends"]["batch"]["user"] == "never posted"
        assert found["source"]["pin"]["there"] is False

    wait_until_landed(demo, lines + 2)
    found = trace(demo, NEW)
    dead = "refused: the sink could not write it, a dead letter"
    assert states(found["batch"]["pin"]) == [dead, "landed, not yet read by a daily run"]
    assert states(found["batch"]["geo"]) == ["landed, not yet read by a daily run"]
    for entity in ("pin", "geo"):
        landed = found["batch"][entity]["occurrences"][-1]["landed"]
        assert json.loads(landed_line(demo, landed)) == post(NEW)

    finished(airflow, DAILY, airflow.trigger(DAILY, {}))
    ingest(airflow)
    found = trace(demo, NEW)
    assert states(found["batch"]["pin"]) == [dead, "in the table"]
    assert found["ends"]["batch"]["geo"] == "refused: quarantined because other_entity"
    assert found["ends"]["stream"]["pin"] == "in the table"
    assert found["batch"]["pin"]["written_by"]["certain"]
    quarantined = found["batch"]["geo"]["occurrences"][-1]["quarantine"]
    assert quarantined["run_id"] == found["batch"]["pin"]["written_by"]["run_id"]
    assert "Ten knots" not in json.dumps(found)
    place = found["stream"]["pin"]["occurrences"][-1]["kinesis"]
    assert place["stream"] == stream_name(demo, "pin")


@ON_DEMO
def test_the_result_is_printed_for_people(demo: Demo) -> None:
    printed = demo.sandbox.command("trace", str(max(keys_by_posts()[1])), timeout=600).stdout
    for entity in ENTITIES:
        assert f"batch path, {entity}: in the table" in printed
        assert f"stream path, {entity}: in the table" in printed
    assert "Not searched:" in printed or "Everything was searched." in printed


def test_without_a_sandbox_it_says_what_to_do() -> None:
    nowhere = CHECKOUT / ".sandbox" / "test" / "nowhere"
    with pytest.raises(AssertionError, match=r"the sandbox is not up.*make up"):
        run_sandbox_command(nowhere, "trace", "7528")
