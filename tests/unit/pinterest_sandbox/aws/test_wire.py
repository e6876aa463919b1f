"""AWS's REST-JSON protocol: what the model does not allow never leaves a facade."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from pinterest_sandbox.aws.wire import AwsError, RestJsonService, WrongAnswer

ARN = "arn:aws:kafkaconnect:us-east-1:123456789012:connector/c/1-1"
ENCODED = "arn%3Aaws%3Akafkaconnect%3Aus-east-1%3A123456789012%3Aconnector%2Fc%2F1-1"


@pytest.fixture(scope="module")
def service() -> RestJsonService:
    return RestJsonService("kafkaconnect")


@pytest.mark.parametrize(
    ("method", "path", "operation"),
    [
        ("GET", "/v1/connectors", "ListConnectors"),
        ("GET", f"/v1/connectors/{ENCODED}", "DescribeConnector"),
        ("GET", f"/v1/connectors/{ARN}", "DescribeConnector"),
        ("GET", f"/v1/connectors/{ENCODED}/operations", "ListConnectorOperations"),
        ("GET", f"/v1/connectors/{ARN}/operations?maxResults=3", "ListConnectorOperations"),
        ("GET", f"/v1/connectorOperations/{ENCODED}", "DescribeConnectorOperation"),
        ("POST", f"/v1/connectors/{ENCODED}/restart?onlyFailedTasks=true", "RestartConnector"),
        ("DELETE", f"/v1/tags/{ENCODED}?tagKeys=a&tagKeys=b", "UntagResource"),
    ],
)
def test_requests_find_their_operation(
    service: RestJsonService, method: str, path: str, operation: str
) -> None:
    matched = service.match(method, path)

    assert matched is not None
    assert matched[0].name == operation
    if matched[1]:
        assert set(matched[1].values()) == {ARN}


def test_parameters_come_from_path_query_and_body(service: RestJsonService) -> None:
    body = json.dumps({"connectorConfiguration": {"a": "b"}}).encode()

    call = service.parse("PUT", f"/v1/connectors/{ENCODED}?currentVersion=K1", body)

    assert call.parameters == {
        "connectorArn": ARN,
        "currentVersion": "K1",
        "connectorConfiguration": {"a": "b"},
    }
    untag = service.parse("DELETE", f"/v1/tags/{ENCODED}?tagKeys=a&tagKeys=b", b"")
    assert untag.parameters["tagKeys"] == ["a", "b"]
    assert service.parse("GET", "/v1/connectors?maxResults=7", b"").parameters == {"maxResults": 7}


@pytest.mark.parametrize(
    ("method", "path", "body", "code"),
    [
        ("GET", "/v2/connectors", b"", "NotFoundException"),
        ("POST", "/v1/custom-plugins", b"{", "BadRequestException"),
        ("POST", "/v1/custom-plugins", b"{}", "BadRequestException"),
        ("POST", "/v1/custom-plugins", b"[]", "BadRequestException"),
        ("PUT", f"/v1/connectors/{ENCODED}", b"{}", "BadRequestException"),
        ("GET", "/v1/connectors?maxResults=0", b"", "BadRequestException"),
        (
            "POST",
            "/v1/custom-plugins",
            b'{"name":"a","contentType":"TAR","location":{"s3Location":{"bucketArn":"b","fileKey":"k"}}}',
            "BadRequestException",
        ),
    ],
    ids=["path", "no JSON", "nothing", "a list", "no version", "below minimum", "no value of the enum"],
)
def test_wrong_requests_are_refused(
    service: RestJsonService, method: str, path: str, body: bytes, code: str
) -> None:
    with pytest.raises(AwsError) as caught:
        service.parse(method, path, body)

    assert caught.value.code == code


@pytest.mark.parametrize(
    "values",
    [
        {"connectorArn": 5},
        {"connectorArn": "a", "state": "RUNNING"},
        {"connectorState": "running"},
        {"creationTime": "yesterday-ish"},
        {"capacity": {"provisionedCapacity": {"mcuCount": "one"}}},
        {"plugins": [{"customPlugin": {"arn": "a"}}]},
    ],
    ids=["type", "unknown member", "enum", "timestamp", "nested type", "nested unknown member"],
)
def test_wrong_answers_raise(service: RestJsonService, values: dict[str, Any]) -> None:
    operation = service.model.operation_model("DescribeConnector")

    with pytest.raises(WrongAnswer):
        service.answer(operation, values)


def test_answers_leave_out_what_is_none(service: RestJsonService) -> None:
    operation = service.model.operation_model("DescribeConnector")
    moment = datetime(2026, 11, 24, 1, 2, 3, 456000, UTC)

    answer = service.answer(
        operation,
        {
            "connectorName": "c",
            "stateDescription": None,
            "creationTime": moment,
            "capacity": {"provisionedCapacity": {"mcuCount": 1, "workerCount": 2}, "autoScaling": None},
        },
    )

    content = json.loads(answer.body)
    assert answer.status == 200
    assert datetime.fromisoformat(content.pop("creationTime")) == moment
    assert content == {
        "connectorName": "c",
        "capacity": {"provisionedCapacity": {"mcuCount": 1, "workerCount": 2}},
    }


def test_errors_have_the_form_of_aws(service: RestJsonService) -> None:
    answer = service.error(AwsError("ConflictException", "taken"))

    assert answer.status == 409
    assert answer.headers["x-amzn-errortype"] == "ConflictException"
    assert json.loads(answer.body) == {"message": "taken"}


def test_msk_names_the_invalid_parameter() -> None:
    answer = RestJsonService("kafka").error(AwsError("NotFoundException", "none", "clusterArn"))

    assert answer.status == 404
    assert json.loads(answer.body) == {"message": "none", "invalidParameter": "clusterArn"}


def test_error_that_the_service_lacks_raises(service: RestJsonService) -> None:
    with pytest.raises(WrongAnswer):
        service.error(AwsError("NoSuchThingException", "none"))
