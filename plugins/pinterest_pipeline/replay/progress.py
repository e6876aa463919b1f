"""How far the dead letters have been replayed, in ``_state/replay/dead_letters.json``.

Offsets mean something only in the topic that they are from: one that was made anew has another id, and is
read from its beginning.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from pinterest_pipeline.landing.manifest import split_uri

FILE = "replay/dead_letters.json"
#: Entity to partition of the dead-letter topic to the offset to read on from.
type Progress = dict[str, dict[int, int]]


def read_progress(s3: Any, uri: str, *, topic_id: str) -> Progress:
    """How far each entity's letters have been replayed; nothing before the first replay.

    :param s3: a boto3 S3 client.
    :param uri: ``s3://`` URI.
    :param topic_id: Kafka's id of the dead-letter topic as it is now.
    """
    bucket, key = split_uri(uri)
    try:
        document = json.loads(s3.get_object(Bucket=bucket, Key=key)["Body"].read())
    except s3.exceptions.NoSuchKey:
        return {}
    return from_json(document["next_offsets"]) if document["topic_id"] == topic_id else {}


def advance(s3: Any, uri: str, reached: Mapping[str, Mapping[int, int]], *, topic_id: str) -> Progress:
    """Note how far a run has come. It never goes back, so that an old run may do this again.

    :param s3: a boto3 S3 client.
    :param uri: ``s3://`` URI.
    :param reached: as the run's plan has it.
    :param topic_id: Kafka's id of the topic that the run has read.
    :returns: what is noted now.
    """
    noted = read_progress(s3, uri, topic_id=topic_id)
    for entity, offsets in reached.items():
        before = noted.setdefault(entity, {})
        for number, offset in offsets.items():
            before[number] = max(offset, before.get(number, 0))
    bucket, key = split_uri(uri)
    body = json.dumps({"topic_id": topic_id, "next_offsets": noted}).encode()
    s3.put_object(Bucket=bucket, Key=key, Body=body, ContentType="application/json")
    return noted


def from_json(offsets: Mapping[str, Mapping[str, int]]) -> Progress:
    """Offsets whose partitions JSON has made texts."""
    return {
        entity: {int(number): int(offset) for number, offset in partitions.items()}
        for entity, partitions in offsets.items()
    }
