"""The API's key: one key in one usage plan, which is bound to the API's stage."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def ensure_api_key(
    apigateway: Any, *, name: str, rest_api_id: str, stage: str, tags: Mapping[str, str]
) -> str:
    """Find or make the key and let it into the API.

    :param apigateway: a boto3 API Gateway client.
    :param name: name of both the key and the usage plan.
    :param rest_api_id: the REST API.
    :param stage: its stage, which must be deployed.
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
    )
    bound = {(item["apiId"], item["stage"]) for item in plan.get("apiStages", [])}
    if (rest_api_id, stage) not in bound:
        operation = {"op": "add", "path": "/apiStages", "value": f"{rest_api_id}:{stage}"}
        apigateway.update_usage_plan(usagePlanId=plan["id"], patchOperations=[operation])
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
