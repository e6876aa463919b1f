"""Records of a post in Kafka: behind the sink's commit, and a limited number of those before it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from pinterest_pipeline import connections
from pinterest_pipeline.entities import Contract, names
from pinterest_pipeline.tracing.batch import Place, Record
from pinterest_pipeline.tracing.contents import describe, may_hold
from pinterest_pipeline.tracing.places import offset_of

if TYPE_CHECKING:
    from cloud_operators.kafka.hooks.records import RecordsHook

#: Records of each partition in front of the sink's commit that are looked at for earlier ones of the key.
LOOK_BACK = 20_000
#: Records of each partition that are read at most, the youngest.
MOST_READ = 200_000
#: Dead letters of each partition that are read, from the end on.
DEAD_TAIL = 20_000
READING_S = 60
SINGLE_S = 10


@dataclass(kw_only=True)
class KafkaSide:
    """What Kafka knows of an entity's records.

    :param committed: partition to the sink's committed offset.
    :param records: records that were sent under the key, or have it.
    :param dead: partition to offsets of dead letters.
    :param searched: partition to the first offset that was searched; all from there to the end were.
    :param not_searched: sentences about what was not.
    """

    committed: dict[int, int | None] = field(default_factory=dict)
    records: list[Record] = field(default_factory=list)
    dead: dict[int, set[int]] = field(default_factory=dict)
    searched: dict[int, int] = field(default_factory=dict)
    not_searched: list[str] = field(default_factory=list)


def read(contract: Contract, ind: int, row: Place | None) -> KafkaSide:
    """Look for the records of a post.

    :param contract: the entity.
    :param ind: key of the post.
    :param row: the position that the batch table has, whose record is looked at wherever it lies.
    :raises ServiceFailed: when a broker refuses.
    """
    from cloud_operators.exceptions import ResourceMissing, ServiceUnreachable
    from cloud_operators.kafka.hooks.records import RecordsHook

    topic = names().topic(contract.entity)
    side = KafkaSide()
    try:
        _read(RecordsHook(connections.KAFKA), _Search(contract, ind, side), topic, row)
    except ResourceMissing:
        side.not_searched.append(f"topic {topic}: it does not exist")
    except ServiceUnreachable as error:
        side.not_searched.append(f"topic {topic}: {error}")
    return side


@dataclass
class _Search:
    """Takes the records of a post out of those that are read."""

    contract: Contract
    ind: int
    side: KafkaSide

    def take(self, message: Any) -> None:
        value = message.value()
        sent_under = message.key() in (str(self.ind).encode(), f'"{self.ind}"'.encode())
        if not sent_under and not may_hold(value, self.ind):
            return
        content = describe(value, self.contract.key)
        if sent_under or content.key == self.ind:
            _, milliseconds = message.timestamp()
            self.side.records.append(
                Record(
                    partition=message.partition(),
                    offset=message.offset(),
                    at=datetime.fromtimestamp(milliseconds / 1000, UTC).isoformat(timespec="milliseconds"),
                    content=content,
                )
            )


def _read(hook: RecordsHook, search: _Search, topic: str, row: Place | None) -> None:
    side = search.side
    progress = hook.progress(names().sink_group, [topic])
    side.committed = dict(progress.committed[topic])
    side.dead = _read_dead(hook, topic, side)
    ranges = {}
    for number, end in progress.end[topic].items():
        oldest = progress.beginning[topic].get(number, 0)
        wanted = (side.committed.get(number) or 0) - LOOK_BACK
        first = side.searched[number] = max(oldest, wanted, end - MOST_READ)
        ranges[number] = (first, end)
        if first > oldest:
            side.not_searched.append(f"{topic}[{number}]: records below offset {first} in Kafka")
        elif oldest:
            side.not_searched.append(f"{topic}[{number}]: offsets below {oldest} have left Kafka")
    stands = hook.read_records(topic, ranges, search.take, time_limit=READING_S)
    side.not_searched += [
        f"{topic}[{number}]: records from offset {stood} on, the time of {READING_S} s was over"
        for number, stood in stands.items()
        if stood < ranges[number][1]
    ]
    _read_row(hook, search, topic, row, progress.beginning[topic])


def _read_row(
    hook: RecordsHook, search: _Search, topic: str, row: Place | None, oldest: Mapping[int, int]
) -> None:
    """The record of the table's row, where it lies in front of what was searched."""
    if row is None or row.first_offset < 0:
        return
    side, letter = search.side, row.dead_letter
    if letter is not None:
        # Its place does not tell its partition.
        places = [(number, letter) for number, offsets in side.dead.items() if letter in offsets]
    else:
        dead = side.dead.get(row.partition, ())
        places = [(row.partition, offset_of(row.first_offset, row.line, dead))]
    ranges = {
        number: (offset, offset + 1)
        for number, offset in places
        if number in oldest and oldest[number] <= offset < side.searched[number]
    }
    hook.read_records(topic, ranges, search.take, time_limit=SINGLE_S)


def _read_dead(hook: RecordsHook, topic: str, side: KafkaSide) -> dict[int, set[int]]:
    """Partition to the offsets of the topic's dead letters, as far as they are read."""
    from cloud_operators.exceptions import ResourceMissing
    from cloud_operators.kafka.hooks.dead_letters import collect_origins

    name = names().dead_letter_topic
    messages: list[Any] = []
    try:
        ends = hook.end_offsets([name])[name]
        oldest = hook.beginning_offsets([name])[name]
    except ResourceMissing:
        return {}
    ranges = {number: (max(oldest.get(number, 0), end - DEAD_TAIL), end) for number, end in ends.items()}
    stands = hook.read_records(
        name, ranges, lambda each: messages.append(_Headers(each)), time_limit=READING_S
    )
    if any(first > 0 or stands[number] < end for number, (first, end) in ranges.items()):
        side.not_searched.append(f"{name}: dead letters beyond the {DEAD_TAIL} latest of a partition")
    found: dict[int, set[int]] = {}
    for partition, offset in collect_origins(messages).get(topic, ()):
        found.setdefault(partition, set()).add(offset)
    return found


class _Headers:
    """The headers of a message alone, so that values need not be kept."""

    def __init__(self, message: Any) -> None:
        self._headers = message.headers()

    def headers(self) -> Any:
        return self._headers
