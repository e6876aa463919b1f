"""How far a burst has come: what is kept for a retry, or for the next try after a kill.

A channel's progress is the number of posts from the start that are acknowledged without a gap, the
acknowledged posts beyond, and where exactly these records were written. It names posts and not batches, so
any batch size and any number of requests can go on from it.
"""

from __future__ import annotations

import base64
import threading
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Self

from pinterest_pipeline.emulation import offsets, shards
from pinterest_pipeline.emulation.channels import is_stream
from pinterest_pipeline.emulation.offsets import OffsetRange
from pinterest_pipeline.emulation.shards import ShardSpan


@dataclass
class ChannelProgress(ABC):
    """How far one channel has come; a kind of channel says where its records are.

    :param posts: the record of each post before this position is acknowledged.
    :param beyond: positions behind it whose record is acknowledged.
    """

    posts: int = 0
    beyond: set[int] = field(default_factory=set)
    #: The member of the JSON that says where the records are, and so of which kind a channel is.
    places_member: ClassVar[str]

    @property
    def acknowledged(self) -> int:
        """The number of posts whose record is acknowledged."""
        return self.posts + len(self.beyond)

    @property
    @abstractmethod
    def places(self) -> int:
        """The number of records whose place is known."""

    def __contains__(self, position: int) -> bool:
        return position < self.posts or position in self.beyond

    def add(self, positions: Iterable[int], written: Iterable[Any]) -> None:
        """Count acknowledged records.

        :param positions: positions of their posts.
        :param written: where each was written.
        """
        self.beyond.update(positions)
        while self.posts in self.beyond:
            self.beyond.remove(self.posts)
            self.posts += 1
        self._add_places(written)

    def to_json(self) -> dict[str, Any]:
        """The progress as JSON; the posts beyond are a map of bits, the first one for ``posts`` itself."""
        bits = bytearray((max(self.beyond) - self.posts) // 8 + 1 if self.beyond else 0)
        for position in self.beyond:
            byte, bit = divmod(position - self.posts, 8)
            bits[byte] |= 1 << bit
        return {
            "posts": self.posts,
            "beyond": base64.b64encode(bits).decode(),
            self.places_member: self.places_to_json(),
        }

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Self:
        """The progress from its JSON."""
        posts = document["posts"]
        bits = base64.b64decode(document["beyond"])
        beyond = {
            posts + 8 * place + bit for place, byte in enumerate(bits) for bit in range(8) if byte >> bit & 1
        }
        made = cls(posts, beyond)
        made._take_places(document[cls.places_member])
        return made

    @abstractmethod
    def places_to_json(self) -> Any:
        """Where the records are, as JSON."""

    @abstractmethod
    def _add_places(self, written: Iterable[Any]) -> None:
        """Add where records were written."""

    @abstractmethod
    def _take_places(self, document: Any) -> None:
        """Take over what :meth:`places_to_json` gave."""


@dataclass
class TopicProgress(ChannelProgress):
    """A channel that leads to a Kafka topic; ``written`` are pairs of partition and offset.

    :param ranges: offsets of all acknowledged records.
    """

    ranges: list[OffsetRange] = field(default_factory=list)
    places_member = "offsets"

    @property
    def places(self) -> int:
        """The number of offsets."""
        return offsets.count(self.ranges)

    def places_to_json(self) -> list[offsets.OffsetRangeJson]:
        """The ranges of offsets."""
        return offsets.to_json(self.ranges)

    def _add_places(self, written: Iterable[tuple[int, int]]) -> None:
        self.ranges = offsets.add_offsets(self.ranges, written)

    def _take_places(self, document: Any) -> None:
        self.ranges = offsets.from_json(document)


@dataclass
class StreamProgress(ChannelProgress):
    """A channel that leads to a Kinesis stream; ``written`` are pairs of shard id and sequence number.

    :param spans: shard id to its acknowledged records.
    """

    spans: dict[str, ShardSpan] = field(default_factory=dict)
    places_member = "shards"

    @property
    def places(self) -> int:
        """The number of records in all shards."""
        return shards.count(self.spans)

    def places_to_json(self) -> list[shards.ShardSpanJson]:
        """The spans of sequence numbers."""
        return shards.to_json(self.spans)

    def _add_places(self, written: Iterable[tuple[str, str]]) -> None:
        self.spans = shards.add_records(self.spans, written)

    def _take_places(self, document: Any) -> None:
        self.spans = shards.from_json(document)


class Progress:
    """The progress of every channel. Threads may share an instance.

    :param channels: channel to its progress.
    """

    def __init__(self, channels: Mapping[str, ChannelProgress]) -> None:
        self.channels = dict(channels)
        self._lock = threading.Lock()

    @classmethod
    def at_start(cls, channels: Iterable[str]) -> Progress:
        """Nothing is acknowledged yet."""
        return cls({channel: _kind(is_stream(channel))() for channel in channels})

    @property
    def posts(self) -> int:
        """The number of posts of which all records are acknowledged, without a gap."""
        return min(done.posts for done in self.channels.values())

    @property
    def acknowledged(self) -> int:
        """The number of posts of which every channel has acknowledged at least as many records."""
        return min(done.acknowledged for done in self.channels.values())

    def add(self, channel: str, positions: Sequence[int], written: Iterable[Any]) -> None:
        """Count acknowledged records of one channel."""
        with self._lock:
            self.channels[channel].add(positions, written)

    def missing(self, channel: str, positions: Iterable[int]) -> list[int]:
        """Those of some positions whose record is not acknowledged on a channel."""
        done = self.channels[channel]
        with self._lock:
            return [position for position in positions if position not in done]

    def pending(self, posts: int) -> Iterator[int]:
        """The positions below ``posts`` that lack a record, in order, as it is now."""
        begin = self.posts
        whole = set.intersection(
            *(done.beyond | set(range(begin, done.posts)) for done in self.channels.values())
        )
        return (position for position in range(begin, posts) if position not in whole)

    def to_json(self) -> dict[str, Any]:
        """The progress as JSON, at one moment."""
        with self._lock:
            return {channel: done.to_json() for channel, done in self.channels.items()}

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Progress:
        """The progress from its JSON."""
        return cls(
            {
                channel: _kind(StreamProgress.places_member in value).from_json(value)
                for channel, value in document.items()
            }
        )


def _kind(of_stream: bool) -> type[ChannelProgress]:
    return StreamProgress if of_stream else TopicProgress
