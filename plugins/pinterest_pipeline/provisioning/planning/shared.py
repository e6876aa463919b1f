"""What the plans of both paths have in common: the API, and what is simply not there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pinterest_pipeline import connections
from pinterest_pipeline.entities import Names
from pinterest_pipeline.provisioning.access import PlanLimits, access_differences, find_usage_plan
from pinterest_pipeline.provisioning.api import API_STAGE
from pinterest_pipeline.provisioning.changes import Action, Change, changes_of
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
        deployed=(newest or {}).get("description"),
        resources=resources,
        specification=specification,
        definition_changes=bool(rows),
    )
    if settings.require_api_key and (plan := find_usage_plan(hook.conn, names.rest_api)) is not None:
        differences = access_differences(PlanLimits.of(settings), plan)
        rows += changes_of("usage_plan", names.rest_api, differences, Action.UPDATE)
    return rows
