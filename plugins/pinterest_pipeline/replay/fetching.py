"""Fetches the dead letters of a replay from Kafka, and what says where they stood."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from pinterest_pipeline.entities import Names
from pinterest_pipeline.landing.objects import list_objects
from pinterest_pipeline.replay.letters import Choice, Partition, choose
from pinterest_pipeline.replay.plan import Fetched
from pinterest_pipeline.replay.progress import read_progress

if TYPE_CHECKING:
    from cloud_operators.kafka.hooks.dead_letters import DeadLetter, DeadLetterHook

#: Seconds that the letters may take, and again as many that all of their origins may.
READING_S = 120
#: Of the letters that one run takes; the next one goes on.
MAX_BYTES = 32_000_000


def fetch(
    hook: DeadLetterHook, s3: Any, names: Names, entities: Sequence[str], *, progress_uri: str
) -> Fetched | None:
    """Fetch the dead letters that no run has replayed yet.

    :param hook: a hook of the Kafka connection.
    :param s3: a boto3 S3 client.
    :param names: names of the pipeline.
    :param entities: those whose letters are wanted.
    :param progress_uri: ``s3://`` URI of the note how far they were replayed.
    :returns: ``None`` when there is no dead-letter topic.
    :raises ResourceMissing: when a topic with dead letters does not exist.
    :raises WaitTimedOut: when there are too many dead letters to read them within two minutes.
    """
    described = hook.describe_topics([names.dead_letter_topic])[names.dead_letter_topic]
    if described is None:
        return None
    topic_id = str(described.topic_id)
    noted = read_progress(s3, progress_uri, topic_id=topic_id)
    start = {entity: noted.get(entity, {}) for entity in entities}
    found = hook.read_letters(
        names.dead_letter_topic,
        of_topics=[names.topic(entity) for entity in entities],
        start=_least(start),
        time_limit=READING_S,
        max_bytes=MAX_BYTES,
    )
    own = {
        entity: [letter for letter in found.letters if letter.topic == names.topic(entity)]
        for entity in entities
    }
    partitions = _partitions(hook, s3, names, own)
    choices: dict[str, Choice] = {
        entity: choose(
            entity,
            own[entity],
            partitions=partitions[entity],
            start=start[entity],
            read_to=found.next_offsets,
        )
        for entity in entities
    }
    return {
        "lines": [line for choice in choices.values() for line in choice.lines],
        "topic_id": topic_id,
        "progress": {entity: choice.progress for entity, choice in choices.items()},
        "taken": {entity: len(choice.lines) for entity, choice in choices.items()},
        "waiting": {entity: choice.waiting for entity, choice in choices.items()},
        "of_older_topics": {entity: choice.of_older_topics for entity, choice in choices.items()},
        "strangers": found.strangers,
        "complete": found.complete,
    }


def _least(start: Mapping[str, Mapping[int, int]]) -> dict[int, int]:
    """Where the first of the entities reads on; a partition that one of them has not read has no offset."""
    numbers = {number for offsets in start.values() for number in offsets}
    return {number: min(offsets.get(number, 0) for offsets in start.values()) for number in numbers}


def _partitions(
    hook: DeadLetterHook, s3: Any, names: Names, letters: Mapping[str, Sequence[DeadLetter]]
) -> dict[str, dict[int, Partition]]:
    """Entity to the partitions that have letters, as the sink has left them."""
    topics = [names.topic(entity) for entity, own in letters.items() if own]
    if not topics:
        return {entity: {} for entity in letters}
    # Of what is committed now, every object is there when they are listed afterwards.
    progress = hook.progress(names.sink_group, topics)
    origins = hook.read_origins(names.dead_letter_topic, time_limit=READING_S)
    found: dict[str, dict[int, Partition]] = {}
    for entity, own in letters.items():
        topic = names.topic(entity)
        ends = progress.end.get(topic, {})
        found[entity] = {
            number: Partition(
                landed_to=progress.committed[topic][number] or progress.beginning[topic][number],
                end=ends[number],
                dead=sorted(offset for each, offset in origins.get(topic, ()) if each == number),
                objects=[item.first_offset for item in list_objects(s3, names.bucket, topic, number)],
            )
            for number in sorted({letter.partition for letter in own} & set(ends))
        }
    return found
