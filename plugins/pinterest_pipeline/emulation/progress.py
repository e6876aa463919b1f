"""How far a burst has come: what is kept for a retry, or for the next try after a kill.

An entity's progress is the number of posts from the start that are acknowledged without a gap, the
acknowledged posts beyond, and the offsets of exactly these records. It names posts and not batches, so any
batch size and any number of requests can go on from it.
"""

from __future__ import annotations

import base64
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pinterest_pipeline.emulation import offsets
from pinterest_pipeline.emulation.offsets import OffsetRange


@dataclass
class EntityProgress:
    """How far one entity has come.

    :param posts: the record of each post before this position is acknowledged.
    :param beyond: positions behind it whose record is acknowledged.
    :param ranges: offsets of all acknowledged records.
    """

    posts: int = 0
    beyond: set[int] = field(default_factory=set)
    ranges: list[OffsetRange] = field(default_factory=list)

    @property
    def acknowledged(self) -> int:
        """The number of posts whose record is acknowledged."""
        return self.posts + len(self.beyond)

    def __contains__(self, position: int) -> bool:
        return position < self.posts or position in self.beyond

    def add(self, positions: Iterable[int], written: Iterable[tuple[int, int]]) -> None:
        """Count acknowledged records.

        :param positions: positions of their posts.
        :param written: partition and offset of each.
        """
        self.beyond.update(positions)
        while self.posts in self.beyond:
            self.beyond.remove(self.posts)
            self.posts += 1
        self.ranges = offsets.add_offsets(self.ranges, written)

    def to_json(self) -> dict[str, Any]:
        """The progress as JSON; the posts beyond are a map of bits, the first one for ``posts`` itself."""
        bits = bytearray((max(self.beyond) - self.posts) // 8 + 1 if self.beyond else 0)
        for position in self.beyond:
            byte, bit = divmod(position - self.posts, 8)
            bits[byte] |= 1 << bit
        return {
            "posts": self.posts,
            "beyond": base64.b64encode(bits).decode(),
            "offsets": offsets.to_json(self.ranges),
        }

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> EntityProgress:
        """The progress from its JSON."""
        posts = document["posts"]
        bits = base64.b64decode(document["beyond"])
        beyond = {
            posts + 8 * place + bit for place, byte in enumerate(bits) for bit in range(8) if byte >> bit & 1
        }
        return cls(posts, beyond, offsets.from_json(document["offsets"]))


class Progress:
    """The progress of every entity. Threads may share an instance.

    :param entities: entity to its progress.
    """

    def __init__(self, entities: Mapping[str, EntityProgress]) -> None:
        self.entities = dict(entities)
        self._lock = threading.Lock()

    @classmethod
    def at_start(cls, entities: Iterable[str]) -> Progress:
        """Nothing is acknowledged yet."""
        return cls({entity: EntityProgress() for entity in entities})

    @property
    def posts(self) -> int:
        """The number of posts of which all records are acknowledged, without a gap."""
        return min(done.posts for done in self.entities.values())

    @property
    def acknowledged(self) -> int:
        """The number of posts of which every entity has acknowledged at least as many records."""
        return min(done.acknowledged for done in self.entities.values())

    def add(self, entity: str, positions: Sequence[int], written: Iterable[tuple[int, int]]) -> None:
        """Count acknowledged records of one entity."""
        with self._lock:
            self.entities[entity].add(positions, written)

    def missing(self, entity: str, positions: Iterable[int]) -> list[int]:
        """Those of some positions whose record of an entity is not acknowledged."""
        done = self.entities[entity]
        with self._lock:
            return [position for position in positions if position not in done]

    def pending(self, posts: int) -> Iterator[int]:
        """The positions below ``posts`` that lack a record, in order, as it is now."""
        begin = self.posts
        whole = set.intersection(
            *(done.beyond | set(range(begin, done.posts)) for done in self.entities.values())
        )
        return (position for position in range(begin, posts) if position not in whole)

    def to_json(self) -> dict[str, Any]:
        """The progress as JSON, at one moment."""
        with self._lock:
            return {entity: done.to_json() for entity, done in self.entities.items()}

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Progress:
        """The progress from its JSON."""
        return cls({entity: EntityProgress.from_json(value) for entity, value in document.items()})
