from __future__ import annotations

from typing import Any

import pytest

from pinterest_pipeline.provisioning.access import ensure_api_key


class FakeApiGateway:
    """Keys and usage plans in memory; names are matched by prefix, as API Gateway does."""

    def __init__(self) -> None:
        self.keys: list[dict[str, Any]] = []
        self.plans: list[dict[str, Any]] = []
        self.plan_keys: dict[str, list[str]] = {}

    def create_api_key(self, *, name: str, enabled: bool, **_: Any) -> dict[str, Any]:
        number = len(self.keys)
        self.keys.append({"id": f"k{number}", "name": name, "value": f"value-{number}", "enabled": enabled})
        return self.keys[-1]

    def create_usage_plan(self, *, name: str, apiStages: Any, **_: Any) -> dict[str, Any]:
        self.plans.append({"id": f"p{len(self.plans)}", "name": name, "apiStages": apiStages})
        return self.plans[-1]

    def update_usage_plan(self, *, usagePlanId: str, patchOperations: Any) -> None:
        (operation,) = patchOperations
        assert (operation["op"], operation["path"]) == ("add", "/apiStages")
        api, stage = operation["value"].split(":")
        plan = next(plan for plan in self.plans if plan["id"] == usagePlanId)
        plan["apiStages"] = [*plan["apiStages"], {"apiId": api, "stage": stage}]

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


def ensure(gateway: FakeApiGateway, rest_api_id: str = "abc") -> str:
    return ensure_api_key(gateway, name="sandbox", rest_api_id=rest_api_id, stage="test", tags={})


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
