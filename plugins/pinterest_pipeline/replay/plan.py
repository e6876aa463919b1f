"""The plan of a replay: what it does and which dead letters it takes, kept so that a retry does the same.

Its objects are in ``_state/replay/<run>/``: first the letters, then the plan that names them.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypedDict

from pinterest_pipeline.errors import Permanent
from pinterest_pipeline.landing.manifest import manifest_name, read_manifest, split_uri

#: The params that make a run what it is.
ASKED = ("entity", "source", "dry_run")


class Fetched(TypedDict):
    """The dead letters of a run.

    :param lines: the lines of their file.
    :param topic_id: Kafka's id of the dead-letter topic.
    :param progress: entity to partition of the dead-letter topic to where the next run reads on.
    :param taken: entity to the letters that are replayed.
    :param waiting: entity to the letters that are left for the next run, since the sink is not so far.
    :param of_older_topics: entity to the letters of an older topic of its name, which no run replays: each by
        partition and offset in the dead-letter topic.
    :param strangers: messages of the dead-letter topic that do not say where they came from.
    :param complete: whether all was read that was there; otherwise the next run goes on.
    """

    lines: Sequence[str]
    topic_id: str
    progress: Mapping[str, Mapping[int, int]]
    taken: Mapping[str, int]
    waiting: Mapping[str, int]
    of_older_topics: Mapping[str, Sequence[tuple[int, int]]]
    strangers: int
    complete: bool


def folder(state_root: str, run_id: str) -> str:
    """``s3://`` URI of a run's folder.

    :param state_root: ``s3://`` URI of the state folder.
    :param run_id: the DAG run.
    """
    return f"{state_root}/replay/{manifest_name(run_id).removesuffix('.json')}"


def write_once(
    s3: Any, uri: str, *, run_id: str, params: Mapping[str, Any], fetch: Callable[[], Fetched | None]
) -> dict[str, Any]:
    """Write a run's plan unless there is one already.

    :param s3: a boto3 S3 client.
    :param uri: ``s3://`` URI of the run's folder.
    :param run_id: the DAG run.
    :param params: its params.
    :param fetch: gets the dead letters, or nothing when none are asked for; called only when there is no
        plan.
    :returns: the plan that is there now: the params, ``dead_letters``: URI of their file or an empty text,
        and the members of :class:`Fetched` but the lines.
    :raises Permanent: when a run of this id was asked for something else.
    """
    asked = {"run_id": run_id, **{name: params[name] for name in ASKED}}
    found = read_manifest(s3, f"{uri}/plan.json")
    if found is not None:
        for name, wanted in asked.items():
            if found[name] != wanted:
                raise Permanent(
                    f"the plan {uri}/plan.json is there, but with {name} {found[name]!r}, not {wanted!r}: "
                    "start a run with another id"
                )
        return found
    plan: dict[str, Any] = {**asked, "dead_letters": ""}
    fetched = fetch()
    if fetched is not None:
        plan |= {name: value for name, value in fetched.items() if name != "lines"}
        if fetched["lines"]:
            plan["dead_letters"] = f"{uri}/dead_letters.jsonl"
            body = "".join(f"{line}\n" for line in fetched["lines"]).encode()
            _put(s3, plan["dead_letters"], body, "application/x-ndjson")
    _put(s3, f"{uri}/plan.json", json.dumps(plan, indent=1).encode(), "application/json")
    return plan


def _put(s3: Any, uri: str, body: bytes, content_type: str) -> None:
    bucket, key = split_uri(uri)
    s3.put_object(Bucket=bucket, Key=key, Body=body, ContentType=content_type)
