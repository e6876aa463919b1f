"""The survey of a teardown: everything that a person has to know before approving it."""

from __future__ import annotations

from typing import Any, TypedDict

from pinterest_pipeline import connections
from pinterest_pipeline.entities import Names
from pinterest_pipeline.provisioning.resources import Entry
from pinterest_pipeline.provisioning.teardown.data import Place, data_places
from pinterest_pipeline.provisioning.teardown.kinds import Find
from pinterest_pipeline.provisioning.teardown.listing import Fate, Item, chosen, list_items, table
from pinterest_pipeline.provisioning.teardown.losses import (
    Loss,
    unknown_objects,
    unread_objects,
    unread_records,
    unwritten_records,
)


class Survey(TypedDict):
    """What a teardown would do.

    :param items: the resources of the record.
    :param topics: data topics that provisioning made, present or not: their objects are retired.
    :param places: folders and buckets that are emptied.
    :param losses: what would be lost, each with its remedy; the teardown is refused while there are any.
    :param notes: what else there is to know.
    """

    items: list[Item]
    topics: list[str]
    places: list[list[str]]
    losses: list[str]
    notes: list[str]


def make_survey(
    entries: list[Entry],
    find: Find,
    names: Names,
    *,
    delete_data: bool,
    leave_unread: bool,
    with_warehouse: bool,
) -> Survey:
    """Look at everything, and change nothing.

    :param entries: the record.
    :param find: looks for one resource.
    :param names: names of the resources.
    :param delete_data: whether the data goes too.
    :param leave_unread: whether what no run has read may go: objects are retired, records deleted.
    :param with_warehouse: whether there is a SQL warehouse to ask for the positions of the daily runs.
    """
    items = list_items(entries, find, delete_data=delete_data)
    recorded = {item["name"] for item in chosen(items, "topic", Fate.DELETE, Fate.GONE)}
    topics = [topic for topic in names.topics.values() if topic in recorded]
    losses, notes = [], []
    if topics and not with_warehouse:
        notes.append(
            "PINTEREST_DATABRICKS_WAREHOUSE_ID is not set: it is not known which landed objects were read, "
            "and the daily runs' positions are not reset. If there are tables, set it first"
        )
    notes += _dead_letters(names, items)
    if not delete_data:
        losses += _unwritten(names, items, topics)
        if topics and not leave_unread and find("bucket", names.bucket) is not None:
            s3 = connections.aws_client("s3")
            if with_warehouse:
                rows = connections.run_sql("tables/read_ingest_positions.sql", missing_table_ok=True)
                losses += unread_objects(s3, names.bucket, topics, rows)
            else:
                losses += unknown_objects(s3, names.bucket, topics)
    streams = _streams(names, items)
    if streams and with_warehouse and not delete_data and not leave_unread:
        rows = connections.run_sql("tables/read_unread_stream_records.sql", missing_table_ok=True)
        losses += unread_records(rows, streams)
    if streams:
        notes.append(
            "Streams are deleted with their records. Whether these were read is known only of those that the "
            "pipeline's own bursts have put there, and only with PINTEREST_DATABRICKS_WAREHOUSE_ID"
        )
    bucket_is_ours = bool(chosen(items, "bucket", Fate.DELETE))
    places: list[Place] = []
    if delete_data:
        places = data_places(
            bucket=names.bucket, bucket_is_ours=bucket_is_ours, topics=topics, state_root=names.state_root
        )
    return {
        "items": items,
        "topics": topics,
        "places": [list(place) for place in places],
        "losses": [str(loss) for loss in losses],
        "notes": notes,
    }


def report(survey: Survey) -> str:
    """The survey as Markdown, for the log and for who approves it.

    :param survey: what :func:`make_survey` gave.
    """
    parts = [table(survey["items"]) if survey["items"] else "The record is empty: nothing was made here."]
    if survey["places"]:
        places = ", ".join(str(Place(bucket, prefix)) for bucket, prefix in survey["places"])
        parts.append(f"**Data is deleted, with all versions:** {places}")
    elif survey["topics"]:
        parts.append(
            f"**Data is kept.** Landed objects of {', '.join(survey['topics'])} are moved below retired/ in "
            "the same bucket, and the daily runs forget where they have ended in these topics."
        )
    parts.append("Delta tables are not dropped.")
    if survey["notes"]:
        parts.append("\n".join(f"- {note}." for note in survey["notes"]))
    if survey["losses"]:
        parts.append("**Refused, since this would be lost:**")
        parts.append("\n".join(f"- {loss}." for loss in survey["losses"]))
    return "\n\n".join(parts)


def changed_since(approved: Survey, now: Survey) -> list[str]:
    """What would be deleted now and was not approved.

    :param approved: the survey that a person has seen.
    :param now: the present one.
    """
    known = {_identity(item) for item in approved["items"]}
    return [
        f"{item['kind']} {item['name']} ({item['identifier']})"
        for item in now["items"]
        if item["fate"] == Fate.DELETE and _identity(item) not in known
    ]


def _identity(item: Item) -> tuple[str, ...]:
    # Some are known by their name only: of one that was made again the record says when.
    return item["kind"], item["name"], item["identifier"], item["recorded_at"]


def _streams(names: Names, items: list[Item]) -> dict[str, str]:
    """Entity to its stream, of those that are deleted."""
    deleted = {item["name"] for item in chosen(items, "stream")}
    return {entity: stream for entity, stream in names.streams.items() if stream in deleted}


def _dead_letters(names: Names, items: list[Item]) -> list[str]:
    """How many dead letters go with their topic: they are nowhere else."""
    from cloud_operators.kafka.hooks.dead_letters import DeadLetterHook

    topic = names.dead_letter_topic
    if topic not in {item["name"] for item in chosen(items, "topic")}:
        return []
    hook = DeadLetterHook(connections.KAFKA)
    ends, beginnings = hook.end_offsets([topic])[topic], hook.beginning_offsets([topic])[topic]
    count = sum(end - beginnings[number] for number, end in ends.items())
    if not count:
        return []
    return [
        f"Topic {topic} has {count} dead letters, which are nowhere else and are deleted with it. To keep "
        "them, read them first"
    ]


def _unwritten(names: Names, items: list[Item], topics: list[str]) -> list[Loss]:
    from cloud_operators.kafka.hooks.dead_letters import DeadLetterHook

    present = {item["name"] for item in chosen(items, "topic")}
    asked = [topic for topic in topics if topic in present]
    if not asked:
        return []
    hook = DeadLetterHook(connections.KAFKA)
    dead_letters: Any = hook.describe_topics([names.dead_letter_topic])[names.dead_letter_topic]
    return unwritten_records(
        hook, names.sink_group, asked, names.dead_letter_topic if dead_letters is not None else None
    )
