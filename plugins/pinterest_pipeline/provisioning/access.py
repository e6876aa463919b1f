"""The API's key: one key in one usage plan, which is bound to the API's stage and limits what senders ask."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cloud_operators.exceptions import Difference
from pinterest_pipeline.settings import Settings

logger = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class PlanLimits:
    """What a usage plan lets each of its keys ask.

    .. seealso:: https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-request-throttling.html

    :param rate_limit: requests a second.
    :param burst_limit: requests at once beyond that.
    :param daily_quota: requests in a day, UTC; 0 for any number.
    """

    rate_limit: int
    burst_limit: int
    daily_quota: int = 0

    @classmethod
    def of(cls, settings: Settings) -> PlanLimits:
        """The limits that the settings ask for.

        :param settings: the pipeline's settings.
        """
        return cls(
            rate_limit=settings.api_rate_limit,
            burst_limit=settings.api_burst_limit,
            daily_quota=settings.api_daily_quota,
        )

    def request(self) -> dict[str, Any]:
        """As CreateUsagePlan takes them."""
        throttle = {"rateLimit": self.rate_limit, "burstLimit": self.burst_limit}
        quota = {"limit": self.daily_quota, "offset": 0, "period": "DAY"}
        return {"throttle": throttle, **({"quota": quota} if self.daily_quota else {})}


def access_differences(wanted: PlanLimits, found_plan: Mapping[str, Any] | None) -> dict[str, Difference]:
    """In which limits a usage plan is not as wanted.

    :param wanted: the limits asked for.
    :param found_plan: as GetUsagePlans has it; ``None`` when there is none.
    :returns: path of the setting, e.g. ``throttle/rateLimit``, to what is wanted and found.
    """
    asked, there = _flat(wanted.request()), _flat(found_plan or {})
    return {
        setting: Difference(asked.get(setting), there.get(setting))
        for setting in sorted({*asked, *there})
        if asked.get(setting) != there.get(setting)
    }


def ensure_api_key(
    apigateway: Any, *, name: str, rest_api_id: str, stage: str, limits: PlanLimits, tags: Mapping[str, str]
) -> str:
    """Find or make the key and let it into the API, within limits. A plan with other limits gets these.

    :param apigateway: a boto3 API Gateway client.
    :param name: name of both the key and the usage plan.
    :param rest_api_id: the REST API.
    :param stage: its stage, which must be deployed.
    :param limits: of the usage plan.
    :param tags: tags of what is made.
    :returns: the key's value, a secret.
    """
    key = find_api_key(apigateway, name) or apigateway.create_api_key(
        name=name, description="Senders of posts", enabled=True, tags=dict(tags)
    )
    plan = find_usage_plan(apigateway, name) or apigateway.create_usage_plan(
        name=name,
        description="Senders of posts",
        apiStages=[{"apiId": rest_api_id, "stage": stage}],
        tags=dict(tags),
        **limits.request(),
    )
    differences = access_differences(limits, plan)
    operations = _limiting(differences)
    bound = {(item["apiId"], item["stage"]) for item in plan.get("apiStages", [])}
    if (rest_api_id, stage) not in bound:
        operations.append({"op": "add", "path": "/apiStages", "value": f"{rest_api_id}:{stage}"})
    if operations:
        apigateway.update_usage_plan(usagePlanId=plan["id"], patchOperations=operations)
    for setting, difference in differences.items():
        logger.info("Usage plan %s: %s was %s, is %s", name, setting, difference.found, difference.wanted)
    pages = apigateway.get_paginator("get_usage_plan_keys").paginate(usagePlanId=plan["id"])
    if not any(item["id"] == key["id"] for page in pages for item in page["items"]):
        apigateway.create_usage_plan_key(usagePlanId=plan["id"], keyId=key["id"], keyType="API_KEY")
    return str(key["value"])


def find_api_key(apigateway: Any, name: str) -> dict[str, Any] | None:
    """The key with exactly this name, with its value.

    :param apigateway: a boto3 API Gateway client.
    :param name: name of the key.
    """
    pages = apigateway.get_paginator("get_api_keys").paginate(nameQuery=name, includeValues=True)
    return next((dict(item) for page in pages for item in page["items"] if item["name"] == name), None)


def find_usage_plan(apigateway: Any, name: str) -> dict[str, Any] | None:
    """The usage plan with exactly this name.

    :param apigateway: a boto3 API Gateway client.
    :param name: name of the usage plan.
    """
    pages = apigateway.get_paginator("get_usage_plans").paginate()
    return next((dict(item) for page in pages for item in page["items"] if item["name"] == name), None)


def _flat(plan: Mapping[str, Any]) -> dict[str, Any]:
    """The limits of a plan by path; how a number is spelled makes no difference."""
    quota = plan.get("quota") or {}
    parts = {"throttle": plan.get("throttle") or {}, "quota": {"offset": 0, **quota} if quota else {}}
    return {
        f"{part}/{name}": value if name == "period" else _number(value)
        for part, limits in parts.items()
        for name, value in limits.items()
    }


def _number(value: Any) -> float:
    number = float(value)
    return int(number) if number.is_integer() else number


def _limiting(differences: Mapping[str, Difference]) -> list[dict[str, str]]:
    """What UpdateUsagePlan has to do so that the limits are as wanted."""
    operations = [
        {"op": "add" if found is None else "replace", "path": f"/{setting}", "value": str(wanted)}
        for setting, (wanted, found) in differences.items()
        if wanted is not None
    ]
    # A quota is taken away as a whole.
    if "quota/limit" in differences and differences["quota/limit"].wanted is None:
        operations.append({"op": "remove", "path": "/quota"})
    return operations
