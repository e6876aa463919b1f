"""What a burst is sent with: its senders, its source, and how its result is told."""

from __future__ import annotations

import contextlib
import functools
import threading
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from pinterest_pipeline import connections
from pinterest_pipeline.emulation import offsets
from pinterest_pipeline.emulation.channels import entity_of, is_stream
from pinterest_pipeline.emulation.progress import Progress, StreamProgress, TopicProgress
from pinterest_pipeline.emulation.source import fetch_rows
from pinterest_pipeline.emulation.stream_sender import StreamSender
from pinterest_pipeline.emulation.topic_sender import TopicSender
from pinterest_pipeline.entities import ENTITIES, contracts, names
from pinterest_pipeline.paths import read_include

if TYPE_CHECKING:
    import pymysql

    from pinterest_pipeline.emulation.burst import Fetch
    from pinterest_pipeline.emulation.sender import ApiSender, Row


def make_senders(
    stack: contextlib.ExitStack, channels: Iterable[str], *, lanes: int, stop: threading.Event
) -> dict[str, list[ApiSender]]:
    """Channel to the senders of its lanes.

    :param stack: closes them.
    :param channels: channels of the burst.
    :param lanes: how many senders each has.
    :param stop: ends their pauses.
    """
    from airflow.sdk import BaseHook

    from pinterest_pipeline.provisioning.connection import base_url

    api = BaseHook.get_connection(connections.API)
    options: dict[str, Any] = {"base_url": base_url(api), "api_key": api.password or "", "stop": stop}

    def make(channel: str) -> ApiSender:
        entity = entity_of(channel)
        if is_stream(channel):
            return StreamSender(stream=names().stream(entity), **options)
        return TopicSender(topic=names().topic(entity), **options)

    return {channel: [stack.enter_context(make(channel)) for _ in range(lanes)] for channel in channels}


def make_fetch(database: pymysql.Connection[Any]) -> Fetch:
    """What gives the rows of a channel; a row that takes both paths is read once.

    :param database: the source.
    """
    statements = {entity: read_include(f"sql/source/{entity}.sql") for entity in ENTITIES}

    # The channels of an entity are asked for the same keys one after another.
    @functools.lru_cache(maxsize=len(ENTITIES))
    def rows(entity: str, keys: tuple[int, ...]) -> Mapping[int, Row]:
        return fetch_rows(database, contracts()[entity], statements[entity], keys)

    def fetch(channel: str, keys: Sequence[int]) -> Mapping[int, Row]:
        return rows(entity_of(channel), tuple(keys))

    return fetch


def told(progress: Progress) -> dict[str, Any]:
    """What became of a burst, as JSON.

    :param progress: at its end.
    :returns: ``entities`` and ``streams``: entity to ``sent``, ``acknowledged``, and ``offsets`` or
        ``shards``; ``next_offsets``: topic to partition to the offset behind the last acknowledged record.
    """
    parts: dict[type, dict[str, Any]] = {TopicProgress: {}, StreamProgress: {}}
    next_offsets = {}
    for channel, done in progress.channels.items():
        entity = entity_of(channel)
        parts[type(done)][entity] = {
            "sent": done.acknowledged,
            "acknowledged": done.places,
            done.places_member: done.places_to_json(),
        }
        if isinstance(done, TopicProgress):
            next_offsets[names().topic(entity)] = offsets.next_offsets(done.ranges)
    return {
        "entities": parts[TopicProgress],
        "streams": parts[StreamProgress],
        "next_offsets": next_offsets,
    }
