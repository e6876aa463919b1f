"""A burst: many posts sent as fast as the API takes them, resumable where it stopped."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, Protocol

from pinterest_pipeline.emulation import offsets
from pinterest_pipeline.emulation.offsets import OffsetRange
from pinterest_pipeline.emulation.sender import Acknowledged, Record, Row

logger = logging.getLogger(__name__)

#: Batches of each entity between two saves of the progress: what a kill may send twice.
BATCHES_PER_LEG = 4

#: Entity and keys to rows.
Fetch = Callable[[str, Sequence[int]], Mapping[int, Row]]


class Sender(Protocol):
    """What sends the records of one entity."""

    def send(self, records: Sequence[Record]) -> list[Acknowledged]:
        """Send records until all are acknowledged."""


@dataclass
class EntityProgress:
    """How far one entity has come.

    :param posts: posts whose record was acknowledged, from the start of the burst.
    :param ranges: offsets of the acknowledged records.
    """

    posts: int = 0
    ranges: list[OffsetRange] = field(default_factory=list)

    def add(self, written: Sequence[Acknowledged]) -> None:
        """Count the acknowledged records of the next posts."""
        self.ranges = offsets.add_offsets(self.ranges, written)
        self.posts += len(written)


class Progress(dict[str, EntityProgress]):
    """Entity to its progress."""

    def to_json(self) -> dict[str, Any]:
        """The progress as JSON."""
        return {
            entity: {"posts": progress.posts, "offsets": offsets.to_json(progress.ranges)}
            for entity, progress in self.items()
        }

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Progress:
        """The progress from its JSON."""
        return cls(
            {
                entity: EntityProgress(value["posts"], offsets.from_json(value["offsets"]))
                for entity, value in document.items()
            }
        )


def send_burst(
    *,
    keys: Sequence[int],
    fetch: Fetch,
    senders: Mapping[str, Sender],
    progress: Progress,
    save: Callable[[Progress], None],
    batch_size: int,
) -> None:
    """Send the records of all posts that ``progress`` does not count yet.

    Entities are sent at the same time, the records of one entity one batch after another, so that records of
    one key keep their order.

    :param keys: the keys of all posts of the burst, in order.
    :param fetch: gives the rows of an entity by key; called by one thread at a time.
    :param senders: entity to its sender.
    :param progress: is brought forward in place.
    :param save: called after each leg, also when it failed.
    :param batch_size: records of one request.
    :raises Exception: what a sender or ``fetch`` raised, after the progress was saved.
    """
    for entity in senders:
        progress.setdefault(entity, EntityProgress())
    leg_size = batch_size * BATCHES_PER_LEG
    with ThreadPoolExecutor(max_workers=len(senders), thread_name_prefix="burst") as pool:
        while (first := min(progress[entity].posts for entity in senders)) < len(keys):
            end = min(first + leg_size, len(keys))
            # The source has one connection, so rows are fetched here and only sent by the threads.
            legs = {
                entity: _records(fetch, entity, keys[progress[entity].posts : end])
                for entity in senders
                if progress[entity].posts < end
            }
            with contextlib.ExitStack() as after:
                after.callback(save, progress)
                futures = [
                    pool.submit(_send_leg, senders[entity], records, progress[entity], batch_size)
                    for entity, records in legs.items()
                ]
                # All legs end before the first error is raised: the progress of each is saved.
                errors = [error for future in futures if (error := future.exception())]
                if errors:
                    raise errors[0]
            logger.info("%d of %d posts are acknowledged", end, len(keys))


def _records(fetch: Fetch, entity: str, keys: Sequence[int]) -> list[Record]:
    rows = fetch(entity, keys)
    return [Record(key, rows[key]) for key in keys]


def _send_leg(sender: Sender, records: Sequence[Record], progress: EntityProgress, batch_size: int) -> None:
    for begin in range(0, len(records), batch_size):
        progress.add(sender.send(records[begin : begin + batch_size]))
