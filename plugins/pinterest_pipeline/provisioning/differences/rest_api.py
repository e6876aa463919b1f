"""The REST API, its stage and its key: all of it changes in place."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from cloud_operators.aws.openapi import differing_methods, fingerprint, found_routes, wanted_routes
from cloud_operators.aws.uncompared import uncompared_parts
from pinterest_pipeline.provisioning.changes import Action, Change

REST_API = "rest_api"
STAGE = "api_stage"


def rest_api_changes(
    name: str, specification: Mapping[str, Any], resources: Iterable[Mapping[str, Any]] | None
) -> list[Change]:
    """Compare the API's definition, method by method.

    :param name: name of the API.
    :param specification: the part of the OpenAPI document that is applied.
    :param resources: items of GetResources; ``None`` when there is no such API.
    :raises ValueError: when the document can't be applied, naming path and method.
    """
    wanted = wanted_routes(specification)
    if resources is None:
        listed = [f"{method} {path}" for path, methods in wanted.items() for method in methods]
        return [Change(kind=REST_API, name=name, action=Action.CREATE, wanted=sorted(listed))]
    found = found_routes(resources)
    rows = []
    for method in differing_methods(wanted, found):
        verb, _, path = method.partition(" ")
        there = verb in found.get(path, {})
        rows.append(
            Change(
                kind=REST_API,
                name=name,
                action=Action.UPDATE,
                field=method,
                found="another definition" if there else None,
                wanted="as in include/apigateway",
            )
        )
    note = "sent each time, because it can't be compared"
    rows += [
        Change(kind=REST_API, name=name, action=Action.UPDATE, field=part, note=note)
        for part in uncompared_parts(specification)
    ]
    return rows


def stage_changes(
    name: str,
    stage: Mapping[str, Any] | None,
    variables: Mapping[str, str],
    *,
    newest: Mapping[str, Any] | None,
    resources: Iterable[Mapping[str, Any]],
    specification: Mapping[str, Any],
    definition_changes: bool,
) -> list[Change]:
    """Compare the stage: its variables, and whether it has what is defined.

    :param name: name of API and stage, as ``<api>/<stage>``.
    :param stage: answer of GetStage, ``None`` when there is no such stage.
    :param variables: stage variables that are wanted.
    :param newest: the newest deployment, whose description holds the hash of its content.
    :param resources: items of GetResources.
    :param specification: the part of the OpenAPI document that is applied.
    :param definition_changes: whether the definition will be changed.
    """
    if stage is None:
        return [Change(kind=STAGE, name=name, action=Action.CREATE)]
    present = stage.get("variables") or {}
    rows = [
        Change(
            kind=STAGE,
            name=name,
            action=Action.UPDATE,
            field=f"variable {variable}",
            found=present.get(variable),
            wanted=value,
        )
        for variable, value in sorted(variables.items())
        if present.get(variable) != value
    ]
    described, identifier = (newest or {}).get("description"), (newest or {}).get("id")
    current = described == f"sha256:{fingerprint(resources, specification)}"
    if definition_changes or not current or stage["deploymentId"] != identifier:
        rows.append(
            Change(
                kind=STAGE,
                name=name,
                action=Action.UPDATE,
                field="deployment",
                found="an older definition",
                wanted="the definition as it is then",
            )
        )
    return rows
