"""The deployed stages, looked up by API name or id and looked at again at most once a second."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pinterest_sandbox.apigateway.definitions import Definition, parse_definition
from pinterest_sandbox.apigateway.routing import Router

#: Seconds for which a stage counts as known.
FRESH = 1.0


@dataclass(frozen=True, kw_only=True)
class Stage:
    """A deployed stage.

    :param name: of the stage.
    :param variables: stage variables.
    :param definition: the API, as it was when this deployment was first seen.
    :param router: its paths.
    :param api_keys: values of the keys that open methods which require one.
    """

    name: str
    variables: Mapping[str, str]
    definition: Definition
    router: Router
    api_keys: frozenset[str] = frozenset()


class Catalog:
    """Deployed stages by the two parts of an execution URL.

    :param client: boto3 client of API Gateway's control plane; its calls run in threads.
    """

    def __init__(self, client: Any) -> None:
        self._client = client
        self._known: dict[tuple[str, str], tuple[float, Stage | None]] = {}
        self._locks: dict[tuple[str, str], asyncio.Lock] = {}
        self._definitions: dict[tuple[str, str], tuple[Definition, Router]] = {}

    async def stage(self, api: str, name: str) -> Stage | None:
        """The stage ``name`` of the API with this name or id; ``None`` while nothing is deployed there."""
        key = (api, name)
        checked, stage = self._known.get(key, (float("-inf"), None))
        if time.monotonic() - checked < FRESH:
            return stage
        async with self._locks.setdefault(key, asyncio.Lock()):
            checked, stage = self._known.get(key, (float("-inf"), None))
            if time.monotonic() - checked >= FRESH:
                stage = await asyncio.to_thread(self._look_up, api, name)
                self._known[key] = (time.monotonic(), stage)
        return stage

    def _look_up(self, api: str, name: str) -> Stage | None:
        for api_id in self._candidates(api):
            try:
                found = self._client.get_stage(restApiId=api_id, stageName=name)
            except self._client.exceptions.NotFoundException:
                continue
            definition, router = self._definition(api_id, found["deploymentId"])
            keys = self._keys(api_id, name) if definition.api_key_required else frozenset()
            return Stage(
                name=name,
                variables=found.get("variables") or {},
                definition=definition,
                router=router,
                api_keys=keys,
            )
        return None

    def _keys(self, api_id: str, stage: str) -> frozenset[str]:
        """Values of the enabled keys in the usage plans of a stage."""
        plans = [
            plan["id"]
            for page in self._client.get_paginator("get_usage_plans").paginate()
            for plan in page["items"]
            if any(
                (used.get("apiId"), used.get("stage")) == (api_id, stage)
                for used in plan.get("apiStages", [])
            )
        ]
        allowed = {
            key["id"]
            for plan in plans
            for page in self._client.get_paginator("get_usage_plan_keys").paginate(usagePlanId=plan)
            for key in page["items"]
        }
        pages = self._client.get_paginator("get_api_keys").paginate(includeValues=True) if allowed else []
        return frozenset(
            key["value"] for page in pages for key in page["items"] if key["id"] in allowed and key["enabled"]
        )

    def _candidates(self, api: str) -> list[str]:
        """Ids of the APIs meant by ``api``: an id itself, then those of that name, the newest first."""
        pages = self._client.get_paginator("get_rest_apis").paginate()
        items = [item for page in pages for item in page["items"]]
        named = sorted((item for item in items if item["name"] == api), key=lambda item: item["createdDate"])
        return [item["id"] for item in items if item["id"] == api] + [item["id"] for item in named[::-1]]

    def _definition(self, api_id: str, deployment_id: str) -> tuple[Definition, Router]:
        key = (api_id, deployment_id)
        if key not in self._definitions:
            pages = self._client.get_paginator("get_resources").paginate(restApiId=api_id, embed=["methods"])
            items = [item for page in pages for item in page["items"]]
            definition = parse_definition(api_id, deployment_id, items)
            self._definitions[key] = (definition, Router(definition))
        return self._definitions[key]
