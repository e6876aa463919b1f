from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import botocore.session
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError, EndpointConnectionError, NoCredentialsError
from botocore.httpsession import URLLib3Session
from botocore.loaders import Loader

from cloud_operators.aws import signed_request
from cloud_operators.aws.hooks.msk_connect import MskConnectHook
from tests.unit.cloud_operators.aws.fake_msk import FakeMsk, Refused, Resource
from tests.unit.cloud_operators.aws.signatures import credential, expected_signature, signature_of
from tests.unit.cloud_operators.ways import arn, with_connector

CONNECTOR = arn("connector", 1)
QUOTED = CONNECTOR.replace(":", "%3A").replace("/", "%2F")

# RestartConnector as https://docs.aws.amazon.com/MSKC/latest/mskc/API_RestartConnector.html describes it, in
# the form in which botocore takes additions to its models.
NEWER = {
    "version": 1.0,
    "merge": {
        "operations": {
            "RestartConnector": {
                "name": "RestartConnector",
                "http": {
                    "method": "POST",
                    "requestUri": "/v1/connectors/{connectorArn}/restart",
                    "responseCode": 200,
                },
                "input": {"shape": "RestartConnectorRequest"},
                "output": {"shape": "RestartConnectorResponse"},
                "errors": [{"shape": "NotFoundException"}, {"shape": "BadRequestException"}],
            }
        },
        "shapes": {
            "RestartConnectorRequest": {
                "type": "structure",
                "required": ["connectorArn"],
                "members": {
                    "connectorArn": {
                        "shape": "__string",
                        "location": "uri",
                        "locationName": "connectorArn",
                    },
                    "onlyFailedTasks": {
                        "shape": "__boolean",
                        "location": "querystring",
                        "locationName": "onlyFailedTasks",
                    },
                },
            },
            "RestartConnectorResponse": {
                "type": "structure",
                "members": {
                    "connectorArn": {"shape": "__string"},
                    "connectorOperationArn": {"shape": "__string"},
                },
            },
        },
    },
}


@pytest.fixture(params=["signed here", "by the client"])
def hook(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> MskConnectHook:
    """The hook with boto3 as it is, and with a boto3 that knows RestartConnector."""
    if request.param == "by the client":
        folder = tmp_path / "kafkaconnect" / "2021-09-14"
        folder.mkdir(parents=True)
        (folder / "service-2.sdk-extras.json").write_text(json.dumps(NEWER))
        loader = Loader(extra_search_paths=[str(tmp_path)])
        monkeypatch.setattr(botocore.session, "create_loader", lambda *_: loader)
    made = MskConnectHook(aws_conn_id=None)
    assert hasattr(made.conn, "restart_connector") is (request.param == "by the client")
    return made


@pytest.mark.parametrize("only_failed", [True, False])
def test_restart_is_sent_and_signed(msk: FakeMsk, hook: MskConnectHook, only_failed: bool) -> None:
    with_connector(msk)

    assert hook.restart_connector(CONNECTOR, only_failed_tasks=only_failed) == arn("connector-operation", 2)

    method, address, headers = msk.last
    wanted = str(only_failed).lower()
    assert (method, address) == ("POST", f"/v1/connectors/{QUOTED}/restart?onlyFailedTasks={wanted}")
    assert signature_of(headers) == expected_signature(method, address, headers, "testing")
    assert credential(headers) == ["testing", "us-east-1", "kafkaconnect"]
    assert "boto3/" in headers["User-Agent"].lower()


def test_signatures_of_the_client_are_found_right(msk: FakeMsk) -> None:
    """So that the test before means something."""
    with_connector(msk)

    MskConnectHook(aws_conn_id=None).conn.describe_connector(connectorArn=CONNECTOR)

    method, address, headers = msk.last
    assert signature_of(headers) == expected_signature(method, address, headers, "testing")
    assert signature_of(headers) != expected_signature(method, f"{address}x", headers, "testing")


def test_restart_is_signed_for_the_region_and_session_of_the_hook(
    msk: FakeMsk, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_connector(msk)
    monkeypatch.setenv("AWS_SESSION_TOKEN", "a-token")

    MskConnectHook(aws_conn_id=None, region_name="eu-west-1").restart_connector(CONNECTOR)

    method, address, headers = msk.last
    assert credential(headers) == ["testing", "eu-west-1", "kafkaconnect"]
    assert headers["X-Amz-Security-Token"] == "a-token"
    assert signature_of(headers) == expected_signature(method, address, headers, "testing")


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (400, "BadRequestException"),
        (404, "NotFoundException"),
        (403, "ForbiddenException"),
        (429, "TooManyRequestsException"),
        (403, "AccessDeniedException"),
        (503, "ServiceUnavailableException"),
    ],
)
def test_an_error_of_a_restart_is_one_of_the_client(
    msk: FakeMsk, hook: MskConnectHook, status: int, code: str
) -> None:
    with_connector(msk)

    def refuse() -> None:
        raise Refused(status, code, "not now")

    msk.before_restart = refuse

    with pytest.raises(hook.conn.exceptions.from_code(code)) as raised:
        hook.restart_connector(CONNECTOR)

    error = raised.value
    assert error.response["Error"] == {"Code": code, "Message": "not now"}
    assert error.response["ResponseMetadata"]["HTTPStatusCode"] == status
    assert error.operation_name == "RestartConnector"


def test_a_restart_without_credentials(msk: FakeMsk, monkeypatch: pytest.MonkeyPatch) -> None:
    hook = MskConnectHook(aws_conn_id=None)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    for name, value in {"AWS_EC2_METADATA_DISABLED": "true", "AWS_SHARED_CREDENTIALS_FILE": "/none"}.items():
        monkeypatch.setenv(name, value)

    with pytest.raises(NoCredentialsError):
        hook.restart_connector(CONNECTOR)

    assert msk.requests == []


def test_a_restart_that_reaches_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_KAFKACONNECT", "http://127.0.0.1:1")

    with pytest.raises(EndpointConnectionError):
        MskConnectHook(aws_conn_id=None).restart_connector(CONNECTOR)


def test_the_operation_of_a_restart_is_read(msk: FakeMsk) -> None:
    hook = MskConnectHook(aws_conn_id=None)
    msk.operations["arn:o"] = Resource(
        {
            "connectorOperationState": "RESTART_FAILED",
            "errorInfo": {"code": "Bad", "message": "task 0 fails"},
        },
        "connectorOperationState",
    )

    assert hook.operation_state("arn:o") == ("RESTART_FAILED", "Bad", "task 0 fails")
    assert hook.operation_state("arn:p") is None


def test_client_errors_are_those_that_callers_catch(msk: FakeMsk) -> None:
    hook = MskConnectHook(aws_conn_id=None)

    with pytest.raises(ClientError) as raised:
        hook.restart_connector("arn:none")

    assert isinstance(raised.value, hook.conn.exceptions.NotFoundException)


@pytest.mark.parametrize(
    ("given", "used"), [(None, "/certificates/ca.pem"), (False, False), ("/other.pem", "/other.pem")]
)
def test_limits_and_certificates_are_those_of_the_client(
    msk: FakeMsk, monkeypatch: pytest.MonkeyPatch, given: bool | str | None, used: bool | str
) -> None:
    made: list[dict[str, Any]] = []

    def noting(**arguments: Any) -> URLLib3Session:
        made.append(arguments)
        return URLLib3Session()

    with_connector(msk)
    monkeypatch.setattr(signed_request, "URLLib3Session", noting)
    monkeypatch.setenv("AWS_CA_BUNDLE", "/certificates/ca.pem")
    config = Config(connect_timeout=3, read_timeout=4, proxies={"https": "http://proxy:1"})

    MskConnectHook(aws_conn_id=None, verify=given, config=config).restart_connector(CONNECTOR)

    assert [(each["timeout"], each["verify"], each["proxies"]) for each in made] == [
        ((3, 4), used, {"https": "http://proxy:1"})
    ]
