"""What a plan says of the streams."""

from __future__ import annotations

from typing import Any

import pytest

from pinterest_pipeline import connections
from pinterest_pipeline.provisioning import change_tasks, finders
from tests.unit.pinterest_pipeline.provisioning.plans import STREAM_ROLE, plan_stream, rows


def test_a_stream_that_is_being_deleted_is_noted_as_one_that_will_be_made(
    configured: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    configured(KINESIS_API_ROLE_ARN=STREAM_ROLE)
    summary = {"StreamARN": "arn", "StreamStatus": "DELETING"}
    monkeypatch.setattr("cloud_operators.aws.hooks.kinesis.KinesisHook.find_stream", lambda *_: summary)
    assert finders.find_streams(["streaming-sandbox-pin"]) == {("stream", "streaming-sandbox-pin"): None}


def test_streams_are_updated_where_they_differ(configured: Any) -> None:
    configured(KINESIS_API_ROLE_ARN=STREAM_ROLE)
    kinesis = connections.aws_client("kinesis")
    for entity in ("pin", "geo"):
        kinesis.create_stream(StreamName=f"streaming-sandbox-{entity}", ShardCount=2)
    planned = plan_stream()
    # Those that are there keep their shards; the new one has the default.
    assert {name: wanted["shard_count"] for name, wanted in planned["streams"].items()} == {
        "streaming-sandbox-pin": 2,
        "streaming-sandbox-geo": 2,
        "streaming-sandbox-user": 1,
    }
    assert rows(planned, "stream") == [("create", "streaming-sandbox-user", "")]
    kinesis.update_shard_count(
        StreamName="streaming-sandbox-geo", TargetShardCount=3, ScalingType="UNIFORM_SCALING"
    )
    planned = plan_stream(dry_run=False, shard_count=2, retention_hours=24)
    assert rows(planned, "stream") == [
        ("update", "streaming-sandbox-geo", "shard_count"),
        ("create", "streaming-sandbox-user", ""),
    ]
    assert change_tasks.list_stream_updates.function(planned) == [
        {
            "stream": "streaming-sandbox-geo",
            "stream_mode": "PROVISIONED",
            "shard_count": 2,
            "retention_hours": 24,
        }
    ]
