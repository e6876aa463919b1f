"""What the plans of both paths have in common: the API, and what is simply not there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cloud_operators.exceptions import Difference
from pinterest_pipeline import connections
from pinterest_pipeline.entities import Names
from pinterest_pipeline.provisioning.access import (
    PlanLimits,
    access_differences,
    find_api_key,
    find_usage_plan,
)
from pinterest_pipeline.provisioning.api import API_STAGE
from pinterest_pipeline.provisioning.changes import Action, Change, changes_of
from pinterest_pipeline.provisioning.connection import SECRET_NAME, connection_document
from pinterest_pipeline.provisioning.differences.rest_api import rest_api_changes, stage_changes
from pinterest_pipeline.provisioning.resources import Found
from pinterest_pipeline.settings import Settings

#: Kinds that are compared by a module of ``differences``, which tells of what is missing too.
COMPARED = frozenset(
    {
        "topic",
        "stream",
        "plugin_file",
        "custom_plugin",
        "worker_configuration",
        "connector",
        "rest_api",
        "ssm_document",
        "alarm",
    }
)


def absent(found: Found) -> list[Change]:
    """What will be created of the kinds that have nothing to compare.

    :param found: what is there now.
    """
    return [
        Change(kind=kind, name=name, action=Action.CREATE)
        for (kind, name), identifier in found.items()
        if identifier is None and kind not in COMPARED
    ]


def api_changes(
    names: Names,
    settings: Settings,
    specification: Mapping[str, Any],
    variables: Mapping[str, str],
) -> list[Change]:
    """What would change of the API, its stage and its usage plan.

    :param names: names of the resources.
    :param settings: the settings.
    :param specification: the part of the OpenAPI document that is applied.
    :param variables: stage variables that are wanted.
    :raises AmbiguousName: when several APIs have the name.
    :raises ValueError: when the document can't be applied.
    """
    from cloud_operators.aws.hooks.apigateway import ApiGatewayHook

    hook = ApiGatewayHook(aws_conn_id=connections.AWS)
    stage_name = f"{names.rest_api}/{API_STAGE}"
    api = hook.find_rest_api(names.rest_api)
    if api is None:
        rows = rest_api_changes(names.rest_api, specification, None)
        return [*rows, Change(kind="api_stage", name=stage_name, action=Action.CREATE)]
    resources = hook.get_resources(api["id"])
    rows = rest_api_changes(names.rest_api, specification, resources)
    newest = hook.find_newest_deployment(api["id"])
    rows += stage_changes(
        stage_name,
        hook.find_stage(api["id"], API_STAGE),
        variables,
        newest=newest,
        resources=resources,
        specification=specification,
        definition_changes=bool(rows),
    )
    if settings.require_api_key:
        rows += _access_changes(hook.conn, names.rest_api, api["id"], PlanLimits.of(settings))
    return rows + _secret_changes(hook, settings, names.rest_api, api["id"])


def _access_changes(client: Any, name: str, rest_api_id: str, limits: PlanLimits) -> list[Change]:
    """What would change of the usage plan: limits, the stage that it is for, the key that it lets in."""
    plan, key = find_usage_plan(client, name), find_api_key(client, name)
    rows: list[Change] = []
    if key and not key["enabled"]:
        disabled = {"enabled": Difference(wanted=True, found=False)}
        note = "somebody has disabled it: enable it, or delete it for a new one to be made"
        rows += changes_of("api_key", name, disabled, Action.REFUSE, note)
    if plan is None:
        return rows
    rows += changes_of("usage_plan", name, access_differences(limits, plan), Action.UPDATE)

    def missing(field: str, wanted: str) -> Change:
        return Change(kind="usage_plan", name=name, action=Action.UPDATE, field=field, wanted=wanted)

    bound = {(item["apiId"], item["stage"]) for item in plan.get("apiStages", [])}
    if (rest_api_id, API_STAGE) not in bound:
        rows.append(missing("apiStages", f"{rest_api_id}:{API_STAGE}"))
    pages = client.get_paginator("get_usage_plan_keys").paginate(usagePlanId=plan["id"])
    if key and not any(item["id"] == key["id"] for page in pages for item in page["items"]):
        rows.append(missing("key", key["id"]))
    return rows


def _secret_changes(hook: Any, settings: Settings, name: str, rest_api_id: str) -> list[Change]:
    """Whether the connection's secret would get another value, which is not shown."""
    secrets_manager = connections.aws_client("secretsmanager")
    try:
        found = secrets_manager.get_secret_value(SecretId=SECRET_NAME).get("SecretString")
    except secrets_manager.exceptions.ResourceNotFoundException:
        return []
    url = settings.api_base_url or hook.invoke_url(rest_api_id, API_STAGE)
    key = (find_api_key(hook.conn, name) or {}).get("value", "") if settings.require_api_key else ""
    if found == connection_document(url, key):
        return []
    note = "its address or key is another one than the API's; neither is shown"
    return [Change(kind="secret", name=SECRET_NAME, action=Action.UPDATE, field="value", note=note)]
