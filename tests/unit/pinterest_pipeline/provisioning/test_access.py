from __future__ import annotations

from typing import Any

import pytest

from cloud_operators.exceptions import Difference
from pinterest_pipeline.provisioning.access import PlanLimits, access_differences, ensure_api_key

LIMITS = PlanLimits(rate_limit=100, burst_limit=200)


class FakeApiGateway:
    """Keys and usage plans in memory; names are matched by prefix, as API Gateway does."""

    def __init__(self) -> None:
        self.keys: list[dict[str, Any]] = []
        self.plans: list[dict[str, Any]] = []
        self.plan_keys: dict[str, list[str]] = {}
        self.updates: list[Any] = []

    def create_api_key(self, *, name: str, enabled: bool, **_: Any) -> dict[str, Any]:
        number = len(self.keys)
        self.keys.append({"id": f"k{number}", "name": name, "value": f"value-{number}", "enabled": enabled})
        return self.keys[-1]

    def create_usage_plan(self, *, name: str, apiStages: Any, **given: Any) -> dict[str, Any]:
        limits = {part: dict(given[part]) for part in ("throttle", "quota") if part in given}
        self.plans.append({"id": f"p{len(self.plans)}", "name": name, "apiStages": apiStages, **limits})
        return self.plans[-1]

    def update_usage_plan(self, *, usagePlanId: str, patchOperations: Any) -> None:
        self.updates.append(patchOperations)
        plan = next(plan for plan in self.plans if plan["id"] == usagePlanId)
        for operation in patchOperations:
            op, path, value = operation["op"], operation["path"], operation.get("value")
            if (op, path) == ("add", "/apiStages"):
                api, stage = value.split(":")
                plan["apiStages"] = [*plan["apiStages"], {"apiId": api, "stage": stage}]
            elif op == "remove":
                del plan[path.removeprefix("/")]
            else:
                _, part, setting = path.split("/")
                # AWS refuses to add what is there and to replace what is not.
                assert (op == "replace") == (setting in plan.get(part, {})), operation
                assert isinstance(value, str)
                plan.setdefault(part, {})[setting] = value if setting == "period" else int(value)

    def create_usage_plan_key(self, *, usagePlanId: str, keyId: str, keyType: str) -> None:
        assert keyType == "API_KEY"
        self.plan_keys.setdefault(usagePlanId, []).append(keyId)

    def get_paginator(self, operation: str) -> Any:
        def items(**arguments: Any) -> Any:
            if operation == "get_api_keys":
                assert arguments["includeValues"]
                return [key for key in self.keys if key["name"].startswith(arguments["nameQuery"])]
            if operation == "get_usage_plans":
                return self.plans
            return [{"id": key} for key in self.plan_keys.get(arguments["usagePlanId"], [])]

        class Paginator:
            # One item a page: what is looked for may be on a later one.
            paginate = staticmethod(lambda **arguments: [{"items": [item]} for item in items(**arguments)])

        return Paginator


@pytest.fixture
def gateway() -> FakeApiGateway:
    made = FakeApiGateway()
    made.create_api_key(name="sandbox2", enabled=True)
    made.create_usage_plan(name="other", apiStages=[])
    return made


def ensure(gateway: FakeApiGateway, rest_api_id: str = "abc", limits: PlanLimits = LIMITS) -> str:
    return ensure_api_key(
        gateway, name="sandbox", rest_api_id=rest_api_id, stage="test", limits=limits, tags={}
    )


def test_a_key_is_made_and_let_in(gateway: FakeApiGateway) -> None:
    assert ensure(gateway) == "value-1"
    assert gateway.plans[-1]["apiStages"] == [{"apiId": "abc", "stage": "test"}]
    assert gateway.plan_keys == {"p1": ["k1"]}


def test_a_second_time_nothing_is_made(gateway: FakeApiGateway) -> None:
    assert ensure(gateway) == ensure(gateway)
    assert (len(gateway.keys), len(gateway.plans), gateway.plan_keys) == (2, 2, {"p1": ["k1"]})


def test_an_api_made_anew_is_bound_too(gateway: FakeApiGateway) -> None:
    ensure(gateway)
    ensure(gateway, rest_api_id="xyz")
    assert gateway.plans[-1]["apiStages"] == [
        {"apiId": "abc", "stage": "test"},
        {"apiId": "xyz", "stage": "test"},
    ]


@pytest.mark.parametrize(
    ("found", "operations"),
    [
        pytest.param({"throttle": {"rateLimit": 100.0, "burstLimit": 200}}, [], id="as wanted"),
        pytest.param(
            {"throttle": {"rateLimit": 99.5, "burstLimit": 200}},
            [("replace", "/throttle/rateLimit", "100")],
            id="another rate",
        ),
        pytest.param(
            {},
            [("add", "/throttle/burstLimit", "200"), ("add", "/throttle/rateLimit", "100")],
            id="no limits",
        ),
        pytest.param(
            {
                "throttle": {"rateLimit": 100.0, "burstLimit": 200},
                "quota": {"limit": 5, "offset": 2, "period": "WEEK"},
            },
            [("remove", "/quota", None)],
            id="a quota that nobody wants",
        ),
    ],
)
def test_only_what_differs_is_changed(
    gateway: FakeApiGateway, found: dict[str, Any], operations: list[tuple[str, str, str | None]]
) -> None:
    gateway.create_usage_plan(name="sandbox", apiStages=[{"apiId": "abc", "stage": "test"}], **found)
    ensure(gateway)
    sent = [(each["op"], each["path"], each.get("value")) for update in gateway.updates for each in update]
    assert sent == operations
    assert access_differences(LIMITS, gateway.plans[-1]) == {}
    ensure(gateway)
    assert len(gateway.updates) == bool(operations)


@pytest.mark.parametrize(
    "quota", [None, {"limit": 5, "period": "WEEK", "offset": 2}, {"limit": 7, "period": "DAY"}]
)
def test_a_quota_is_made_one_of_a_day(gateway: FakeApiGateway, quota: dict[str, Any] | None) -> None:
    found = {"quota": quota} if quota else {}
    gateway.create_usage_plan(name="sandbox", apiStages=[], **found)
    limits = PlanLimits(rate_limit=1, burst_limit=1, daily_quota=7)
    ensure(gateway, limits=limits)
    assert {"offset": 0, **gateway.plans[-1]["quota"]} == {"limit": 7, "period": "DAY", "offset": 0}
    assert access_differences(limits, gateway.plans[-1]) == {}


def test_differences_show_what_is_wanted_and_found() -> None:
    found = {"throttle": {"rateLimit": 50.0, "burstLimit": 200}, "quota": {"limit": 9, "period": "DAY"}}
    assert access_differences(LIMITS, found) == {
        "quota/limit": Difference(None, 9),
        "quota/offset": Difference(None, 0),
        "quota/period": Difference(None, "DAY"),
        "throttle/rateLimit": Difference(100, 50),
    }
    assert access_differences(LIMITS, None) == {
        "throttle/burstLimit": Difference(200, None),
        "throttle/rateLimit": Difference(100, None),
    }
