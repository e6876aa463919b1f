"""A short burst with many repeated keys: its posts, a topic to send to, and what must hold at its end."""

from __future__ import annotations

import json
import threading
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from pinterest_pipeline.emulation import offsets
from pinterest_pipeline.emulation.burst import send_burst
from pinterest_pipeline.emulation.progress import Progress
from pinterest_pipeline.emulation.sender import Record, Told

ENTITIES = ("pin", "geo", "user")
#: 66 posts of 13 keys.
KEYS = [7, 3, 3, 9, 1, 7, 5, 2, 8, 4, 6] + [(position * position) % 13 for position in range(55)]
BATCH_SIZE = 2
LEG = 8
Tables = dict[str, list[dict[str, Any]]]


def fetch(entity: str, keys: Sequence[int]) -> Mapping[int, dict[str, Any]]:
    return {key: {"entity": entity, "ind": key} for key in keys}


class Topic:
    """A topic with a sender for each lane; ``answer`` is asked before each request is written."""

    def __init__(self, answer: Callable[[Sequence[Record]], None] = lambda _: None) -> None:
        self.keys: list[int] = []
        self.values: list[Any] = []
        self.flying: Counter[int] = Counter()
        self.most_requests = self.requests = 0
        self.answer = answer
        self.lock = threading.Lock()

    def send(self, records: Sequence[Record], told: Told) -> None:
        with self.lock:
            self.requests += 1
            self.flying.update(record.key for record in records)
            assert max(self.flying.values()) == 1, "a key is in flight twice"
            self.most_requests = max(self.most_requests, self.requests)
        try:
            self.answer(records)
            with self.lock:
                begin = len(self.keys)
                self.keys += [record.key for record in records]
                self.values += [record.value for record in records]
            told(range(len(records)), [(0, begin + place) for place in range(len(records))])
        finally:
            with self.lock:
                self.requests -= 1
                self.flying.subtract(record.key for record in records)


def run(
    topics: Mapping[str, Any], progress: Progress, saved: list[Any] | None = None, **options: Any
) -> None:
    lanes = options.pop("lanes", 1)
    if saved is not None:
        options["save"] = lambda: saved.append(json.loads(json.dumps(progress.to_json())))
    send_burst(
        **{
            "keys": KEYS,
            "fetch": fetch,
            "senders": {entity: [topic] * lanes for entity, topic in topics.items()},
            "progress": progress,
            "save": lambda: None,
            "batch_size": BATCH_SIZE,
            **options,
        }
    )


def assert_whole(progress: Progress, tables: Mapping[str, Sequence[int]]) -> None:
    """The acknowledged offsets hold the record of each post exactly once."""
    for entity, done in progress.channels.items():
        assert (done.posts, done.beyond, done.acknowledged) == (len(KEYS), set(), len(KEYS))
        held = [
            tables[entity][offset] for piece in done.ranges for offset in range(piece.first, piece.last + 1)
        ]
        assert Counter(held) == Counter(KEYS)
        assert offsets.count(done.ranges) == len(KEYS)
