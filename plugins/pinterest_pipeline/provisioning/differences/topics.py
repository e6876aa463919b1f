"""Topics: partitions can be added and settings changed, all else is refused."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cloud_operators.kafka.topics import Topic
from pinterest_pipeline.entities import Names
from pinterest_pipeline.provisioning.changes import Action, Change
from pinterest_pipeline.provisioning.differences.choices import chosen

KIND = "topic"
#: Dead letters are few and carry their origin: one partition keeps them in order.
DEAD_LETTER_PARTITIONS = 1
#: Notebooks of others read partition 0 only.
DEFAULT_PARTITIONS = 1
_MORE = (
    "later posts of a key may come to another partition: let pinterest_daily_batch read what is there first"
)
_FEWER = "Kafka can't take partitions away: leave the param empty, or give as many as there are"


def wanted_topics(
    names: Names,
    found: Mapping[str, Topic],
    *,
    partitions: int | None,
    config: Mapping[str, str],
    replication: int,
) -> list[dict[str, Any]]:
    """The topics that must exist.

    :param names: names of the resources.
    :param found: topics that are there.
    :param partitions: partitions of each data topic; ``None`` keeps what is there.
    :param config: settings of each data topic; others stay as they are.
    :param replication: copies of each partition of a new topic.
    :returns: one ``{"name", "partitions", "replication_factor", "config"}`` a topic.
    """
    wanted = [
        (topic, chosen(partitions, _partitions(found, topic), DEFAULT_PARTITIONS), dict(config))
        for topic in names.topics.values()
    ]
    dead_letters = names.dead_letter_topic
    wanted.append((dead_letters, chosen(None, _partitions(found, dead_letters), DEAD_LETTER_PARTITIONS), {}))
    return [
        {
            "name": name,
            "partitions": count,
            "replication_factor": found[name].replication_factor if name in found else replication,
            "config": settings,
        }
        for name, count, settings in wanted
    ]


def topic_changes(wanted: list[Topic], found: Mapping[str, Topic]) -> list[Change]:
    """Compare the topics.

    :param wanted: what must be there.
    :param found: what is there, by name.
    """
    changes = []
    for topic in wanted:
        present = found.get(topic.name)
        if present is None:
            each = {
                "partitions": topic.partitions,
                "replication_factor": topic.replication_factor,
                **topic.config,
            }
            changes.append(Change(kind=KIND, name=topic.name, action=Action.CREATE, wanted=each))
            continue
        fixed = topic.fixed_differences(present)
        for field, difference in topic.differences(present).items():
            changes.append(
                Change(
                    kind=KIND,
                    name=topic.name,
                    action=Action.REFUSE if field in fixed else Action.UPDATE,
                    field=field,
                    found=difference.found,
                    wanted=difference.wanted,
                    note=_FEWER if field in fixed else _MORE if field == "partitions" else "",
                )
            )
    return changes


def _partitions(found: Mapping[str, Topic], name: str) -> int | None:
    return found[name].partitions if name in found else None
