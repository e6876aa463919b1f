"""The record of what provisioning created, so that a teardown deletes that and nothing else.

A resource that is not there when provisioning begins is noted as ``creating`` before anything is made, and as
``created`` once it is found afterwards. So a run that broke off in between leaves a note of what it may have
made, and a resource that somebody else made is never in the record.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping
from typing import Any, TypedDict

import tenacity

from pinterest_pipeline.landing.manifest import split_uri

VERSION = 1
FILE = "resources.json"
#: How often a change of the record is tried.
ATTEMPTS = 10


class Entry(TypedDict):
    """One resource that the pipeline created.

    :param kind: such as ``topic`` or ``connector``.
    :param name: its name.
    :param state: ``creating`` or ``created``.
    :param identifier: ARN, id or name by which the service knows it. Of an entry that is ``creating`` empty,
        or that of the one which somebody else has made and which is to be replaced.
    :param run_id: the provisioning run that created it.
    :param recorded_at: ISO 8601 time in UTC of the last change of this entry.
    """

    kind: str
    name: str
    state: str
    identifier: str
    run_id: str
    recorded_at: str


#: Kind and name to the identifier of what is there, or ``None``.
Found = Mapping[tuple[str, str], str | None]


def note_absent(
    entries: list[Entry],
    found: Found,
    *,
    run_id: str,
    now: str,
    replaced: Collection[tuple[str, str]] = (),
) -> list[Entry]:
    """Note what is about to be created.

    :param entries: the record so far.
    :param found: what is there before the run.
    :param run_id: the run.
    :param now: ISO 8601 time in UTC.
    :param replaced: kind and name of what is there and will be made again. That of somebody else is noted
        with its identifier, so that it is nobody's but theirs as long as it is there.
    :returns: the record with an entry ``creating`` for each resource that is absent or replaced. One that the
        record says was created and that has vanished is created again.
    """
    ours = {(entry["kind"], entry["name"]): entry for entry in entries}
    noted = {resource: "" for resource, identifier in found.items() if identifier is None}
    for resource in replaced:
        identifier = found.get(resource)
        entry = ours.get(resource)
        # Noted so by a run before, which has not replaced it, it is still that of somebody else.
        of_others = entry is None or (entry["state"], entry["identifier"]) == ("creating", identifier)
        noted[resource] = identifier if identifier and of_others else ""
    kept = [entry for entry in entries if (entry["kind"], entry["name"]) not in noted]
    return kept + [
        _entry(kind, name, "creating", identifier, run_id, now) for (kind, name), identifier in noted.items()
    ]


def note_created(entries: list[Entry], found: Found, *, run_id: str, now: str) -> list[Entry]:
    """Note what was created.

    :param entries: the record as :func:`note_absent` left it.
    :param found: what is there after the run.
    :param run_id: the run.
    :param now: ISO 8601 time in UTC.
    """
    return [
        _entry(entry["kind"], entry["name"], "created", identifier, run_id, now)
        if entry["state"] == "creating"
        and (identifier := found.get((entry["kind"], entry["name"])))
        and identifier != entry["identifier"]
        else entry
        for entry in entries
    ]


def read_record(s3: Any, state_root: str) -> list[Entry]:
    """The record, empty when there is none.

    :param s3: a boto3 S3 client.
    :param state_root: ``s3://`` URI of the state folder.
    """
    return _read(s3, state_root)[0]


def update_record(s3: Any, state_root: str, change: Callable[[list[Entry]], list[Entry]]) -> list[Entry]:
    """Change the record, as if nobody else did at the same time: both provisioning DAGs write it.

    .. seealso:: https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html

    :param s3: a boto3 S3 client.
    :param state_root: ``s3://`` URI of the state folder.
    :param change: gives the new record for the present one; called again when somebody else was faster.
    :returns: the record as it was written.
    :raises botocore.exceptions.ClientError: when S3 refuses, or others were faster :data:`ATTEMPTS` times.
    """
    return tenacity.Retrying(
        retry=tenacity.retry_if_exception(_was_overtaken),
        stop=tenacity.stop_after_attempt(ATTEMPTS),
        wait=tenacity.wait_random(0, 0.5),
        reraise=True,
    )(_update, s3, state_root, change)


def _update(s3: Any, state_root: str, change: Callable[[list[Entry]], list[Entry]]) -> list[Entry]:
    entries, etag = _read(s3, state_root)
    changed = change(entries)
    bucket, key = split_uri(f"{state_root}/{FILE}")
    s3.put_object(
        Bucket=bucket,
        Key=key,
        Body=json.dumps({"version": VERSION, "resources": changed}, indent=1).encode(),
        ContentType="application/json",
        **({"IfMatch": etag} if etag else {"IfNoneMatch": "*"}),
    )
    return changed


def _read(s3: Any, state_root: str) -> tuple[list[Entry], str | None]:
    bucket, key = split_uri(f"{state_root}/{FILE}")
    try:
        answer = s3.get_object(Bucket=bucket, Key=key)
    except s3.exceptions.NoSuchKey:
        return [], None
    return list(json.loads(answer["Body"].read())["resources"]), str(answer["ETag"])


def _was_overtaken(error: BaseException) -> bool:
    code = getattr(error, "response", {}).get("Error", {}).get("Code")
    return code in ("PreconditionFailed", "ConditionalRequestConflict")


def _entry(kind: str, name: str, state: str, identifier: str, run_id: str, now: str) -> Entry:
    return {
        "kind": kind,
        "name": name,
        "state": state,
        "identifier": identifier,
        "run_id": run_id,
        "recorded_at": now,
    }
