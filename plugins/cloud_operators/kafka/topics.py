"""What a topic should be, and how a present one differs. No broker is called here."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from cloud_operators.exceptions import Difference

MAX_NAME_LENGTH = 249
_NAME = re.compile(r"[a-zA-Z0-9._-]+")
_FIELDS = {"name", "partitions", "replication_factor", "config"}


@dataclass(frozen=True)
class Topic:
    """A topic as wanted, or as found.

    :param name: its name
    :param partitions: number of partitions
    :param replication_factor: replicas of each partition
    :param config: settings as the broker writes them; of a found topic, all of them
    """

    name: str
    partitions: int
    replication_factor: int
    config: Mapping[str, str | None] = field(default_factory=dict)

    def differences(self, found: Topic) -> dict[str, Difference]:
        """Compare with a topic that exists. Settings that are not asked for may be anything.

        :param found: the topic that exists
        :returns: field -> (wanted, found), empty when it is as wanted
        """
        differing: dict[str, Difference] = {}
        for name in ("partitions", "replication_factor"):
            if getattr(self, name) != getattr(found, name):
                differing[name] = Difference(getattr(self, name), getattr(found, name))
        for setting, wanted in self.differing_config(found).items():
            differing[f"config {setting}"] = Difference(wanted, found.config.get(setting))
        return differing

    def differing_config(self, found: Topic) -> dict[str, str]:
        """The settings that are asked for and not as found.

        :param found: the topic that exists
        :returns: setting -> wanted value
        """
        return {
            setting: str(wanted)
            for setting, wanted in self.config.items()
            if _normal(setting, wanted) != _normal(setting, found.config.get(setting))
        }

    def fixed_differences(self, found: Topic) -> dict[str, Difference]:
        """The differences that no request to the brokers can take away while the topic lives.

        :param found: the topic that exists
        :returns: field -> (wanted, found)
        """
        return {
            name: difference
            for name, difference in self.differences(found).items()
            if name == "replication_factor" or (name == "partitions" and difference.wanted < difference.found)
        }


def topics_of(specifications: Sequence[Mapping[str, Any]]) -> list[Topic]:
    """Check what a caller wants.

    Numbers may be text, as templates leave them.

    :param specifications: ``{"name", "partitions", "replication_factor", "config"}`` of each topic;
        ``config`` may be left out
    :raises ValueError: that names the topic and what is wrong with it
    """
    topics = [_topic(specification) for specification in specifications]
    owners: dict[str, str] = {}
    for topic in topics:
        # In metric names '.' and '_' are one, so brokers refuse two topics that differ only there.
        key = topic.name.replace(".", "_")
        if key in owners:
            raise ValueError(f"topics {owners[key]!r} and {topic.name!r} collide")
        owners[key] = topic.name
    return topics


def check_name(name: object) -> str:
    """Check a topic's name by Kafka's rules.

    .. seealso:: ``org.apache.kafka.common.internals.Topic.validate``

    :param name: the name
    :returns: the same name
    :raises ValueError: that says which rule it breaks
    """
    if not isinstance(name, str) or not name:
        raise ValueError(f"topic name {name!r}: a name that is not empty is needed")
    if name in (".", ".."):
        raise ValueError(f"topic name {name!r}: '.' and '..' are not allowed")
    if len(name) > MAX_NAME_LENGTH:
        raise ValueError(f"topic name {name!r}: {len(name)} characters, {MAX_NAME_LENGTH} are allowed")
    if not _NAME.fullmatch(name):
        raise ValueError(f"topic name {name!r}: ASCII letters, digits, '.', '_' and '-' are allowed")
    return name


def _topic(specification: Mapping[str, Any]) -> Topic:
    unknown = set(specification) - _FIELDS
    if unknown:
        raise ValueError(f"topic {specification.get('name')!r}: unknown fields {', '.join(sorted(unknown))}")
    name = check_name(specification.get("name"))
    config = specification.get("config") or {}
    if not all(isinstance(value, str) for value in config.values()):
        raise ValueError(f"topic {name!r}: values of config are text, as the broker writes them")
    return Topic(
        name,
        _positive(name, "partitions", specification.get("partitions")),
        _positive(name, "replication_factor", specification.get("replication_factor")),
        dict(config),
    )


def _positive(topic: str, what: str, value: object) -> int:
    if isinstance(value, str) and value.isascii() and value.isdigit():
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise ValueError(f"topic {topic!r}: {what}={value!r}, a whole number from 1 is needed")
    return value


def _normal(setting: str, value: str | None) -> object:
    if value is None:
        return None
    if setting == "cleanup.policy":  # a list without order
        return frozenset(part.strip() for part in value.split(","))
    return value.strip()
