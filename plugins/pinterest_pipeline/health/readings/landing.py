"""The landing: the newest object of each entity, found without a listing of all that lies there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from pinterest_pipeline.entities import names
from pinterest_pipeline.health.checks.landing import Landed, Reading
from pinterest_pipeline.health.readings.aws import aws_trouble
from pinterest_pipeline.health.readings.patience import aws_client
from pinterest_pipeline.landing.objects import object_key, parse_offset, partition_prefix

#: Pages that one reading lists of all partitions together, beside the first one of each.
PAGES = 20
PAGE_KEYS = 1000
_ABSENT = ("404", "NoSuchBucket")
_DENIED = ("403", "AccessDenied", "AllAccessDisabled")


def read(memory: Mapping[str, Any]) -> Reading:
    """List what has landed since the check before.

    :param memory: entity to ``complete`` and ``marks``, under ``entities``.
    """
    from botocore.exceptions import BotoCoreError, ClientError

    found, at = names(), datetime.now(UTC)
    known = memory.get("entities", {})
    try:
        listing = _Listing(aws_client("s3"), found.bucket, PAGES)
        entities = {
            entity: _look(listing, topic, known.get(entity)) for entity, topic in found.topics.items()
        }
    except (BotoCoreError, ClientError) as error:
        code = error.response["Error"].get("Code", "") if isinstance(error, ClientError) else ""
        trouble = aws_trouble(error, "S3")
        if not trouble and code not in (*_ABSENT, *_DENIED):
            raise
        return Reading(
            at=at, bucket=found.bucket, trouble=trouble, absent=code in _ABSENT, denied=code in _DENIED
        )
    return Reading(at=at, bucket=found.bucket, entities=entities)


@dataclass
class _Listing:
    """Lists partitions, as long as there are pages left.

    :param s3: a boto3 S3 client.
    :param bucket: the pipeline's bucket.
    :param pages: how many may still be listed, beside the first one of each partition.
    :param complete: whether all were listed that there are.
    """

    s3: Any
    bucket: str
    pages: int
    complete: bool = True

    def behind(self, topic: str, partition: int, offset: int) -> Iterator[tuple[str, datetime]]:
        """Key and time of the objects from an offset on, in the order of their offsets."""
        request: dict[str, Any] = {"Bucket": self.bucket, "Prefix": partition_prefix(topic, partition)}
        if offset > 0:
            # S3 lists what comes behind this key, so the object that begins at the offset is the first.
            request["StartAfter"] = object_key(topic, partition, offset - 1)
        pages = self.s3.get_paginator("list_objects_v2").paginate(
            **request, PaginationConfig={"PageSize": PAGE_KEYS}
        )
        for page in pages:
            for entry in page.get("Contents", []):
                if parse_offset(entry["Key"], topic, partition) is not None:
                    yield entry["Key"], entry["LastModified"]
            if page.get("IsTruncated"):
                if self.pages <= 0:
                    self.complete = False
                    return
                self.pages -= 1


def _look(listing: _Listing, topic: str, known: Mapping[str, Any] | None) -> Landed:
    from pinterest_pipeline.provisioning.teardown.losses import partitions_of

    listing.complete = True
    marks: dict[str, Mapping[str, str]] = {}
    before = known["marks"] if known else {}
    found = 0
    for partition in partitions_of(listing.s3, listing.bucket, topic):
        mark, new = _look_at_partition(listing, topic, partition, before.get(str(partition)))
        found += new
        if mark:
            marks[str(partition)] = mark
    times = [datetime.fromisoformat(mark["at"]) for mark in marks.values()]
    return Landed(
        newest=max(times, default=None),
        # What a first listing finds is not new.
        found=found if known and known["complete"] else None,
        complete=listing.complete,
        marks=marks,
    )


def _look_at_partition(
    listing: _Listing, topic: str, partition: int, mark: Mapping[str, str] | None
) -> tuple[Mapping[str, str] | None, int]:
    """The new mark of a partition, and how many objects lie behind the old one."""
    offset = parse_offset(mark["key"], topic, partition) if mark else None
    # The marked object is listed again: the sink may have written it anew.
    objects = list(listing.behind(topic, partition, offset or 0))
    if mark and not objects and listing.complete:
        # It was moved or deleted: perhaps a topic of the same name begins anew.
        mark, objects = None, list(listing.behind(topic, partition, 0))
    if not objects:
        return mark, 0
    times = [written for _, written in objects]
    if mark:
        times.append(datetime.fromisoformat(mark["at"]))
    last = objects[-1][0]
    return {"key": last, "at": max(times).isoformat()}, sum(
        1 for key, _ in objects if not mark or key > mark["key"]
    )
