"""The manifest of a run: exactly the landed objects that it reads, and where the run before stopped."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

VERSION = 1


@dataclass(frozen=True, kw_only=True)
class LandedObject:
    """One object of the landing.

    :param key: its key in the bucket.
    :param first_offset: Kafka offset of its first record, as its name says.
    """

    key: str
    first_offset: int


@dataclass(frozen=True, kw_only=True)
class PartitionPart:
    """What a run reads of one partition.

    :param partition: number of the Kafka partition.
    :param pinned_offset: the sink's committed offset when the manifest was made; nothing from it on is read.
    :param mark: (first offset, lines) of the object processed last before, or None.
    :param objects: the objects to read, in offset order.
    """

    partition: int
    pinned_offset: int
    mark: tuple[int, int] | None
    objects: tuple[LandedObject, ...]

    @property
    def reread(self) -> int:
        """Lines that the run before had read already: the mark's, when its object is read again."""
        if self.mark is None or all(o.first_offset != self.mark[0] for o in self.objects):
            return 0
        return self.mark[1]


@dataclass(frozen=True, kw_only=True)
class EntityPart:
    """What a run reads of one entity: its topic and the parts of the topic's partitions."""

    topic: str
    partitions: tuple[PartitionPart, ...]


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """One run's input.

    :param run_id: id of the run that the manifest was made for.
    :param bucket: bucket of the landing, or the URI of a folder that holds the same keys.
    :param full_refresh: whether everything is read from offset 0 and cleaned anew.
    :param entities: entity name to its part.
    """

    run_id: str
    bucket: str
    full_refresh: bool
    entities: dict[str, EntityPart]

    def uri(self, key: str) -> str:
        """The address of a landed object."""
        root = self.bucket if "://" in self.bucket else f"s3://{self.bucket}"
        return f"{root.rstrip('/')}/{key}"


def parse_manifest(text: str) -> Manifest:
    """Read the text of a manifest.

    :raises ValueError: when it is of another version.
    """
    said = json.loads(text)
    if said.get("version") != VERSION:
        raise ValueError(f"manifest version {said.get('version')!r}: this code reads version {VERSION}")
    return Manifest(
        run_id=said["run_id"],
        bucket=said["bucket"],
        full_refresh=said["full_refresh"],
        entities={name: _entity(part) for name, part in said["entities"].items()},
    )


def read_manifest(spark: SparkSession, uri: str) -> Manifest:
    """Read the manifest at ``uri`` (``s3://`` or any other file system of this Spark)."""
    rows = spark.read.text(uri, wholetext=True).take(1)
    if not rows:
        raise ValueError(f"the manifest {uri} is empty")
    return parse_manifest(rows[0][0])


def _entity(said: dict[str, Any]) -> EntityPart:
    return EntityPart(topic=said["topic"], partitions=tuple(_partition(p) for p in said["partitions"]))


def _partition(said: dict[str, Any]) -> PartitionPart:
    mark = said.get("mark")
    objects = [LandedObject(key=o["key"], first_offset=int(o["first_offset"])) for o in said["objects"]]
    return PartitionPart(
        partition=int(said["partition"]),
        pinned_offset=int(said["pinned_offset"]),
        mark=(int(mark["first_offset"]), int(mark["lines"])) if mark else None,
        objects=tuple(sorted(objects, key=lambda o: o.first_offset)),
    )
