"""What a path needs, looked at through boto3: one row a thing, with a remedy, and nothing changed."""

from __future__ import annotations

import json
import logging
import re
import shlex
import threading
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

import pytest
from airflow.sdk import BaseHook

from pinterest_pipeline import connections
from pinterest_pipeline.provisioning import stream_tasks, tasks
from pinterest_pipeline.provisioning.prerequisites import clients
from pinterest_pipeline.provisioning.prerequisites.findings import (
    PrerequisitesMissing,
    PrerequisitesUnknown,
)
from pinterest_pipeline.provisioning.prerequisites.refusals import CredentialsRefused
from tests.unit.cloud_operators.aws.fake_msk import CLUSTER_ARN, FakeMsk
from tests.unit.pinterest_pipeline.provisioning.customer_account import (
    ACCOUNT_ID,
    API_ROLE,
    CONNECTOR_ROLE,
    Answer,
    Network,
    answering,
    make_network,
    make_roles,
    policy,
    query_error,
    statement,
)

BUCKET = "user-sandbox-bucket"
ROLE = f"arn:aws:iam::{ACCOUNT_ID}:role"
CONNECT = "kafkaconnect.amazonaws.com"
INSTANCE = "i-0123456789abcdef0"
TAGS = [
    {"Key": "pinterest:resource-id", "Value": "sandbox"},
    {"Key": "pinterest:created-by", "Value": "airflow"},
]
COMMANDS = re.compile(r"^\s*(aws .*)$", re.MULTILINE)


@pytest.fixture
def prepared(configured: Any, msk: FakeMsk) -> None:
    """The account is as both paths need it, but for the bucket, and without a network: moto's is slow."""
    msk.cluster["BrokerNodeGroupInfo"]["ClientSubnets"] = []
    make_roles(connections.aws_client("iam"))
    configured(KINESIS_API_ROLE_ARN=f"{ROLE}/{API_ROLE}")


@pytest.fixture
def network(prepared: None, msk: FakeMsk) -> Network:
    """The cluster's."""
    made = make_network(connections.aws_client("ec2"))
    msk.cluster["BrokerNodeGroupInfo"]["ClientSubnets"] = [made.subnet]
    return made


@pytest.fixture
def instead(account: None, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Let a service answer as told."""
    with ExitStack() as stack:

        def use(service: str, answer: Callable[[str, str], Answer]) -> None:
            url = stack.enter_context(answering(answer))
            monkeypatch.setenv(f"AWS_ENDPOINT_URL_{service}", url)

        yield use


@pytest.fixture
def versioned(real_s3: Any, prepared: None) -> Any:
    """The bucket is there too."""
    real_s3.create_bucket(Bucket=BUCKET)
    real_s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
    return real_s3


def look(path: str = "batch") -> dict[str, dict[str, Any]]:
    """The rows that the task returns, by name."""
    check = (tasks if path == "batch" else stream_tasks).check_prerequisites
    return {row["name"]: row for row in check.function()}


def refused(path: str = "batch") -> tuple[str, dict[str, Any]]:
    """The error of a path that lacks one thing, and that thing's row."""
    with pytest.raises(PrerequisitesMissing) as caught:
        look(path)
    (finding,) = caught.value.findings
    return str(caught.value), finding.document()


def aws(command: str, client: Any) -> None:
    """Run a command that a remedy has, with its options as the AWS command line takes them."""
    _, _, operation, *options = shlex.split(command)
    given = dict(zip(options[::2], options[1::2], strict=True))
    arguments = {
        "".join(part.title() for part in option.removeprefix("--").split("-")): value
        for option, value in given.items()
    }
    if "VersioningConfiguration" in arguments:
        arguments["VersioningConfiguration"] = dict([arguments["VersioningConfiguration"].split("=")])
    getattr(client, operation.replace("-", "_"))(**arguments)


@pytest.mark.usefixtures("versioned")
def test_all_is_there(network: Network, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        rows = look()
    assert {name: (row["required"], row["status"]) for name, row in rows.items()} == {
        "settings": (True, "there"),
        "AWS account": (True, "there"),
        "MSK cluster": (True, "there"),
        "role of the connector": (True, "there"),
        "bucket": (True, "there"),
        "S3 endpoint": (False, "there"),
    }
    assert rows["S3 endpoint"]["found"] == f"{network.endpoint} in {network.vpc}"
    # XCom takes it.
    assert json.loads(json.dumps(list(rows.values()))) == list(rows.values())
    lines = [record.getMessage() for record in caplog.records]
    (head,) = [line for line in lines if line.startswith("STATUS")]
    (endpoint,) = [line for line in lines if "S3 endpoint" in line]
    assert endpoint.index("S3 endpoint") == head.index("WHAT")
    assert len([line for line in lines if line.startswith("there ")]) == len(rows)


@pytest.mark.usefixtures("versioned")
def test_the_stream_path_looks_at_its_own_role() -> None:
    assert {name: row["status"] for name, row in look("stream").items()} == {
        "settings": "there",
        "AWS account": "there",
        "role of the API": "there",
        "bucket": "there",
    }


def test_every_setting_that_is_missing_is_named_and_the_rest_is_looked_at(
    configured: Any, versioned: Any, msk: FakeMsk
) -> None:
    msk.cluster["State"] = "FAILED"
    configured(REST_PROXY_ADDRESS="", CONNECTOR_PLUGIN_SOURCE="")
    with pytest.raises(PrerequisitesMissing) as caught:
        look()
    rows = {finding.name: finding for finding in caught.value.findings}
    assert list(rows) == ["settings", "MSK cluster"]
    assert rows["settings"].found == (
        "not set: PINTEREST_REST_PROXY_ADDRESS, PINTEREST_CONNECTOR_PLUGIN_SOURCE"
    )
    configured(KINESIS_API_ROLE_ARN="")
    assert refused("stream")[1]["found"] == "not set: PINTEREST_KINESIS_API_ROLE_ARN"


# -- cluster


@pytest.mark.usefixtures("versioned")
@pytest.mark.parametrize(
    ("state", "remedy"),
    [("CREATING", "wait until"), ("UPDATING", "wait until"), ("FAILED", "make a new cluster")],
)
def test_a_cluster_that_is_not_active(msk: FakeMsk, state: str, remedy: str) -> None:
    msk.cluster |= {"State": state, "StateInfo": {"Code": "LowDisk", "Message": "no room"}}
    message, row = refused()
    assert row["status"] == "wrong"
    assert f"demo is {state}, not ACTIVE (LowDisk: no room)" in message
    assert row["remedy"].startswith(remedy)


@pytest.mark.usefixtures("versioned")
def test_a_serverless_cluster(msk: FakeMsk) -> None:
    msk.cluster["ClusterType"] = "SERVERLESS"
    assert "demo is SERVERLESS" in refused()[0]


@pytest.mark.usefixtures("versioned")
@pytest.mark.parametrize(
    ("arn", "status", "found"),
    [
        (f"{CLUSTER_ARN}9", "missing", "there is no cluster"),
        (
            CLUSTER_ARN.replace("us-east-1", "eu-west-1"),
            "wrong",
            "is in eu-west-1, the connection aws_default",
        ),
    ],
)
def test_a_cluster_that_is_not_there(configured: Any, arn: str, status: str, found: str) -> None:
    configured(MSK_CLUSTER_ARN=arn)
    message, row = refused()
    assert (row["name"], row["status"]) == ("MSK cluster", status)
    assert found in message
    assert "PINTEREST_MSK_CLUSTER_ARN" in row["remedy"]


# -- way to S3


@pytest.mark.usefixtures("versioned")
def test_a_vpc_without_an_endpoint_is_a_warning(network: Network, caplog: pytest.LogCaptureFixture) -> None:
    connections.aws_client("ec2").delete_vpc_endpoints(VpcEndpointIds=[network.endpoint])
    row = look()["S3 endpoint"]
    assert (row["status"], row["required"]) == ("missing", False)
    assert row["found"] == f"{network.vpc} has no endpoint for S3"
    (command,) = COMMANDS.findall(row["remedy"])
    assert f"--vpc-id {network.vpc} --service-name com.amazonaws.us-east-1.s3" in command
    warned = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
    assert any(line.startswith("S3 endpoint (optional, missing)") for line in warned)


@pytest.mark.usefixtures("versioned")
def test_an_endpoint_that_no_route_leads_to(network: Network) -> None:
    ec2 = connections.aws_client("ec2")
    (found,) = ec2.describe_vpc_endpoints(VpcEndpointIds=[network.endpoint])["VpcEndpoints"]
    ec2.modify_vpc_endpoint(VpcEndpointId=network.endpoint, RemoveRouteTableIds=found["RouteTableIds"])
    row = look()["S3 endpoint"]
    assert (row["status"], row["required"]) == ("wrong", False)
    assert "is bound to no route table" in row["found"]


@pytest.mark.usefixtures("versioned")
def test_without_a_cluster_nobody_knows_its_vpc() -> None:
    row = look()["S3 endpoint"]
    assert (row["status"], row["required"]) == ("unknown", False)


# -- roles


def trust(document: dict[str, Any], name: str = CONNECTOR_ROLE) -> None:
    connections.aws_client("iam").update_assume_role_policy(
        RoleName=name, PolicyDocument=json.dumps(document)
    )


@pytest.mark.usefixtures("versioned")
@pytest.mark.parametrize(
    ("path", "name", "service"),
    [("batch", CONNECTOR_ROLE, CONNECT), ("stream", API_ROLE, "apigateway.amazonaws.com")],
)
def test_a_role_that_its_service_may_not_assume(path: str, name: str, service: str) -> None:
    other = statement({"Service": "lambda.amazonaws.com"}, Sid="Lambda")
    trust(policy(other), name)
    message, row = refused(path)
    assert f"{ROLE}/{name} is not trusted to {service}: trusted are lambda.amazonaws.com" in message
    # The document stands there to be read, the command to be run; both keep what others need.
    start = row["remedy"].index("{")
    document, _ = json.JSONDecoder().raw_decode(row["remedy"][start:])
    assert document["Statement"][0] == other
    assert document["Statement"][1]["Principal"] == {"Service": service}
    (command,) = COMMANDS.findall(row["remedy"])
    assert command.startswith(f"aws iam update-assume-role-policy --role-name {name} --policy-document ")
    iam = connections.aws_client("iam")
    aws(command, iam)
    assert iam.get_role(RoleName=name)["Role"]["AssumeRolePolicyDocument"] == document
    assert look(path)[row["name"]]["status"] == "there"


@pytest.mark.usefixtures("versioned")
def test_a_role_that_is_not_there(configured: Any) -> None:
    configured(CONNECTOR_ROLE_ARN=f"{ROLE}/team/other")
    message, row = refused()
    assert (row["status"], f"there is no role {ROLE}/team/other" in message) == ("missing", True)
    (command,) = COMMANDS.findall(row["remedy"])
    aws(command, connections.aws_client("iam"))
    assert look()["role of the connector"]["status"] == "there"


@pytest.mark.usefixtures("versioned")
def test_a_role_of_another_account_names_setting_and_remedy(configured: Any) -> None:
    # A role of the same name in this account does not make it right.
    configured(CONNECTOR_ROLE_ARN=f"arn:aws:iam::999999999999:role/{CONNECTOR_ROLE}")
    message, row = refused()
    assert "PINTEREST_CONNECTOR_ROLE_ARN names a role of account 999999999999" in message
    assert f"aws_default is of account {ACCOUNT_ID}" in message
    assert row["remedy"].startswith(f"set PINTEREST_CONNECTOR_ROLE_ARN to a role of account {ACCOUNT_ID}")


@pytest.mark.usefixtures("versioned")
def test_a_role_with_another_path(configured: Any) -> None:
    configured(CONNECTOR_ROLE_ARN=f"{ROLE}/team/{CONNECTOR_ROLE}")
    _, row = refused()
    assert row["remedy"] == f"set PINTEREST_CONNECTOR_ROLE_ARN to {ROLE}/{CONNECTOR_ROLE}."


# -- bucket


@pytest.mark.usefixtures("prepared")
def test_a_bucket_that_is_not_there_is_made(real_s3: Any) -> None:
    row = look()["bucket"]
    assert (row["status"], row["found"]) == (
        "to be created",
        f"{BUCKET} is not there; provisioning makes it, versioned",
    )
    assert real_s3.list_buckets()["Buckets"] == []


@pytest.mark.parametrize("status", ["", "Suspended"])
def test_a_bucket_that_is_not_versioned(versioned: Any, status: str) -> None:
    if status:
        versioned.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": status})
    else:
        versioned.delete_bucket(Bucket=BUCKET)
        versioned.create_bucket(Bucket=BUCKET)
    _, row = refused()
    assert (row["name"], row["status"]) == ("bucket", "wrong")
    (command,) = COMMANDS.findall(row["remedy"])
    aws(command, versioned)
    assert look()["bucket"]["status"] == "there"


@pytest.mark.usefixtures("prepared")
def test_a_bucket_that_a_run_has_left_half_made_is_no_obstacle(real_s3: Any) -> None:
    real_s3.create_bucket(Bucket=BUCKET)
    real_s3.put_bucket_tagging(Bucket=BUCKET, Tagging={"TagSet": TAGS})
    assert look()["bucket"]["status"] == "to be created"
    created = {"kind": "bucket", "name": BUCKET, "state": "created"}
    record = json.dumps({"version": 1, "resources": [created]})
    real_s3.put_object(Bucket=BUCKET, Key="_state/resources.json", Body=record)
    # From now on it is whole, and what is done to it is somebody's will.
    assert refused()[1]["status"] == "wrong"


@pytest.mark.usefixtures("prepared")
def test_a_bucket_of_somebody_else(instead: Any) -> None:
    instead("S3", lambda path, body: (403, "application/xml", ""))
    message, row = refused()
    assert f"S3 forbids a look at {BUCKET}" in message
    assert "PINTEREST_USER_ID" in row["remedy"]


@pytest.mark.usefixtures("prepared")
def test_a_bucket_in_another_region() -> None:
    elsewhere = connections.aws_client("s3").create_bucket
    elsewhere(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    assert f"{BUCKET} lies in eu-west-1, the connection aws_default is of us-east-1" in refused()[0]


# -- EC2 client


def instances(*found: dict[str, Any]) -> Callable[[str, str], Answer]:
    def answer(path: str, body: str) -> Answer:
        assert json.loads(body)["Filters"] == [{"Key": "InstanceIds", "Values": [INSTANCE]}]
        return 200, "application/x-amz-json-1.1", json.dumps({"InstanceInformationList": list(found)})

    return answer


@pytest.mark.usefixtures("versioned")
@pytest.mark.parametrize(
    ("found", "status", "text"),
    [
        ([], "missing", f"Systems Manager does not manage {INSTANCE}"),
        (
            [{"InstanceId": INSTANCE, "PingStatus": "ConnectionLost"}],
            "wrong",
            "is ConnectionLost, not Online",
        ),
    ],
)
def test_an_ec2_client_that_systems_manager_does_not_reach(
    configured: Any, instead: Any, found: list[dict[str, Any]], status: str, text: str
) -> None:
    instead("SSM", instances(*found))
    configured(CLIENT_INSTANCE_ID=INSTANCE)
    message, row = refused()
    assert (row["name"], row["status"]) == ("EC2 Kafka client", status)
    assert text in message


@pytest.mark.usefixtures("versioned")
def test_an_ec2_client_that_is_online(configured: Any, instead: Any) -> None:
    instead("SSM", instances({"InstanceId": INSTANCE, "PingStatus": "Online"}))
    configured(CLIENT_INSTANCE_ID=INSTANCE)
    assert look()["EC2 Kafka client"]["status"] == "there"


# -- credentials, permissions, silence


@pytest.mark.usefixtures("versioned")
@pytest.mark.parametrize("code", ["ExpiredToken", "InvalidClientTokenId"])
def test_refused_credentials_are_told_before_anything_is_looked_at(
    instead: Any, msk: FakeMsk, caplog: pytest.LogCaptureFixture, code: str
) -> None:
    instead("STS", lambda path, body: query_error(403, code, "The security token is not valid"))
    with caplog.at_level(logging.INFO), pytest.raises(CredentialsRefused) as caught:
        look()
    message = str(caught.value)
    assert "credentials of the connection aws_default" in message
    assert f"{code}: The security token is not valid" in message
    assert "renew the keys" in message
    assert msk.requests == []
    assert not any("STATUS" in record.getMessage() for record in caplog.records)


@pytest.mark.usefixtures("versioned")
def test_a_permission_that_lacks_is_named(instead: Any) -> None:
    instead("IAM", lambda path, body: query_error(403, "AccessDenied", "not authorized"))
    with pytest.raises(PrerequisitesUnknown) as caught:
        look()
    (finding,) = caught.value.findings
    assert (finding.name, finding.status) == ("role of the connector", "unknown")
    assert finding.remedy.startswith("allow iam:GetRole")


@pytest.mark.usefixtures("versioned")
def test_a_service_that_does_not_answer_hides_nothing_else(
    instead: Any, msk: FakeMsk, monkeypatch: pytest.MonkeyPatch
) -> None:
    over = threading.Event()

    def hang(path: str, body: str) -> Answer:
        over.wait(60)
        return query_error(500, "Late", "late")

    instead("IAM", hang)
    monkeypatch.setattr(clients, "READ_SECONDS", 3)
    monkeypatch.setattr(clients, "ATTEMPTS", 1)
    msk.cluster["State"] = "FAILED"
    try:
        with pytest.raises(PrerequisitesMissing) as caught:
            look()
    finally:
        over.set()
    found = {finding.name: finding for finding in caught.value.findings}
    assert {name: each.status for name, each in found.items()} == {
        "MSK cluster": "wrong",
        "role of the connector": "unknown",
    }
    assert "no answer in time" in found["role of the connector"].found


@pytest.mark.usefixtures("versioned")
def test_connections_are_looked_up_one_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Threads that ask `airflow dags test` at once are given each other's answers."""
    find, asking, together = BaseHook.get_connection, threading.Lock(), threading.Event()

    def get_connection(cls: Any, conn_id: str) -> Any:
        if not asking.acquire(blocking=False):
            together.set()
            return find(conn_id)
        try:
            # Long enough for another thread to ask, if it may.
            together.wait(0.05)
            return find(conn_id)
        finally:
            asking.release()

    monkeypatch.setattr(BaseHook, "get_connection", classmethod(get_connection))
    assert look()["MSK cluster"]["status"] == "there"
    assert not together.is_set()
