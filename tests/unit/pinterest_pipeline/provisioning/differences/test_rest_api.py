"""Which changes of the REST API and its stage are made."""

from __future__ import annotations

from typing import Any

import pytest

from cloud_operators.aws.openapi import fingerprint
from pinterest_pipeline.provisioning.changes import Action
from pinterest_pipeline.provisioning.differences.rest_api import rest_api_changes, stage_changes

PROXY = {"type": "http_proxy", "httpMethod": "ANY", "uri": "http://proxy"}
SPECIFICATION: dict[str, Any] = {"paths": {"/topics": {"get": {"x-amazon-apigateway-integration": PROXY}}}}


def resource(uri: str = "http://proxy") -> dict[str, Any]:
    """As GetResources has it."""
    integration = {"type": "HTTP_PROXY", "httpMethod": "ANY", "uri": uri}
    method = {"apiKeyRequired": False, "methodIntegration": integration}
    return {"id": "r", "path": "/topics", "resourceMethods": {"GET": method}}


@pytest.mark.parametrize(
    ("resources", "expected"),
    [
        (None, [(Action.CREATE, "", None)]),
        ([], [(Action.UPDATE, "GET /topics", None)]),
        ([resource("http://other")], [(Action.UPDATE, "GET /topics", "another definition")]),
        ([resource()], []),
    ],
)
def test_methods(resources: list[dict[str, Any]] | None, expected: list[Any]) -> None:
    changes = rest_api_changes("demo", SPECIFICATION, resources)
    assert [(change.action, change.field, change.found) for change in changes] == expected


def stage_rows(
    stage: dict[str, Any] | None, newest: dict[str, Any] | None, *, changes: bool = False
) -> list[Any]:
    rows = stage_changes(
        "demo/test",
        stage,
        {"restProxyHost": "proxy:8082"},
        newest=newest,
        resources=[resource()],
        specification=SPECIFICATION,
        definition_changes=changes,
    )
    return [(row.action, row.field) for row in rows]


VARIABLES = {"restProxyHost": "proxy:8082"}
STAGE = {"deploymentId": "d2", "variables": VARIABLES}
NEWEST = {"id": "d2", "description": f"sha256:{fingerprint([resource()], SPECIFICATION)}"}
DEPLOYMENT = (Action.UPDATE, "deployment")


def test_a_stage_that_has_all_of_it() -> None:
    assert stage_rows(STAGE, NEWEST) == []


def test_a_stage_that_is_not_there() -> None:
    assert stage_rows(None, NEWEST) == [(Action.CREATE, "")]


@pytest.mark.parametrize(
    ("stage", "newest", "changes"),
    [
        pytest.param(STAGE, NEWEST, True, id="the definition will be another one"),
        pytest.param(STAGE, {**NEWEST, "description": "sha256:0"}, False, id="deployed before it changed"),
        pytest.param(STAGE, None, False, id="never deployed by us"),
        pytest.param({**STAGE, "deploymentId": "d1"}, NEWEST, False, id="led back to an older deployment"),
    ],
)
def test_a_deployment_is_due(stage: dict[str, Any], newest: dict[str, Any] | None, changes: bool) -> None:
    assert stage_rows(stage, newest, changes=changes) == [DEPLOYMENT]


def test_variables() -> None:
    other = {**STAGE, "variables": {"restProxyHost": "old:1", "kinesisRole": "not ours to look at"}}
    assert stage_rows(other, NEWEST) == [(Action.UPDATE, "variable restProxyHost")]
