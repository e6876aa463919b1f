"""Lines of a post in landed objects: those that no daily run has read, and those that hold its records."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pinterest_pipeline import connections
from pinterest_pipeline.entities import Contract, names
from pinterest_pipeline.landing.manifest import Mark
from pinterest_pipeline.landing.objects import LandedObject, list_objects, object_key, read_lines
from pinterest_pipeline.tracing.batch import Line, Place, Record
from pinterest_pipeline.tracing.contents import describe, may_hold
from pinterest_pipeline.tracing.places import line_of, object_of
from pinterest_pipeline.tracing.readings.kafka import KafkaSide
from pinterest_pipeline.tracing.runs import begin_below

#: Unread objects of each partition that are searched, the oldest, and their bytes together.
MOST_OBJECTS = 500
MOST_BYTES = 256 * 1024 * 1024
_ABSENT = ("NoSuchKey", "NoSuchBucket", "404")


@dataclass(kw_only=True)
class Landing:
    """What S3 has of an entity's lines.

    :param objects: partition to the first offsets of objects that were listed.
    :param read: objects that were read, by partition and first offset.
    :param lines: the lines of the post.
    :param not_searched: sentences about what was not.
    """

    objects: dict[int, list[int]] = field(default_factory=dict)
    read: set[tuple[int, int]] = field(default_factory=set)
    lines: list[Line] = field(default_factory=list)
    not_searched: list[str] = field(default_factory=list)


def read(
    contract: Contract,
    ind: int,
    *,
    row: Place | None,
    marks: Mapping[int, Mark],
    runs: Sequence[Mapping[str, Any]],
    kafka: KafkaSide,
) -> Landing:
    """Look for the lines of a post.

    :param contract: the entity.
    :param ind: key of the post.
    :param row: the position that the batch table has, whose object is read.
    :param marks: partition to where the daily runs have ended; objects from there on are searched.
    :param runs: rows of ``trace/batch_runs.sql``.
    :param kafka: records whose lines are looked for.
    """
    from botocore.exceptions import ClientError

    s3, bucket = connections.aws_client("s3"), names().bucket
    topic = names().topic(contract.entity)
    found = Landing()
    if row and row.is_dead_letter:
        row = None
    if not kafka.committed:
        found.not_searched.append(f"{topic}: landed objects of partitions that no daily run has read")
    try:
        for partition in sorted({*marks, *kafka.committed, *([row.partition] if row else [])} or {0}):
            begin = _begin(partition, marks, runs, kafka)
            listed = list_objects(s3, bucket, topic, partition, from_offset=begin)
            found.objects[partition] = [each.first_offset for each in listed]
            chosen = _choose(found, topic, partition, listed, marks.get(partition), kafka)
            if row and row.partition == partition and row.first_offset >= 0:
                chosen.add(row.first_offset)
            for first in sorted(chosen):
                _search(s3, bucket, contract, ind, Place(partition, first, 0), found, kafka)
    except ClientError as error:
        if error.response["Error"]["Code"] not in _ABSENT:
            raise
        found.not_searched.append(f"s3://{bucket}: it does not exist")
    if row and row.first_offset < 0:
        found.not_searched.append(
            f"{topic}: the object of the row in the table, which is of a topic that was deleted"
        )
    return found


def _begin(
    partition: int, marks: Mapping[int, Mark], runs: Sequence[Mapping[str, Any]], kafka: KafkaSide
) -> int:
    """From where on objects are listed: the mark, or an object in front of a record of the post."""
    mark = marks.get(partition)
    begin = mark["first_offset"] if mark else 0
    earlier = [begin_below(runs, partition, each.offset) for each in _records(kafka, partition)]
    return min([begin, *(each for each in earlier if each is not None)])


def _records(kafka: KafkaSide, partition: int) -> list[Record]:
    dead = kafka.dead.get(partition, ())
    return [each for each in kafka.records if each.partition == partition and each.offset not in dead]


def _choose(
    found: Landing,
    topic: str,
    partition: int,
    listed: Sequence[LandedObject],
    mark: Mark | None,
    kafka: KafkaSide,
) -> set[int]:
    """First offsets of the objects to read: unread ones within limits, and those of the known records."""
    chosen, size = set(), 0
    unread = [each for each in listed if not mark or each.first_offset >= mark["first_offset"]]
    for number, each in enumerate(unread):
        size += each.size
        if number >= MOST_OBJECTS or size > MOST_BYTES:
            found.not_searched.append(
                f"{topic}[{partition}]: {len(unread) - number} landed objects from offset "
                f"{each.first_offset} on, which no daily run has read"
            )
            break
        chosen.add(each.first_offset)
    holding = (object_of(each.offset, found.objects[partition]) for each in _records(kafka, partition))
    return chosen | {first for first in holding if first is not None}


def _search(
    s3: Any, bucket: str, contract: Contract, ind: int, begin: Place, found: Landing, kafka: KafkaSide
) -> None:
    """Read an object and keep the lines of the post."""
    partition, first, _ = begin
    key = object_key(names().topic(contract.entity), partition, first)
    try:
        (lines,) = read_lines(s3, bucket, [key])
    except s3.exceptions.NoSuchKey:
        found.not_searched.append(f"s3://{bucket}/{key}: it is gone")
        return
    found.read.add((partition, first))
    # A record that was sent under the key without having it is known by its place.
    records = {
        line_of(each.offset, first, kafka.dead.get(partition, ())): each.content.same
        for each in _records(kafka, partition)
        if each.content.key != ind and each.offset >= first
    }
    for number, data in enumerate(lines):
        if number not in records and not may_hold(data, ind):
            continue
        content = describe(data, contract.key)
        if content.key == ind or records.get(number) == content.same:
            found.lines.append(Line(place=Place(partition, first, number), content=content))
