from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest

from cloud_operators.aws.kinesis_settings import (
    StreamSettings,
    changes,
    found_settings,
    shard_steps,
    stream_differences,
    wanted_settings,
)
from cloud_operators.exceptions import Difference
from tests.unit.cloud_operators.aws.fake_kinesis import Stream


@pytest.mark.parametrize(
    ("current", "target", "steps"),
    [
        (1, 1, []),
        (1, 2, [2]),
        (1, 3, [2, 3]),
        (3, 20, [6, 12, 20]),
        (2, 1, [1]),
        (5, 3, [3]),
        # 2 is below the half of 5.
        (5, 2, [3, 2]),
        (20, 3, [10, 5, 3]),
    ],
)
def test_shards_are_doubled_and_halved_at_most(current: int, target: int, steps: list[int]) -> None:
    assert list(shard_steps(current, target)) == steps


def test_a_step_is_within_the_limits_of_the_service() -> None:
    for current in range(1, 40):
        for target in range(1, 40):
            counts = [current, *shard_steps(current, target)]
            assert counts[-1] == target
            assert all(after <= 2 * before and 2 * after >= before for before, after in pairwise(counts))


@pytest.mark.parametrize(
    ("wanted", "found", "plan"),
    [
        (StreamSettings(), StreamSettings("PROVISIONED", 2, 24), []),
        (StreamSettings("PROVISIONED", 2, 24), StreamSettings("PROVISIONED", 2, 24), []),
        (
            StreamSettings("PROVISIONED", 9, 48),
            StreamSettings("ON_DEMAND", 4, 24),
            [("stream_mode", "PROVISIONED"), ("retention_hours", 48), ("shard_count", 8), ("shard_count", 9)],
        ),
        (StreamSettings("ON_DEMAND"), StreamSettings("PROVISIONED", 9, 24), [("stream_mode", "ON_DEMAND")]),
        (
            StreamSettings(None, 1, 24),
            StreamSettings("PROVISIONED", 2, 48),
            [("retention_hours", 24), ("shard_count", 1)],
        ),
    ],
    ids=["nothing wanted", "as wanted", "all", "to on demand", "down"],
)
def test_changes(wanted: StreamSettings, found: StreamSettings, plan: list[Any]) -> None:
    assert changes(wanted, found) == plan


def test_shards_of_a_stream_on_demand() -> None:
    with pytest.raises(ValueError, match="the stream is on demand"):
        changes(StreamSettings(shard_count=2), StreamSettings("ON_DEMAND", 4, 24))


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (("on_demand", None, None), "stream_mode='on_demand': PROVISIONED or ON_DEMAND is needed"),
        ((None, 0, None), "shard_count=0: 1 or more is needed"),
        ((None, "many", None), "shard_count='many': a number is needed, 1 or more"),
        (("ON_DEMAND", 2, None), "shard_count=2: the shards of a stream on demand are up to the service"),
        ((None, None, 23), "retention_hours=23: 24 to 8760 is needed"),
        ((None, None, 8761), "retention_hours=8761: 24 to 8760 is needed"),
    ],
)
def test_refuses(given: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        wanted_settings(*given)


def test_takes_what_a_template_makes_of_numbers() -> None:
    assert wanted_settings("PROVISIONED", "4", "8760") == StreamSettings("PROVISIONED", 4, 8760)


@pytest.mark.parametrize(
    ("wanted", "stream", "differences"),
    [
        (StreamSettings("PROVISIONED", 1, None), Stream("demo", retention=48), {}),
        (
            StreamSettings("PROVISIONED", 2, 24),
            Stream("demo", retention=48),
            {"shard_count": Difference(2, 1), "retention_hours": Difference(24, 48)},
        ),
        (StreamSettings("PROVISIONED", 2, 24), Stream("demo", "CREATING"), {}),
        (StreamSettings("PROVISIONED", 2, 24), Stream("demo", "UPDATING"), {}),
        (
            StreamSettings("PROVISIONED", 2, None),
            Stream("demo", stream_mode="ON_DEMAND", shards=4),
            {"stream_mode": Difference("PROVISIONED", "ON_DEMAND")},
        ),
        (StreamSettings("ON_DEMAND"), Stream("demo", stream_mode="ON_DEMAND", shards=9), {}),
    ],
    ids=["equal", "different", "being created", "being updated", "on demand", "both on demand"],
)
def test_differences(wanted: StreamSettings, stream: Stream, differences: Any) -> None:
    assert stream_differences(wanted, stream.describe()) == differences


def test_a_stream_without_a_mode_is_provisioned() -> None:
    summary = Stream("demo").describe()
    del summary["StreamModeDetails"]

    assert found_settings(summary) == StreamSettings("PROVISIONED", 1, 24)
