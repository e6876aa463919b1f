"""What a teardown would lose: records that the sink has not written, and what no run has read.

Nothing is changed here. Of a stream's records only those of the pipeline's own bursts are counted.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from pinterest_pipeline.landing.manifest import Mark, read_marks
from pinterest_pipeline.landing.objects import LandedObject, list_objects, read_lines

if TYPE_CHECKING:
    from cloud_operators.kafka.hooks.dead_letters import DeadLetterHook

#: Seconds that the dead letters may take.
READING_S = 120
_PARTITION = re.compile(r"/partition=(\d+)/$")


class Loss(NamedTuple):
    """Something that would be lost.

    :param what: what and how much.
    :param remedy: how it is brought to safety.
    """

    what: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.what}. {self.remedy}"


def unwritten_records(
    hook: DeadLetterHook, group: str, topics: list[str], dead_letter_topic: str | None
) -> list[Loss]:
    """Records that are only in Kafka: neither written by the sink nor dead letters.

    :param hook: a hook of the Kafka connection.
    :param group: the sink's consumer group.
    :param topics: data topics that exist.
    :param dead_letter_topic: their dead-letter topic, if it exists.
    :raises WaitTimedOut: when the dead letters can't be read in time.
    """
    if not topics:
        return []
    progress = hook.progress(group, topics)
    left = progress.left(progress.end)
    if any(left.values()) and dead_letter_topic:
        origins = hook.read_origins(dead_letter_topic, time_limit=READING_S)
        for topic, partitions in progress.dead(progress.end, origins).items():
            left[topic] -= sum(partitions.values())
    return [
        Loss(
            f"topic {topic}: the sink has not written {count} records; "
            f"{_partitions(topic, progress.committed[topic], progress.end[topic])}",
            f"Let the connector of group {group} run until it has caught up (pinterest_daily_batch waits for "
            "it; pinterest_provision_batch makes a connector that is gone again), or set delete_data",
        )
        for topic, count in left.items()
        if count > 0
    ]


def unread_objects(s3: Any, bucket: str, topics: Iterable[str], rows: list[dict[str, Any]]) -> list[Loss]:
    """Landed objects above the marks of the daily runs.

    :param s3: a boto3 S3 client.
    :param bucket: the pipeline's bucket.
    :param topics: data topics.
    :param rows: rows of the table of positions.
    """
    marks = read_marks(rows)
    losses = []
    for topic in topics:
        unread = [
            item
            for partition in partitions_of(s3, bucket, topic)
            for item in _unread(s3, bucket, topic, partition, marks)
        ]
        if unread:
            losses.append(
                Loss(
                    f"topic {topic}: {len(unread)} landed objects with {sum(item.size for item in unread)} "
                    f"bytes were read by no daily run, the first is {unread[0].key}",
                    "Run pinterest_daily_batch first, or set leave_unread: they are kept under retired/, "
                    "but come into no table",
                )
            )
    return losses


def unknown_objects(s3: Any, bucket: str, topics: Iterable[str]) -> list[Loss]:
    """Topics with landed objects of which nobody can say whether a daily run has read them.

    :param s3: a boto3 S3 client.
    :param bucket: the pipeline's bucket.
    :param topics: data topics.
    """
    return [
        Loss(
            f"topic {topic}: it has landed objects, and without PINTEREST_DATABRICKS_WAREHOUSE_ID it is not "
            "known whether they were read, nor are the daily runs' positions reset",
            "Set it; or set leave_unread when there are no tables",
        )
        for topic in topics
        if partitions_of(s3, bucket, topic)
    ]


def unread_records(rows: list[dict[str, Any]], streams: Mapping[str, str]) -> list[Loss]:
    """Records of streams that no run of the ingest has read.

    :param rows: of ``tables/read_unread_stream_records.sql``.
    :param streams: entity to the stream that is deleted.
    """
    return [
        Loss(
            f"stream {streams[row['entity']]}: {row['unread']} records that bursts have put there were read "
            "by no run of pinterest_stream_ingest",
            "Run it first, or set leave_unread: they are deleted with the stream",
        )
        for row in rows
        if row["entity"] in streams
    ]


def partitions_of(s3: Any, bucket: str, topic: str) -> list[int]:
    """The partitions of a topic that have landed objects.

    :param s3: a boto3 S3 client.
    :param bucket: the pipeline's bucket.
    :param topic: a data topic.
    """
    pages = s3.get_paginator("list_objects_v2").paginate(
        Bucket=bucket, Prefix=f"topics/{topic}/", Delimiter="/"
    )
    folders = [each["Prefix"] for page in pages for each in page.get("CommonPrefixes", [])]
    return sorted(int(found[1]) for folder in folders if (found := _PARTITION.search(folder)))


def _unread(
    s3: Any, bucket: str, topic: str, partition: int, marks: Mapping[tuple[str, int], Mark]
) -> list[LandedObject]:
    mark = marks.get((topic, partition))
    if mark is None:
        return list_objects(s3, bucket, topic, partition)
    listed = list_objects(s3, bucket, topic, partition, from_offset=mark["first_offset"])
    unread = [item for item in listed if item.first_offset > mark["first_offset"]]
    marked = [item for item in listed if item.first_offset == mark["first_offset"]]
    if marked:
        # The sink may have written it again, longer, since the run that read it.
        (lines,) = read_lines(s3, bucket, [marked[0].key])
        if len(lines) > mark["lines"]:
            return [*marked, *unread]
    return unread


def _partitions(topic: str, committed: Mapping[int, int | None], end: Mapping[int, int]) -> str:
    return ", ".join(
        f"{topic}[{number}] ends at {end[number]}, committed is {committed[number] or 0}"
        for number in sorted(end)
        if (committed[number] or 0) < end[number]
    )
