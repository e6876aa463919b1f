"""The deployed stages, looked up by API name or id and looked at again at most once a second."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pinterest_sandbox.apigateway.control import ControlPlane
from pinterest_sandbox.apigateway.definitions import Definition
from pinterest_sandbox.apigateway.limits import ACCOUNT, ApiKey, Limit, parse_method_settings
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
    :param api_keys: by value, the keys that open methods which require one.
    :param limits: throttling by ``<path>/<verb>``; ``*/*`` is for every method without its own.
    :param account: throttling of all stages together.
    """

    name: str
    variables: Mapping[str, str]
    definition: Definition
    router: Router
    api_keys: Mapping[str, ApiKey] = field(default_factory=dict)
    limits: Mapping[str, Limit] = field(default_factory=dict)
    account: Limit = ACCOUNT


class Catalog:
    """Deployed stages by the two parts of an execution URL.

    :param client: boto3 client of API Gateway's control plane; its calls run in threads.
    """

    def __init__(self, client: Any) -> None:
        self._control = ControlPlane(client)
        self._known: dict[tuple[str, str], tuple[float, Stage | None]] = {}
        self._locks: dict[tuple[str, str], asyncio.Lock] = {}
        self._definitions: dict[tuple[str, str], tuple[Definition, Router]] = {}
        self._account: Limit | None = None

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
        for api_id in self._control.api_ids(api):
            found = self._control.stage(api_id, name)
            if found is None:
                continue
            definition, router = self._definition(api_id, found["deploymentId"])
            if self._account is None:
                self._account = self._control.account_limit()
            return Stage(
                name=name,
                variables=found.get("variables") or {},
                definition=definition,
                router=router,
                api_keys=self._control.api_keys(api_id, name) if definition.api_key_required else {},
                limits=parse_method_settings(found.get("methodSettings") or {}),
                account=self._account,
            )
        return None

    def _definition(self, api_id: str, deployment_id: str) -> tuple[Definition, Router]:
        key = (api_id, deployment_id)
        if key not in self._definitions:
            definition = self._control.definition(api_id, deployment_id)
            self._definitions[key] = (definition, Router(definition))
        return self._definitions[key]
