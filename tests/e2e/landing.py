"""Records posted through the API, and their landed objects read and rewritten behind the pipeline's back.

Everything here keeps to partition 0.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

import requests
from confluent_kafka import Consumer, TopicPartition

from pinterest_sandbox.waiting import NotReady, wait_until
from tests.e2e.api import api_url, key_header
from tests.e2e.bad_records import Written
from tests.e2e.conftest import ENTITIES, Demo, s3_client

LANDING_LIMIT = 60.0


def topic_of(demo: Demo, entity: str) -> str:
    return f"{demo.sandbox.user_id}.{entity}"


def object_key(demo: Demo, entity: str, first_offset: int) -> str:
    topic = topic_of(demo, entity)
    return f"topics/{topic}/partition=0/{topic}+0+{first_offset:010d}.json"


def post_records(demo: Demo, entity: str, values: Iterable[Any], form: str = "json") -> None:
    """Post records in one request; every one must be acknowledged.

    :param values: what JSON can say, or a :class:`Written` text.
    :param form: of the values: ``json`` or ``binary``.
    """
    texts = [value.text if isinstance(value, Written) else json.dumps(value) for value in values]
    records = ", ".join(f'{{"value": {text}}}' for text in texts)
    answer = requests.post(
        api_url(demo, f"/topics/{topic_of(demo, entity)}"),
        data=f'{{"records": [{records}]}}',
        headers={"Content-Type": f"application/vnd.kafka.{form}.v2+json", **key_header(demo)},
        timeout=30,
    )
    assert answer.status_code == 200, answer.text
    assert all(isinstance(record["offset"], int) for record in answer.json()["offsets"]), answer.text


def ends(demo: Demo, suffixes: Iterable[str] = ENTITIES) -> dict[str, int]:
    """The offset that comes next in each topic, as the broker says."""
    consumer = Consumer(
        {"bootstrap.servers": demo.sandbox.environment["SANDBOX_KAFKA_BOOTSTRAP"], "group.id": "e2e-ends"}
    )
    try:
        return {
            suffix: consumer.get_watermark_offsets(TopicPartition(topic_of(demo, suffix), 0), timeout=20)[1]
            for suffix in suffixes
        }
    finally:
        consumer.close()


def dead_letters(demo: Demo) -> int:
    """Dead letters of the sink, of all topics."""
    return ends(demo, ["dead-letter"])["dead-letter"]


def lines_from(demo: Demo, entity: str, first_offset: int) -> dict[int, list[bytes]]:
    """First offset and lines of the objects that begin at or behind an offset."""
    client, prefix = s3_client(demo.sandbox), object_key(demo, entity, 0).rpartition("+")[0]
    found = {}
    # From this key on, not from it alone: an object may begin at the offset itself.
    behind = object_key(demo, entity, max(0, first_offset - 1))
    for page in client.get_paginator("list_objects_v2").paginate(
        Bucket=demo.sandbox.bucket, Prefix=prefix, StartAfter=behind if first_offset else ""
    ):
        for item in page.get("Contents", []):
            first = int(item["Key"].rpartition("+")[2].removesuffix(".json"))
            if first >= first_offset:
                body = client.get_object(Bucket=demo.sandbox.bucket, Key=item["Key"])["Body"].read()
                found[first] = body.splitlines(keepends=True)
    return found


def wait_until_landed(demo: Demo, since: Mapping[str, int], dead: int) -> None:
    """Wait until each record posted lately is a line in S3 or a dead letter.

    :param since: entity to the offset where it began.
    :param dead: the dead letters there were before.
    """

    def check() -> None:
        wanted = sum(end - since[entity] for entity, end in ends(demo, since).items())
        landed = sum(
            len(lines) for entity in since for lines in lines_from(demo, entity, since[entity]).values()
        )
        lately_dead = dead_letters(demo) - dead
        if wanted != landed + lately_dead:
            raise NotReady(f"{wanted} posted, {landed} landed, {lately_dead} dead-lettered")

    wait_until(check, what="the sink", timeout=LANDING_LIMIT, interval=0.2)


def put_object(demo: Demo, entity: str, first_offset: int, body: bytes) -> None:
    s3_client(demo.sandbox).put_object(
        Bucket=demo.sandbox.bucket, Key=object_key(demo, entity, first_offset), Body=body
    )


def delete_object(demo: Demo, entity: str, first_offset: int) -> None:
    s3_client(demo.sandbox).delete_object(
        Bucket=demo.sandbox.bucket, Key=object_key(demo, entity, first_offset)
    )


def in_one_object_each(
    demo: Demo, values: Mapping[str, list[Any]]
) -> tuple[dict[str, int], dict[str, list[bytes]]]:
    """Post records and let those of an entity stand in one object of their own, wherever the sink has cut.

    :param values: entity to its records.
    :returns: entity to the object's first offset, and to its lines.
    """
    start, dead = ends(demo, values), dead_letters(demo)
    for entity, records in values.items():
        post_records(demo, entity, records)
    wait_until_landed(demo, start, dead)
    firsts, all_lines = {}, {}
    for entity in values:
        objects = lines_from(demo, entity, start[entity])
        first, *others = sorted(objects)
        lines = [line for offset in sorted(objects) for line in objects[offset]]
        if others:
            put_object(demo, entity, first, b"".join(lines))
        for offset in others:
            delete_object(demo, entity, offset)
        firsts[entity], all_lines[entity] = first, lines
    return firsts, all_lines
