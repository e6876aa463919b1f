"""Buckets, quotas and what is read of plans and settings, without a gateway."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pinterest_sandbox.apigateway.answers import GatewayAnswer
from pinterest_sandbox.apigateway.catalog import Stage
from pinterest_sandbox.apigateway.definitions import Definition, Method, Resource
from pinterest_sandbox.apigateway.limits import (
    Limit,
    Period,
    Quota,
    UsagePlan,
    method_limit,
    parse_limit,
    parse_method_settings,
    parse_plan,
)
from pinterest_sandbox.apigateway.metering import Buckets, Meter, period_start
from pinterest_sandbox.apigateway.routing import Router
from tests.unit.pinterest_sandbox.apigateway.conftest import HandClock

METHOD = Method(verb="GET", authorization="NONE", api_key_required=False, integration=None)


@pytest.mark.parametrize(
    ("period", "offset", "now", "start"),
    [
        ("DAY", 0, "2026-06-03T23:59:59", "2026-06-03"),
        ("DAY", 0, "2026-06-04T00:00:00", "2026-06-04"),
        # 31 May and 7 June 2026 are Sundays.
        ("WEEK", 0, "2026-06-06T23:59:59", "2026-05-31"),
        ("WEEK", 0, "2026-06-07T00:00:00", "2026-06-07"),
        ("WEEK", 1, "2026-06-07T12:00:00", "2026-06-01"),
        ("WEEK", 1, "2026-06-08T00:00:00", "2026-06-08"),
        ("WEEK", 6, "2026-06-05T12:00:00", "2026-05-30"),
        ("MONTH", 0, "2026-06-30T23:59:59", "2026-06-01"),
        ("MONTH", 0, "2026-07-01T00:00:00", "2026-07-01"),
        ("MONTH", 9, "2026-06-09T12:00:00", "2026-05-10"),
        ("MONTH", 9, "2026-06-10T00:00:00", "2026-06-10"),
        ("MONTH", 27, "2026-01-01T00:00:00", "2025-12-28"),
    ],
)
def test_periods_start_at_midnight_utc(period: Period, offset: int, now: str, start: str) -> None:
    found = period_start(Quota(1, period, offset), datetime.fromisoformat(now).replace(tzinfo=UTC))

    assert found == datetime.fromisoformat(start).replace(tzinfo=UTC)


@given(
    rate=st.floats(0, 50),
    burst=st.integers(0, 50),
    waits=st.lists(st.floats(0, 5), max_size=60),
)
def test_a_bucket_never_gives_more_than_its_burst_and_what_came_since(
    rate: float, burst: int, waits: list[float]
) -> None:
    clock = HandClock(now=0)
    buckets = Buckets(clock)
    taken = 0
    for wait in waits:
        clock.now += wait
        taken += buckets.take([("a", Limit(rate, burst))])

    assert taken <= burst + clock.now * rate + 1e-6
    assert taken >= min(burst, len(waits))


def test_a_clock_set_back_gives_no_tokens() -> None:
    clock = HandClock()
    buckets = Buckets(clock)
    limit = [("a", Limit(1, 2))]
    assert [buckets.take(limit) for _ in range(3)] == [True, True, False]

    clock.now -= 3600

    assert not buckets.take(limit)


def test_the_account_is_the_last_limit() -> None:
    resources = {path: Resource(path=path, methods={"GET": METHOD}) for path in ("/a", "/b")}
    definition = Definition(api_id="a", deployment_id="d", resources=resources)
    stage = Stage(
        name="test",
        variables={},
        definition=definition,
        router=Router(definition),
        limits={"/a/GET": Limit(1, 2)},
        account=Limit(1, 3),
    )
    meter = Meter(HandClock())

    def passes(path: str) -> bool:
        try:
            meter.admit(stage, resources[path], METHOD, "GET", None)
        except GatewayAnswer as answer:
            return answer.response_type != "THROTTLED"
        return True

    assert [passes(path) for path in ("/a", "/a", "/a", "/b", "/b")] == [True, True, False, True, False]


@pytest.mark.parametrize(
    ("raw", "limit"),
    [
        (None, None),
        ({}, None),
        ({"rateLimit": 5, "burstLimit": 2}, Limit(5, 2)),
        ({"rateLimit": "1.5", "burstLimit": "0"}, Limit(1.5, 0)),
        ({"rateLimit": 5}, Limit(5, 5_000)),
        ({"rateLimit": -1, "burstLimit": -1}, Limit(10_000, 5_000)),
    ],
)
def test_what_a_limit_leaves_out_is_the_accounts(raw: dict[str, Any] | None, limit: Limit | None) -> None:
    assert parse_limit(raw) == limit


@pytest.mark.parametrize("key", ["~1topics~1{name}/GET", "/topics/{name}/GET", "topics/{name}/get"])
def test_settings_of_a_method_are_found_however_their_key_is_written(key: str) -> None:
    settings = parse_method_settings({key: {"throttlingRateLimit": 1.0, "throttlingBurstLimit": 2}})

    assert method_limit(settings, "/topics/{name}", "GET", "ANY") == ("/topics/{name}/GET", Limit(1, 2))


def test_settings_of_the_root_are_found() -> None:
    settings = parse_method_settings({"~1/ANY": {"throttlingRateLimit": 1.0, "throttlingBurstLimit": 2}})

    assert method_limit(settings, "/", "GET", "ANY") == ("//ANY", Limit(1, 2))


def test_a_plan_is_read_for_one_stage() -> None:
    stages = [{"apiId": "a", "stage": "test", "throttle": {"/x/GET": {"rateLimit": 1, "burstLimit": 2}}}]
    raw = {
        "id": "p",
        "throttle": {"rateLimit": 3, "burstLimit": 4},
        "quota": {"limit": "5", "period": "WEEK"},
    }

    assert parse_plan(raw, stages) == UsagePlan(
        plan_id="p",
        throttle=Limit(3, 4),
        methods={"/x/GET": Limit(1, 2)},
        quota=Quota(5, "WEEK", 0),
    )
