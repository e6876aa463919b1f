"""Plans of both paths, as ``plan_changes`` makes them, and their rows."""

from __future__ import annotations

from typing import Any

from pinterest_pipeline.provisioning import change_tasks

STREAM_ROLE = "arn:aws:iam::123456789012:role/pinterest/kinesis-access"
BATCH: dict[str, Any] = {
    "dry_run": True,
    "allow_replace": False,
    "topic_config": {},
    **dict.fromkeys(("partitions", "tasks", "flush_size", "rotate_interval_ms", "mcu_count", "worker_count")),
}
STREAM: dict[str, Any] = {
    "dry_run": True,
    "allow_replace": False,
    **dict.fromkeys(("stream_mode", "shard_count", "retention_hours")),
}


def plan_batch(**params: Any) -> dict[str, Any]:
    planned: dict[str, Any] = change_tasks.plan_changes.function("batch", params={**BATCH, **params})
    return planned


def plan_stream(**params: Any) -> dict[str, Any]:
    planned: dict[str, Any] = change_tasks.plan_changes.function("stream", params={**STREAM, **params})
    return planned


def rows(planned: dict[str, Any], *kinds: str) -> list[tuple[str, str, str]]:
    return [
        (row["action"], row["name"], row["field"])
        for row in planned["changes"]
        if not kinds or row["kind"] in kinds
    ]
