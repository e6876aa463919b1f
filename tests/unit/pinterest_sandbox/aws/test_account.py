"""The account before the pipeline is provisioned."""

from __future__ import annotations

import json
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from pinterest_sandbox.aws.account import Account, prepare_account
from pinterest_sandbox.aws.clients import aws_client
from pinterest_sandbox.aws.service import services
from pinterest_sandbox.config import PORTS, Config


@pytest.fixture
def config(moto_url: str, tmp_path: Path) -> Config:
    port = urlsplit(moto_url).port
    assert port is not None
    return Config(
        home=tmp_path,
        user_id="accounted",
        ports={**PORTS, "moto": port},
        source_password="p",
        databricks_token="t",
        control_password="c",
    )


def prepare(config: Config, text: str = "{}") -> Account:
    sink = config.home / "sink.zip"
    sink.write_bytes(b"the sink")
    return prepare_account(config, sink_zip=sink, connections={"kafka_default": text})


def test_everything_is_there(config: Config, moto_url: str) -> None:
    account = prepare(config, '{"conn_type": "kafka"}')

    s3 = aws_client("s3", moto_url)
    assert account.bucket == "user-accounted-bucket"
    assert s3.get_bucket_versioning(Bucket=account.bucket)["Status"] == "Enabled"
    bucket, _, key = account.plugin_source.removeprefix("s3://").partition("/")
    assert s3.get_object(Bucket=bucket, Key=key)["Body"].read() == b"the sink"
    assert aws_client("sns", moto_url).get_topic_attributes(TopicArn=account.alert_topic_arn)
    groups = aws_client("logs", moto_url).describe_log_groups(logGroupNamePrefix="/msk-connect/accounted")
    assert [group["logGroupName"] for group in groups["logGroups"]] == ["/msk-connect/accounted-connector"]
    cluster = aws_client("kafka", moto_url).describe_cluster(ClusterArn=account.cluster_arn)["ClusterInfo"]
    assert cluster["ClientAuthentication"] == {"Unauthenticated": {"Enabled": True}}
    secrets = aws_client("secretsmanager", moto_url)
    stored = secrets.get_secret_value(SecretId="airflow/connections/kafka_default")["SecretString"]
    assert json.loads(stored) == {"conn_type": "kafka"}


def test_the_cluster_lies_in_a_vpc_with_a_way_to_s3(config: Config, moto_url: str) -> None:
    arn = prepare(config).cluster_arn

    cluster = aws_client("kafka", moto_url).describe_cluster_v2(ClusterArn=arn)["ClusterInfo"]
    place = cluster["Provisioned"]["BrokerNodeGroupInfo"]
    ec2 = aws_client("ec2", moto_url)
    (subnet,) = ec2.describe_subnets(SubnetIds=place["ClientSubnets"])["Subnets"]
    in_vpc = [{"Name": "vpc-id", "Values": [subnet["VpcId"]]}]
    (group,) = ec2.describe_security_groups(GroupIds=place["SecurityGroups"])["SecurityGroups"]
    assert group["VpcId"] == subnet["VpcId"]
    (endpoint,) = ec2.describe_vpc_endpoints(Filters=in_vpc)["VpcEndpoints"]
    assert (endpoint["ServiceName"], endpoint["VpcEndpointType"]) == (
        "com.amazonaws.us-east-1.s3",
        "Gateway",
    )
    tables = ec2.describe_route_tables(Filters=in_vpc)["RouteTables"]
    assert endpoint["RouteTableIds"] == [table["RouteTableId"] for table in tables] != []
    # A second time finds all of it.
    prepare(config)
    assert len(ec2.describe_vpc_endpoints()["VpcEndpoints"]) == 1
    assert len(ec2.describe_subnets(Filters=in_vpc)["Subnets"]) == 1


@pytest.mark.parametrize(
    ("field", "principal"),
    [("connector_role_arn", "kafkaconnect.amazonaws.com"), ("api_role_arn", "apigateway.amazonaws.com")],
)
def test_roles_are_trusted_by_their_service(
    config: Config, moto_url: str, field: str, principal: str
) -> None:
    arn = getattr(prepare(config), field)

    role = aws_client("iam", moto_url).get_role(RoleName=arn.rpartition("/")[2])["Role"]
    [statement] = role["AssumeRolePolicyDocument"]["Statement"]
    assert arn.startswith("arn:aws:iam::123456789012:role/")
    assert statement["Principal"] == {"Service": principal}


def test_a_second_time_changes_nothing_but_connections(config: Config, moto_url: str) -> None:
    first = prepare(config)
    second = prepare(config, '{"conn_type": "changed"}')

    assert first == second
    stored = aws_client("secretsmanager", moto_url).get_secret_value(
        SecretId="airflow/connections/kafka_default"
    )
    assert stored["SecretString"] == '{"conn_type": "changed"}'


def test_services_are_named_and_ordered(config: Config) -> None:
    found = {service.name: service for service in services(config)}

    assert list(found) == ["moto", "msk", "msk-connect", "ssm"]
    assert found["msk-connect"].after == ("moto",)
