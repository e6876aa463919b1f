"""Dead letters of a Kafka Connect sink: which records it could not write."""

from __future__ import annotations

import logging
import time
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from cloud_operators.exceptions import WaitTimedOut
from cloud_operators.kafka.hooks.records import RecordsHook, is_complete
from cloud_operators.kafka.offsets import Offsets, Origins

log = logging.getLogger(__name__)

#: Topic, partition and offset of the record that a dead letter is made of.
type Origin = tuple[str, int, int]

#: What a letter takes in memory beside its value.
_LETTER_BYTES = 200


@dataclass(frozen=True, kw_only=True)
class DeadLetters:
    """What one reading of a dead-letter topic has found.

    :param origins: topic -> (partition, offset) of each record, each once
    :param next_offsets: partition of the dead-letter topic -> where to read on
    :param complete: whether the end was reached; ``False`` when the time was over before
    :param trimmed: whether dead letters had been removed, by retention or by hand, before this reading
    """

    origins: Origins
    next_offsets: dict[int, int]
    complete: bool
    trimmed: bool


@dataclass(frozen=True, kw_only=True)
class DeadLetter:
    """A record that a sink could not write.

    :param topic: the record's topic
    :param partition: its partition there
    :param offset: its offset there
    :param value: its bytes as they were sent; ``None`` for a record without a value
    :param place: partition and offset of the letter itself in the dead-letter topic
    """

    topic: str
    partition: int
    offset: int
    value: bytes | None
    place: tuple[int, int]


@dataclass(frozen=True, kw_only=True)
class Letters:
    """What one reading of a dead-letter topic has found, with the records themselves.

    :param letters: in the order of the dead-letter topic's partitions; a record that the sink has met twice
        is there twice
    :param strangers: messages that do not say where they came from
    :param next_offsets: partition of the dead-letter topic -> where to read on
    :param complete: whether the end was reached; ``False`` when a limit was reached before
    """

    letters: list[DeadLetter]
    strangers: int
    next_offsets: dict[int, int]
    complete: bool


class DeadLetterHook(RecordsHook):
    """Read a dead-letter topic as it is now.

    A dead letter's origin is taken from the context headers that Connect writes with
    ``errors.deadletterqueue.context.headers.enable=true``. Its timestamp is that of the record itself.

    .. seealso:: https://cwiki.apache.org/confluence/display/KAFKA/KIP-298%3A+Error+Handling+in+Connect

    :param kafka_conn_id: the Kafka connection; its extra is the client's configuration
    :param request_timeout: seconds that one request may take, connecting included
    """

    def read_dead_letters(
        self,
        topic: str,
        *,
        start: Mapping[int, int] | None = None,
        time_limit: float = 60,
    ) -> DeadLetters:
        """Read from the beginning or given offsets up to the ends found at the start.

        :param topic: the dead-letter topic
        :param start: partition -> offset, as an earlier reading returned it; others begin at the oldest
        :param time_limit: seconds of reading after which what was found so far is returned
        :raises ResourceMissing: when the topic does not exist
        :raises ServiceUnreachable: when no broker answers
        :raises ServiceFailed: when a broker refuses
        """
        oldest, ranges = self._ranges(topic, start)
        found: list[Origin | None] = []
        next_offsets = self.read_records(
            topic, ranges, lambda message: found.append(_origin(message)), time_limit=time_limit
        )
        return DeadLetters(
            origins=_collected(found),
            next_offsets=next_offsets,
            complete=is_complete(next_offsets, ranges),
            trimmed=any(oldest.values()),
        )

    def read_letters(
        self,
        topic: str,
        *,
        of_topics: Collection[str],
        start: Mapping[int, int] | None = None,
        time_limit: float = 60,
        max_bytes: int = 32_000_000,
    ) -> Letters:
        """Read dead letters with their values, up to the ends found at the start or until a limit is reached.

        :param topic: the dead-letter topic
        :param of_topics: topics whose records are wanted
        :param start: partition -> offset to begin at; others begin at the oldest
        :param time_limit: seconds of reading
        :param max_bytes: of all values together, 200 more counted for each of them; the one that exceeds it
            is the last
        :raises ResourceMissing: when the topic does not exist
        :raises ServiceUnreachable: when no broker answers
        :raises ServiceFailed: when a broker refuses
        """
        _, ranges = self._ranges(topic, start)
        letters: list[DeadLetter] = []
        strangers = size = 0

        def take(message: Any) -> bool:
            nonlocal strangers, size
            letter = _letter(message)
            if letter is None:
                strangers += 1
            elif letter.topic in of_topics:
                letters.append(letter)
                size += len(letter.value or b"") + _LETTER_BYTES
            return size >= max_bytes

        next_offsets = self.read_records(topic, ranges, take, time_limit=time_limit)
        return Letters(
            letters=letters,
            strangers=strangers,
            next_offsets=next_offsets,
            complete=is_complete(next_offsets, ranges),
        )

    def _ranges(
        self, topic: str, start: Mapping[int, int] | None
    ) -> tuple[dict[int, int], dict[int, tuple[int, int]]]:
        """The oldest offset of each partition, and what is to be read of it up to its present end."""
        oldest = self.beginning_offsets([topic])[topic]
        ends = self.end_offsets([topic])[topic]
        ranges = {
            number: (max((start or {}).get(number, 0), oldest[number]), ends[number]) for number in ends
        }
        return oldest, ranges

    def read_origins(
        self, topic: str, *, start: Mapping[int, int] | None = None, time_limit: float = 120
    ) -> Origins:
        """Read the origins of all dead letters up to the end, or fail.

        :param topic: the dead-letter topic
        :param start: partition -> offset to begin at; others begin at the oldest
        :param time_limit: seconds of reading that are allowed
        :returns: topic -> (partition, offset) of each record, each once
        :raises WaitTimedOut: when the end is not reached in time
        :raises ResourceMissing: when the topic does not exist
        """
        found = self.read_dead_letters(topic, start=start, time_limit=time_limit)
        if not found.complete:
            raise WaitTimedOut(f"dead-letter topic {topic!r}", f"read to its end within {time_limit:g} s")
        return found.origins

    def known_from(self, topics: list[str], dead_letter_topic: str, found: DeadLetters) -> Offsets:
        """Find the offsets from which on a record without a dead letter in ``found`` never was one.

        Below them the record itself, or its dead letter, may have been removed by retention. A dead letter
        has the timestamp of its record, so it is there at least as long after that as the dead-letter
        topic's retention says.

        :param topics: topics of the records
        :param dead_letter_topic: their dead-letter topic
        :param found: a reading from the beginning
        :returns: topic -> partition -> offset; the end where nothing is certain
        """
        oldest = self.beginning_offsets(topics)
        if found.complete and not found.trimmed:
            return oldest
        settings = self.describe_configs([dead_letter_topic])[dead_letter_topic]
        retention_ms = int(settings.get("retention.ms") or -1)
        by_size = int(settings.get("retention.bytes") or -1) >= 0
        if not found.complete or by_size or retention_ms < 0:
            return self.end_offsets(topics)
        young = self.offsets_at(topics, int(time.time() * 1000) - retention_ms)
        return {
            topic: {number: max(offset, young[topic][number]) for number, offset in partitions.items()}
            for topic, partitions in oldest.items()
        }


def collect_origins(messages: Iterable[Any]) -> Origins:
    """Collect what the context headers of dead letters name.

    Messages without these headers are no dead letters of a sink; they are counted in the log.

    :param messages: Kafka messages
    :returns: topic -> (partition, offset) of each record, each once however often the sink has met it
    """
    return _collected(map(_origin, messages))


def _collected(found: Iterable[Origin | None]) -> Origins:
    origins: Origins = defaultdict(set)
    strangers = 0
    for origin in found:
        if origin is None:
            strangers += 1
            continue
        topic, partition, offset = origin
        origins[topic].add((partition, offset))
    if strangers:
        log.warning("%d messages of the dead-letter topic do not say where they came from", strangers)
    return dict(origins)


def _origin(message: Any) -> Origin | None:
    headers = {name: value or b"" for name, value in message.headers() or []}
    try:
        return (
            headers["__connect.errors.topic"].decode(),
            int(headers["__connect.errors.partition"]),
            int(headers["__connect.errors.offset"]),
        )
    except (KeyError, ValueError):
        return None


def _letter(message: Any) -> DeadLetter | None:
    origin = _origin(message)
    if origin is None:
        return None
    topic, partition, offset = origin
    return DeadLetter(
        topic=topic,
        partition=partition,
        offset=offset,
        value=message.value(),
        place=(message.partition(), message.offset()),
    )
