"""From the REST proxy through Kafka and the sink to S3."""

from __future__ import annotations

import json

import pytest
from confluent_kafka import Producer

from tests.running_sandbox import RunningSandbox
from tests.sandbox.kafka.clients import Connect, Kafka, Landing, next_offsets, poll, post, taken


def rows(first: int, count: int) -> list[dict[str, object]]:
    return [
        {"key": str(n), "value": {"index": n, "title": f"Title {n}"}} for n in range(first, first + count)
    ]


def indexes(landed: dict[tuple[int, int], list[str]]) -> list[int]:
    return sorted(json.loads(line)["index"] for lines in landed.values() for line in lines)


def test_every_record_lands_once(
    proxy: str, kafka: Kafka, landing: Landing, sink: Connect, options: dict[str, str], prefix: str
) -> None:
    topic = kafka.create(f"{prefix}.pin", partitions=3)
    sink.configure(**options)
    assert sum(taken(post(proxy, topic, rows(first, 250))) for first in range(0, 1000, 250)) == 1000

    landed = landing.wait(topic, 1000)
    assert indexes(landed) == list(range(1000))
    assert max(len(lines) for lines in landed.values()) <= 100
    ends = kafka.ends(topic)
    assert next_offsets(landed) == ends
    poll(lambda: kafka.committed(f"connect-{sink.name}", topic), lambda committed: committed == ends)


def test_topic_made_after_the_connector_is_found(
    proxy: str, kafka: Kafka, landing: Landing, sink: Connect, options: dict[str, str], prefix: str
) -> None:
    kafka.create(f"{prefix}.pin")
    sink.configure(**options)
    sink.wait_running()
    later = kafka.create(f"{prefix}.geo")
    assert taken(post(proxy, later, rows(0, 5))) == 5
    landing.wait(later, 5)


def test_bad_records_go_to_the_dead_letters_and_the_counts_balance(
    proxy: str,
    sandbox: RunningSandbox,
    kafka: Kafka,
    landing: Landing,
    sink: Connect,
    options: dict[str, str],
    prefix: str,
) -> None:
    topic = kafka.create(f"{prefix}.user")
    dead_letters = kafka.create(f"{prefix}.dead-letter")
    sink.configure(**options)
    producer = Producer({"bootstrap.servers": sandbox.address("kafka")})
    for value in (b"not JSON", b"", None, b'{"index":'):
        producer.produce(topic, value=value, key=b"bad")
    producer.flush(30)
    assert taken(post(proxy, topic, [{"value": None}, *rows(0, 20)])) == 21

    landing.wait(topic, 20)
    poll(lambda: sum(kafka.ends(dead_letters).values()), lambda count: count == 5)
    assert indexes(landing.objects(topic)) == list(range(20))
    headers = [{name: value.decode() for name, value in m.headers()} for m in kafka.read(dead_letters)]
    headers.sort(key=lambda header: int(header["__connect.errors.offset"]))
    assert [h["__connect.errors.offset"] for h in headers] == ["0", "1", "2", "3", "4"]
    assert {h["__connect.errors.topic"] for h in headers} == {topic}
    assert {h["__connect.errors.connector.name"] for h in headers} == {sink.name}
    # What can't be read fails in the converter, a null in the sink itself.
    assert [h["__connect.errors.stage"] for h in headers] == [
        *("VALUE_CONVERTER", "TASK_PUT", "TASK_PUT", "VALUE_CONVERTER", "TASK_PUT")
    ]
    assert headers[2]["__connect.errors.exception.message"] == "Skipping null value record."


def test_records_read_again_are_written_to_the_same_object(
    proxy: str, kafka: Kafka, landing: Landing, sink: Connect, options: dict[str, str], prefix: str
) -> None:
    """The tail object of a partition gets another length when the sink goes back to an older offset."""
    topic = kafka.create(f"{prefix}.pin")
    sink.configure(**options)
    for first in (0, 10, 20):
        assert taken(post(proxy, topic, rows(first, 10))) == 10
        landing.wait(topic, first + 10)
    assert {first: len(lines) for (_, first), lines in landing.objects(topic).items()} == {
        0: 10,
        10: 10,
        20: 10,
    }

    assert sink.call("PUT", "/stop").status_code == 204
    poll(sink.states, lambda states: states == ["STOPPED"])
    partition = {"kafka_topic": topic, "kafka_partition": 0}
    back = {"offsets": [{"partition": partition, "offset": {"kafka_offset": 20}}]}
    answer = sink.call("PATCH", "/offsets", back)
    assert answer.status_code == 200, answer.text
    assert taken(post(proxy, topic, rows(30, 5))) == 5
    assert sink.call("PUT", "/resume").status_code == 202

    landing.wait(topic, 35)
    assert {first: len(lines) for (_, first), lines in landing.objects(topic).items()} == {
        0: 10,
        10: 10,
        20: 15,
    }
    assert indexes(landing.objects(topic)) == list(range(35))


def test_without_a_schedule_a_second_run_writes_the_same_objects(
    proxy: str, kafka: Kafka, landing: Landing, sink: Connect, options: dict[str, str], prefix: str
) -> None:
    topic = kafka.create(f"{prefix}.pin")
    fixed = {**options, "rotate.schedule.interval.ms": "-1", "flush.size": "10"}
    sink.configure(**fixed)
    assert taken(post(proxy, topic, rows(0, 45))) == 45
    landing.wait(topic, 40)
    first = landing.objects(topic)
    poll(lambda: kafka.committed(f"connect-{sink.name}", topic), lambda committed: committed == {0: 40})

    assert sink.call("PUT", "/stop").status_code == 204
    poll(sink.states, lambda states: states == ["STOPPED"])
    assert sink.call("DELETE", "/offsets").status_code == 200
    assert taken(post(proxy, topic, rows(45, 5))) == 5
    assert sink.call("PUT", "/resume").status_code == 202
    landing.wait(topic, 50)
    again = landing.objects(topic)
    assert {position: again[position] for position in first} == first
    assert next_offsets(again) == {0: 50}


def test_missing_bucket_fails_the_task_and_a_better_configuration_mends_it(
    proxy: str, kafka: Kafka, landing: Landing, sink: Connect, options: dict[str, str], prefix: str
) -> None:
    topic = kafka.create(f"{prefix}.pin")
    assert taken(post(proxy, topic, rows(0, 3))) == 3
    sink.configure(**{**options, "s3.bucket.name": "no-such-bucket"})
    assert "Non-existent S3 bucket: no-such-bucket" in sink.trace()
    sink.configure(**options)
    landing.wait(topic, 3)


@pytest.mark.parametrize(
    ("option", "value", "reason"),
    [
        ("flush.size", "abc", "Not a number of type INT"),
        ("format.class", "io.confluent.connect.s3.format.avro.AvroFormat", "JsonFormat"),
        ("timezone", "", "must be set, e.g. to UTC, when rotate.schedule.interval.ms is set"),
    ],
)
def test_wrong_option_is_refused(
    sink: Connect, options: dict[str, str], option: str, value: str, reason: str
) -> None:
    answer = sink.call("PUT", "/config", {**options, option: value})
    assert answer.status_code == 400
    assert reason in answer.json()["message"]
