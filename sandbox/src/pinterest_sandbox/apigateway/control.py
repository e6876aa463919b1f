"""What is read from API Gateway's control plane."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pinterest_sandbox.apigateway.definitions import (
    Definition,
    Validator,
    parse_gateway_responses,
    parse_resources,
)
from pinterest_sandbox.apigateway.limits import ACCOUNT, ApiKey, Limit, parse_limit, parse_plan
from pinterest_sandbox.apigateway.models import Models


class ControlPlane:
    """Reads APIs, stages, keys and limits; every call blocks.

    :param client: boto3 client of API Gateway.
    """

    def __init__(self, client: Any) -> None:
        self._client = client

    def api_ids(self, api: str) -> list[str]:
        """Ids of the APIs meant by ``api``: an id itself, then those of that name, the newest first."""
        items = self._items("get_rest_apis")
        named = sorted((item for item in items if item["name"] == api), key=lambda item: item["createdDate"])
        return [item["id"] for item in items if item["id"] == api] + [item["id"] for item in named[::-1]]

    def stage(self, api_id: str, name: str) -> Mapping[str, Any] | None:
        """GetStage; ``None`` when there is none."""
        try:
            found: Mapping[str, Any] = self._client.get_stage(restApiId=api_id, stageName=name)
        except self._client.exceptions.NotFoundException:
            return None
        return found

    def definition(self, api_id: str, deployment_id: str) -> Definition:
        """The API as it is now, for the deployment that is on the stage."""
        api = self._client.get_rest_api(restApiId=api_id)
        validators = {
            item["id"]: Validator(
                body=bool(item.get("validateRequestBody")),
                parameters=bool(item.get("validateRequestParameters")),
            )
            for item in self._items("get_request_validators", restApiId=api_id)
        }
        models = {
            item["name"]: item.get("schema") or "{}" for item in self._items("get_models", restApiId=api_id)
        }
        return Definition(
            api_id=api_id,
            deployment_id=deployment_id,
            resources=parse_resources(
                self._items("get_resources", restApiId=api_id, embed=["methods"]), validators
            ),
            models=Models(api_id, models),
            gateway_responses=parse_gateway_responses(self._items("get_gateway_responses", restApiId=api_id)),
            # moto keeps an empty text for a type that is added by its path alone, as AWS has it.
            binary_media_types=tuple(kind for kind in api.get("binaryMediaTypes") or [] if kind),
            api_key_source=api.get("apiKeySource") or "HEADER",
        )

    def api_keys(self, api_id: str, stage: str) -> dict[str, ApiKey]:
        """The enabled keys in the usage plans of a stage, by value."""
        enabled: dict[str, str] = {}
        keys: dict[str, ApiKey] = {}
        for raw in self._items("get_usage_plans"):
            stages = [
                used
                for used in raw.get("apiStages") or []
                if (used.get("apiId"), used.get("stage")) == (api_id, stage)
            ]
            if not stages:
                continue
            plan = parse_plan(raw, stages)
            enabled = enabled or self._enabled_keys()
            for planned in self._items("get_usage_plan_keys", usagePlanId=raw["id"]):
                if planned["id"] in enabled:
                    keys.setdefault(enabled[planned["id"]], ApiKey(planned["id"], plan))
        return keys

    def account_limit(self) -> Limit:
        """The account's throttling in the region."""
        return parse_limit(self._client.get_account().get("throttleSettings")) or ACCOUNT

    def _enabled_keys(self) -> dict[str, str]:
        """Values of the enabled keys by id."""
        return {
            item["id"]: item["value"]
            for item in self._items("get_api_keys", includeValues=True)
            if item["enabled"]
        }

    def _items(self, operation: str, **arguments: Any) -> list[Mapping[str, Any]]:
        pages = self._client.get_paginator(operation).paginate(**arguments)
        return [item for page in pages for item in page.get("items", [])]
