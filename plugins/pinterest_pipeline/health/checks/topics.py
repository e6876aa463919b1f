"""The topics: whether they are there, have leaders and copies in sync, and what has changed about them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pinterest_pipeline.health.findings import Figure, Finding, Status, finding

Problem = tuple[Status, str]


@dataclass(frozen=True, kw_only=True)
class Partition:
    """A partition.

    :param number: its number.
    :param has_leader: whether a broker leads it.
    :param replicas: copies that it shall have.
    :param in_sync: copies that are up to date.
    """

    number: int
    has_leader: bool
    replicas: int
    in_sync: int


@dataclass(frozen=True, kw_only=True)
class Topic:
    """A topic.

    :param partitions: its partitions; ``None`` when there is no such topic.
    :param config: settings of its own, which are not the cluster's.
    """

    partitions: Sequence[Partition] | None
    config: Mapping[str, str | None] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Reading:
    """The topics.

    :param topics: name to topic, of all that must be there.
    :param replication: copies that provisioning gives a new topic on the brokers that are alive.
    :param trouble: why no broker has answered.
    """

    topics: Mapping[str, Topic]
    replication: int = 1
    trouble: str = ""


def judge(reading: Reading, memory: Mapping[str, Any]) -> Finding:
    """Judge the topics.

    What a topic was asked to have is not known, so that a change is only told.

    :param reading: the topics.
    :param memory: partitions and settings of each topic at the check before.
    """
    if reading.trouble:
        return Finding(status=Status.DOWN, sentence=reading.trouble, memory=memory)
    present = {name: topic for name, topic in reading.topics.items() if topic.partitions is not None}
    known = memory.get("topics")
    was_there = known if isinstance(known, Mapping) else {}
    gone = [name for name in reading.topics if name not in present and name in was_there]
    missing = [name for name in reading.topics if name not in present and name not in was_there]
    problems: list[Problem] = []
    if missing:
        what = f"topics {', '.join(missing)} do" if len(missing) > 1 else f"topic {missing[0]} does"
        problems.append((Status.DOWN, f"{what} not exist: run pinterest_provision_batch"))
    # Made again it begins at offset 0, and the sink writes over what has landed.
    problems += [
        (
            Status.DOWN,
            f"topic {name} is gone: unless a teardown has deleted it, keep what has landed before it is made "
            "again",
        )
        for name in gone
    ]
    for name, topic in present.items():
        problems.extend(_of_partitions(name, topic.partitions or ()))
        problems.extend(_of_replication(name, topic.partitions or (), reading.replication))
        problems.extend(_changes(name, topic, known.get(name) if isinstance(known, Mapping) else None))
    partitions = [each for topic in present.values() for each in topic.partitions or ()]
    return finding(
        problems,
        f"{len(present)} topics with {len(partitions)} partitions, all copies in sync",
        {
            "topics": Figure(value=len(present), unit="topics"),
            "partitions": Figure(value=len(partitions), unit="partitions"),
            "without leader": Figure(
                value=sum(not each.has_leader for each in partitions), unit="partitions"
            ),
            "under-replicated": Figure(
                value=sum(_lacks_copies(each) for each in partitions), unit="partitions"
            ),
        },
        {
            "topics": {
                name: {
                    "partitions": len(topic.partitions or ()),
                    "config": dict(sorted(topic.config.items())),
                }
                for name, topic in present.items()
            }
            | {name: was_there[name] for name in gone}
        },
    )


def _lacks_copies(partition: Partition) -> bool:
    return partition.in_sync < partition.replicas


def _of_partitions(name: str, partitions: Sequence[Partition]) -> Iterator[Problem]:
    if leaderless := [each.number for each in partitions if not each.has_leader]:
        yield Status.DOWN, f"{name}: no broker leads {_numbers(leaderless)}"
    lacking = [each for each in partitions if each.has_leader and _lacks_copies(each)]
    if lacking:
        worst = min(lacking, key=lambda each: each.in_sync - each.replicas)
        yield (
            Status.DEGRADED,
            f"{name}: copies of {_numbers([each.number for each in lacking])} are not in sync, "
            f"{worst.in_sync} of {worst.replicas} at worst",
        )


def _of_replication(name: str, partitions: Sequence[Partition], wanted: int) -> Iterator[Problem]:
    fewest = min((each.replicas for each in partitions), default=wanted)
    if fewest < wanted:
        yield Status.DEGRADED, f"{name} has {_copies(fewest)}, a new topic gets {wanted}"


def _changes(name: str, topic: Topic, known: Any) -> Iterator[Problem]:
    if not isinstance(known, Mapping):
        return
    count, before = len(topic.partitions or ()), known.get("partitions")
    if isinstance(before, int) and before != count:
        yield Status.HEALTHY, f"{name} has {_partitions(count)} now, {before} at the last check"
    settings = known.get("config")
    if not isinstance(settings, Mapping):
        return
    for setting in sorted(topic.config.keys() | settings.keys()):
        now, then = _value(topic.config, setting), _value(settings, setting)
        if now != then:
            yield Status.HEALTHY, f"{name}: {setting} is {now} now, {then} at the last check"


def _value(settings: Mapping[str, Any], setting: str) -> str:
    """How a setting is told. Kafka does not show the value of a sensitive one."""
    if setting not in settings:
        return "the cluster's default"
    return "hidden" if settings[setting] is None else str(settings[setting])


def _numbers(numbers: Sequence[int]) -> str:
    shown = ", ".join(map(str, numbers[:10])) + (", …" if len(numbers) > 10 else "")
    return f"partition{'s' if len(numbers) > 1 else ''} {shown}"


def _partitions(count: int) -> str:
    return f"{count} partition{'s' if count != 1 else ''}"


def _copies(count: int) -> str:
    return f"{count} cop{'ies' if count != 1 else 'y'}"
