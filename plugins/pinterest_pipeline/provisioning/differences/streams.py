"""Kinesis streams: mode, shards and retention can all be changed in place."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cloud_operators.aws.kinesis_settings import (
    DEFAULT_RETENTION,
    StreamSettings,
    found_settings,
    shard_steps,
    wanted_settings,
)
from pinterest_pipeline.provisioning.changes import Action, Change
from pinterest_pipeline.provisioning.differences.choices import chosen

KIND = "stream"
DEFAULT_MODE = "PROVISIONED"
DEFAULT_SHARDS = 1
_SHORTER = "records that are older than this are gone at once: run pinterest_stream_ingest first"


def stream_plan(
    summary: Mapping[str, Any] | None,
    *,
    stream_mode: str | None,
    shard_count: int | None,
    retention_hours: int | None,
) -> dict[str, Any]:
    """What a stream must be set to.

    :param summary: ``StreamDescriptionSummary`` of the stream that is there, ``None`` when there is none.
    :param stream_mode: ``PROVISIONED`` or ``ON_DEMAND``; ``None`` keeps what is there.
    :param shard_count: shards when provisioned; ``None`` keeps what is there.
    :param retention_hours: hours that records are kept; ``None`` keeps what is there.
    :returns: ``stream_mode``, ``shard_count`` (``None`` on demand), ``retention_hours``.
    :raises ValueError: when a value is out of the service's limits.
    """
    found = found_settings(summary) if summary else StreamSettings()
    mode = chosen(stream_mode, found.stream_mode, DEFAULT_MODE)
    shards = chosen(shard_count, found.shard_count, DEFAULT_SHARDS) if mode == "PROVISIONED" else None
    hours = chosen(retention_hours, found.retention_hours, DEFAULT_RETENTION)
    return wanted_settings(mode, shards, hours)._asdict()


def stream_changes(name: str, wanted: Mapping[str, Any], summary: Mapping[str, Any] | None) -> list[Change]:
    """Compare a stream.

    :param name: its name.
    :param wanted: what :func:`stream_plan` returned.
    :param summary: ``StreamDescriptionSummary`` of the stream that is there, ``None`` when there is none.
    """
    if summary is None or summary["StreamStatus"] == "DELETING":
        asked = {setting: value for setting, value in wanted.items() if value is not None}
        return [Change(kind=KIND, name=name, action=Action.CREATE, wanted=asked)]
    found: dict[str, Any] = found_settings(summary)._asdict()
    return [
        Change(
            kind=KIND,
            name=name,
            action=Action.UPDATE,
            field=setting,
            found=found[setting],
            wanted=value,
            note=_note(setting, found[setting], value),
        )
        for setting, value in wanted.items()
        if value is not None and value != found[setting]
    ]


def _note(setting: str, found: Any, wanted: Any) -> str:
    if setting == "retention_hours" and wanted < found:
        return _SHORTER
    if setting == "shard_count":
        steps = len(list(shard_steps(found, wanted)))
        if steps > 1:
            return f"{steps} requests, each at most doubles or halves it; Kinesis takes ten in 24 hours"
    return ""
