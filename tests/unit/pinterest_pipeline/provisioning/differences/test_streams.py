"""Which changes of streams are made."""

from __future__ import annotations

from typing import Any

import pytest

from pinterest_pipeline.provisioning.changes import Action
from pinterest_pipeline.provisioning.differences.streams import stream_changes, stream_plan

EMPTY: dict[str, Any] = {"stream_mode": None, "shard_count": None, "retention_hours": None}


def summary(
    mode: str = "PROVISIONED", shards: int = 4, hours: int = 48, state: str = "ACTIVE"
) -> dict[str, Any]:
    """As DescribeStreamSummary has it."""
    return {
        "StreamStatus": state,
        "StreamModeDetails": {"StreamMode": mode},
        "OpenShardCount": shards,
        "RetentionPeriodHours": hours,
    }


def rows(found: dict[str, Any] | None, **asked: Any) -> list[tuple[Action, str, Any, Any]]:
    wanted = stream_plan(found, **{**EMPTY, **asked})
    changes = stream_changes("s", wanted, found)
    return [(change.action, change.field, change.found, change.wanted) for change in changes]


@pytest.mark.parametrize("found", [summary(), summary(mode="ON_DEMAND"), summary(state="UPDATING")])
def test_without_params_nothing_of_what_is_there_changes(found: dict[str, Any]) -> None:
    assert rows(found) == []


def test_a_new_stream_has_the_least_of_everything() -> None:
    least = {"stream_mode": "PROVISIONED", "shard_count": 1, "retention_hours": 24}
    assert rows(None) == rows(summary(state="DELETING"), **least) == [(Action.CREATE, "", None, least)]


def test_a_new_stream_on_demand_has_no_number_of_shards() -> None:
    assert rows(None, stream_mode="ON_DEMAND", shard_count=3) == [
        (Action.CREATE, "", None, {"stream_mode": "ON_DEMAND", "retention_hours": 24})
    ]


def test_exactly_what_differs_is_changed() -> None:
    assert rows(summary(), shard_count=2, retention_hours=48) == [(Action.UPDATE, "shard_count", 4, 2)]
    assert rows(summary(), stream_mode="ON_DEMAND") == [
        (Action.UPDATE, "stream_mode", "PROVISIONED", "ON_DEMAND")
    ]


def test_shards_are_set_with_the_mode_that_allows_it() -> None:
    assert rows(summary(mode="ON_DEMAND"), stream_mode="PROVISIONED", shard_count=2) == [
        (Action.UPDATE, "stream_mode", "ON_DEMAND", "PROVISIONED"),
        (Action.UPDATE, "shard_count", 4, 2),
    ]


@pytest.mark.parametrize(("shards", "steps"), [(8, None), (2, None), (32, 3), (200, 6)])
def test_changes_of_shards_that_take_many_requests_say_so(shards: int, steps: int | None) -> None:
    wanted = stream_plan(summary(), **{**EMPTY, "shard_count": shards})
    (change,) = stream_changes("s", wanted, summary())
    assert change.note.partition(" requests")[0] == (str(steps) if steps else "")


@pytest.mark.parametrize(("hours", "warned"), [(24, True), (72, False)])
def test_a_shorter_retention_is_told_to_lose_records(hours: int, warned: bool) -> None:
    wanted = stream_plan(summary(), **{**EMPTY, "retention_hours": hours})
    (change,) = stream_changes("s", wanted, summary())
    assert ("pinterest_stream_ingest" in change.note) is warned


@pytest.mark.parametrize(
    ("asked", "named"),
    [({"retention_hours": 9000}, "retention_hours=9000"), ({"shard_count": 0}, "shard_count=0")],
)
def test_a_value_out_of_limits_is_named(asked: dict[str, Any], named: str) -> None:
    with pytest.raises(ValueError, match=named):
        stream_plan(None, **{**EMPTY, **asked})
