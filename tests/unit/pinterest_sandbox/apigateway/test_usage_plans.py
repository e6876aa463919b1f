"""Keys, usage plans and throttling, with plans put into moto by boto3 and a clock moved by hand."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
import requests

from tests.unit.pinterest_sandbox.apigateway.apis import add_method, message, until_status
from tests.unit.pinterest_sandbox.apigateway.conftest import Backend, HandClock

DAY = 86_400.0
#: The account's burst limit that moto reports.
ACCOUNT_BURST = 5_000


@dataclass(frozen=True)
class Keyed:
    """An API with the methods ``GET /closed``, ``GET /other`` (both want a key) and ``GET /open``."""

    control: Any
    api: str
    url: str

    def plan(self, **limits: Any) -> str:
        """A usage plan of the stage; its id."""
        used = {"apiId": self.api, "stage": "test", **limits.pop("stage", {})}
        return str(self.control.create_usage_plan(name="plan", apiStages=[used], **limits)["id"])

    def key(self, plan: str | None = None, *, enabled: bool = True) -> dict[str, str]:
        """The header of a new key, which is in ``plan``."""
        made = self.control.create_api_key(name="key", enabled=enabled)
        if plan is not None:
            self.control.create_usage_plan_key(usagePlanId=plan, keyId=made["id"], keyType="API_KEY")
        return {"x-api-key": made["value"]}

    def get(self, path: str, key: dict[str, str] | None = None) -> requests.Response:
        return requests.get(f"{self.url}/{path}", headers=key, timeout=30)

    def statuses(self, path: str, count: int, key: dict[str, str] | None = None) -> list[int]:
        return [self.get(path, key).status_code for _ in range(count)]


@pytest.fixture
def keyed(control: Any, metered: str, endpoint: str) -> Keyed:
    api = str(control.create_rest_api(name="keyed")["id"])
    for path, required in (("/closed", True), ("/other", True), ("/open", False)):
        add_method(control, api, path, f"http://{endpoint}{path}", verb="GET", apiKeyRequired=required)
    control.create_deployment(restApiId=api, stageName="test")
    return Keyed(control=control, api=api, url=f"{metered}/{api}/test")


def test_only_an_enabled_key_of_a_plan_of_the_stage_opens_a_method(keyed: Keyed, backend: Backend) -> None:
    plan = keyed.plan()
    elsewhere = keyed.control.create_usage_plan(
        name="elsewhere", apiStages=[{"apiId": keyed.api, "stage": "prod"}]
    )["id"]
    good = keyed.key(plan)
    refused = {
        "none": None,
        "unknown": {"x-api-key": "0123456789012345678901234"},
        "blank": {"x-api-key": ""},
        "in no plan": keyed.key(),
        "plan of another stage": keyed.key(elsewhere),
        "disabled": keyed.key(plan, enabled=False),
    }

    for why, key in refused.items():
        answer = keyed.get("closed", key)
        assert message(answer) == (403, "Forbidden"), why
        assert answer.headers["x-amzn-ErrorType"] == "ForbiddenException"
    assert keyed.statuses("open", 1) == [200]
    assert keyed.statuses("closed", 1, good) == [200]
    assert backend.paths() == ["/open", "/closed"]


def test_a_key_disabled_later_is_refused(keyed: Keyed) -> None:
    key = keyed.key(keyed.plan())
    assert keyed.statuses("closed", 1, key) == [200]
    [found] = [
        item["id"]
        for item in keyed.control.get_api_keys(includeValues=True)["items"]
        if item["value"] == key["x-api-key"]
    ]

    keyed.control.update_api_key(
        apiKey=found, patchOperations=[{"op": "replace", "path": "/enabled", "value": "false"}]
    )

    until_status(f"{keyed.url}/closed", 403, headers=key)


def test_keys_of_an_authorizer_do_not_come_by_header(
    control: Any, metered: str, endpoint: str, backend: Backend
) -> None:
    api = control.create_rest_api(name="authorized", apiKeySource="AUTHORIZER")["id"]
    add_method(control, api, "/closed", f"http://{endpoint}/closed", verb="GET", apiKeyRequired=True)
    control.create_deployment(restApiId=api, stageName="test")
    keyed = Keyed(control=control, api=api, url=f"{metered}/{api}/test")

    assert message(keyed.get("closed", keyed.key(keyed.plan()))) == (403, "Forbidden")
    assert backend.seen == []


def test_exactly_the_burst_passes_and_the_rate_refills_it(
    keyed: Keyed, clock: HandClock, backend: Backend
) -> None:
    key = keyed.key(keyed.plan(throttle={"rateLimit": 2.0, "burstLimit": 5}))

    assert keyed.statuses("closed", 8, key) == [200] * 5 + [429] * 3
    refused = keyed.get("closed", key)
    assert message(refused) == (429, "Too Many Requests")
    assert refused.headers["x-amzn-ErrorType"] == "TooManyRequestsException"
    clock.now += 0.49
    assert keyed.statuses("closed", 1, key) == [429]
    clock.now += 0.01
    assert keyed.statuses("closed", 2, key) == [200, 429]
    clock.now += 60
    assert keyed.statuses("closed", 7, key) == [200] * 5 + [429] * 2
    assert len(backend.seen) == 5 + 1 + 5


def test_a_plan_throttles_each_key_over_all_its_methods(keyed: Keyed) -> None:
    plan = keyed.plan(throttle={"rateLimit": 1.0, "burstLimit": 3})
    first, second = keyed.key(plan), keyed.key(plan)

    assert keyed.statuses("closed", 2, first) == [200, 200]
    assert keyed.statuses("other", 2, first) == [200, 429]
    assert keyed.statuses("closed", 4, second) == [200] * 3 + [429]
    assert keyed.statuses("open", 2) == [200, 200]


def test_a_plan_throttles_single_methods(keyed: Keyed) -> None:
    plan = keyed.plan(
        throttle={"rateLimit": 1.0, "burstLimit": 4},
        stage={"throttle": {"/closed/GET": {"rateLimit": 1.0, "burstLimit": 1}}},
    )
    key = keyed.key(plan)

    assert keyed.statuses("closed", 3, key) == [200, 429, 429]
    # The two that were refused took nothing from the plan's own bucket.
    assert keyed.statuses("other", 4, key) == [200] * 3 + [429]


def test_a_quota_ends_with_its_day(keyed: Keyed, clock: HandClock, backend: Backend) -> None:
    plan = keyed.plan(quota={"limit": 3, "period": "DAY"}, throttle={"rateLimit": 10.0, "burstLimit": 2})
    key, other = keyed.key(plan), keyed.key(plan)

    # The third is throttled, and so uses up nothing of the quota.
    assert keyed.statuses("closed", 3, key) == [200, 200, 429]
    clock.now += 1
    assert keyed.statuses("closed", 2, key) == [200, 429]
    refused = keyed.get("other", key)
    assert message(refused) == (429, "Limit Exceeded")
    assert refused.headers["x-amzn-ErrorType"] == "LimitExceededException"
    assert keyed.statuses("closed", 1, other) == [200]
    clock.now += DAY / 2 - 2  # a second before midnight
    assert keyed.statuses("closed", 1, key) == [429]
    clock.now += 1
    assert keyed.statuses("closed", 1, key) == [200]
    assert len(backend.seen) == 5


def test_a_quota_raised_in_the_plan_counts_what_was_used(keyed: Keyed) -> None:
    plan = keyed.plan(quota={"limit": 1, "period": "MONTH"})
    key = keyed.key(plan)
    assert keyed.statuses("closed", 2, key) == [200, 429]

    keyed.control.update_usage_plan(
        usagePlanId=plan, patchOperations=[{"op": "replace", "path": "/quota/limit", "value": "3"}]
    )

    until_status(f"{keyed.url}/closed", 200, headers=key)
    assert keyed.statuses("closed", 2, key) == [200, 429]


def test_a_stage_throttles_all_methods_each_on_its_own(keyed: Keyed, clock: HandClock) -> None:
    key = keyed.key(keyed.plan())
    operations = [
        {"op": "replace", "path": f"/*/*/throttling/{name}", "value": value}
        for name, value in (("rateLimit", "1"), ("burstLimit", "2"))
    ]
    keyed.control.update_stage(restApiId=keyed.api, stageName="test", patchOperations=operations)

    assert keyed.statuses("open", 3) == [200, 200, 429]
    assert keyed.statuses("closed", 3, key) == [200, 200, 429]
    clock.now += 1
    assert keyed.statuses("open", 2) == [200, 429]


def test_a_setting_of_one_method_goes_before_that_of_all(keyed: Keyed) -> None:
    key = keyed.key(keyed.plan())
    operations = [
        {"op": "replace", "path": f"/{method}/throttling/{name}", "value": value}
        for method, burst in (("*/*", "1"), ("~1open/GET", "3"))
        for name, value in (("rateLimit", "0.001"), ("burstLimit", burst))
    ]
    keyed.control.update_stage(restApiId=keyed.api, stageName="test", patchOperations=operations)

    assert keyed.statuses("open", 4) == [200] * 3 + [429]
    assert keyed.statuses("closed", 2, key) == [200, 429]


def test_without_settings_only_the_account_limits(keyed: Keyed) -> None:
    with requests.Session() as session:
        statuses = [
            session.get(f"{keyed.url}/{path}", timeout=30).status_code
            for path in ["absent"] * 3 + ["open"] * 20
        ]

    assert statuses == [403] * 3 + [200] * 20
    assert keyed.control.get_account()["throttleSettings"]["burstLimit"] == ACCOUNT_BURST
