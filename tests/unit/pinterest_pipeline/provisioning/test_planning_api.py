"""What a plan says of the API, its key and the secret."""

from __future__ import annotations

import json
from typing import Any

import pytest

from pinterest_pipeline import connections
from pinterest_pipeline.errors import Permanent
from pinterest_pipeline.paths import read_include
from pinterest_pipeline.provisioning import tasks
from tests.unit.pinterest_pipeline.provisioning.plans import STREAM_ROLE, plan_stream, rows


def test_after_the_api_is_deployed_only_differences_are_told(configured: Any) -> None:
    configured(KINESIS_API_ROLE_ARN=STREAM_ROLE)
    planned = plan_stream()
    client = connections.aws_client("apigateway")
    api = client.create_rest_api(name="sandbox")["id"]
    assert rows(planned, "rest_api") == [("create", "sandbox", "")]
    found = rows(plan_stream(), "rest_api", "api_stage")
    assert ("update", "sandbox", "PUT /streams/{stream-name}/records") in found
    assert ("create", "sandbox/test", "") in found
    # The part of the batch path is not this one's.
    assert not any("/topics" in field for _, _, field in found)
    assert client.get_deployments(restApiId=api)["items"] == []


@pytest.fixture
def access(configured: Any) -> Any:
    """An API with a stage, its usage plan and key, and the connection's secret; gives the client."""
    configured(KINESIS_API_ROLE_ARN=STREAM_ROLE)
    client = connections.aws_client("apigateway")
    api = client.create_rest_api(name="sandbox")["id"]
    root = client.get_resources(restApiId=api)["items"][0]["id"]
    method = {"restApiId": api, "resourceId": root, "httpMethod": "GET"}
    client.put_method(**method, authorizationType="NONE")
    client.put_integration(**method, type="MOCK")
    deployment = client.create_deployment(restApiId=api, stageName="test")["id"]
    tasks.write_api_connection.function(
        {"rest_api_id": api, "deployment_id": deployment, "stage_name": "test"}
    )
    return client


ACCESS = ("api_key", "usage_plan", "secret")


def test_what_apply_would_mend_of_the_access_is_told(access: Any) -> None:
    assert rows(plan_stream(), *ACCESS) == []
    (plan,) = access.get_usage_plans()["items"]
    (key,) = access.get_usage_plan_keys(usagePlanId=plan["id"])["items"]
    access.delete_usage_plan_key(usagePlanId=plan["id"], keyId=key["id"])
    (bound,) = plan["apiStages"]
    stage = {"op": "remove", "path": "/apiStages", "value": f"{bound['apiId']}:{bound['stage']}"}
    access.update_usage_plan(usagePlanId=plan["id"], patchOperations=[stage])
    assert rows(plan_stream(), *ACCESS) == [
        ("update", "sandbox", "apiStages"),
        ("update", "sandbox", "key"),
    ]


def test_a_key_that_somebody_has_disabled_is_refused(access: Any) -> None:
    """Senders would be told 403, and it is not for provisioning to let them in again."""
    (key,) = access.get_api_keys()["items"]
    disable = {"op": "replace", "path": "/enabled", "value": "false"}
    access.update_api_key(apiKey=key["id"], patchOperations=[disable])
    with pytest.raises(Permanent, match=r"api_key sandbox.*enabled.*delete it for a new one"):
        plan_stream(dry_run=False)


def test_another_address_of_the_api_is_told_and_not_shown(access: Any, configured: Any) -> None:
    configured(KINESIS_API_ROLE_ARN=STREAM_ROLE, API_BASE_URL="https://posts.example.com/test")
    planned = plan_stream()
    assert rows(planned, *ACCESS) == [("update", "airflow/connections/pinterest_api", "value")]
    assert "posts.example.com" not in json.dumps(planned["changes"])


def test_the_role_is_put_into_the_stream_part(configured: Any) -> None:
    configured(KINESIS_API_ROLE_ARN=STREAM_ROLE)
    planned = plan_stream()
    assert planned["stage_variables"] == {"kinesisRole": "pinterest/kinesis-access"}
    assert set(planned["api_specification"]["paths"]) == {
        "/streams",
        "/streams/{stream-name}",
        "/streams/{stream-name}/record",
        "/streams/{stream-name}/records",
    }
    assert "${AWS_" not in json.dumps(planned["api_specification"])


def test_an_unknown_integration_is_named_before_anything_is_changed(
    configured: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    configured(KINESIS_API_ROLE_ARN=STREAM_ROLE)
    wrong = read_include("apigateway/pinterest.json").replace('"type": "aws"', '"type": "awz"', 1)
    monkeypatch.setattr("pinterest_pipeline.provisioning.planning.stream.read_include", lambda _: wrong)
    with pytest.raises(Permanent, match=r"GET /streams.*type.*'awz'.*HTTP_PROXY"):
        plan_stream()
