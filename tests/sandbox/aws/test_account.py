"""What a customer's account has when the sandbox is up."""

from __future__ import annotations

import json
from typing import Any

import pytest
import requests
from confluent_kafka.admin import AdminClient

from pinterest_sandbox.aws.clients import aws_client
from tests.running_sandbox import RunningSandbox


@pytest.fixture(scope="module")
def cluster_arn(sandbox: RunningSandbox) -> str:
    return sandbox.environment["PINTEREST_MSK_CLUSTER_ARN"]


@pytest.fixture(scope="module")
def kafka(sandbox: RunningSandbox) -> Any:
    return aws_client("kafka", sandbox.url("msk"))


def test_cluster_describes_what_is_there(kafka: Any, cluster_arn: str) -> None:
    found = kafka.describe_cluster(ClusterArn=cluster_arn)["ClusterInfo"]

    assert found["State"] == "ACTIVE"
    assert found["NumberOfBrokerNodes"] == 1
    assert found["BrokerNodeGroupInfo"]["ClientSubnets"]
    assert found["BrokerNodeGroupInfo"]["SecurityGroups"]
    assert found["ClientAuthentication"]["Unauthenticated"]["Enabled"] is True
    assert found["EncryptionInfo"]["EncryptionInTransit"]["ClientBroker"] == "PLAINTEXT"


def test_bootstrap_brokers_answer(kafka: Any, cluster_arn: str, sandbox: RunningSandbox) -> None:
    address = kafka.get_bootstrap_brokers(ClusterArn=cluster_arn)["BootstrapBrokerString"]

    assert address == sandbox.address("kafka")
    assert len(AdminClient({"bootstrap.servers": address}).list_topics(timeout=10).brokers) == 1


def test_plugin_source_is_in_the_bucket_it_names(sandbox: RunningSandbox) -> None:
    source = sandbox.environment["PINTEREST_CONNECTOR_PLUGIN_SOURCE"]
    bucket, _, key = source.removeprefix("s3://").partition("/")

    head = aws_client("s3", sandbox.url("moto")).get_object(Bucket=bucket, Key=key)["Body"].read(4)

    assert head == b"PK\x03\x04"


def test_bucket_is_versioned(sandbox: RunningSandbox) -> None:
    s3 = aws_client("s3", sandbox.url("moto"))

    assert s3.get_bucket_versioning(Bucket=sandbox.bucket)["Status"] == "Enabled"


@pytest.mark.parametrize("connection", ["databricks_default", "kafka_default", "pinterest_source"])
def test_connections_are_kept_as_secrets(sandbox: RunningSandbox, connection: str) -> None:
    secrets = aws_client("secretsmanager", sandbox.url("moto"))

    stored = secrets.get_secret_value(SecretId=f"airflow/connections/{connection}")["SecretString"]

    assert json.loads(stored)["conn_type"] in ("databricks", "kafka", "mysql")


def test_roles_and_topic_exist(sandbox: RunningSandbox) -> None:
    iam, sns = (aws_client(name, sandbox.url("moto")) for name in ("iam", "sns"))

    for name in ("PINTEREST_CONNECTOR_ROLE_ARN", "PINTEREST_KINESIS_API_ROLE_ARN"):
        arn = sandbox.environment[name]
        assert iam.get_role(RoleName=arn.rpartition("/")[2])["Role"]["Arn"] == arn
    (topic,) = sns.list_topics()["Topics"]
    assert topic["TopicArn"].rpartition(":")[2] == "pinterest-alerts"


def test_the_cluster_has_a_way_to_s3(kafka: Any, cluster_arn: str, sandbox: RunningSandbox) -> None:
    found = kafka.describe_cluster_v2(ClusterArn=cluster_arn)["ClusterInfo"]
    assert (found["State"], found["ClusterType"]) == ("ACTIVE", "PROVISIONED")
    ec2 = aws_client("ec2", sandbox.url("moto"))
    subnets = found["Provisioned"]["BrokerNodeGroupInfo"]["ClientSubnets"]
    (vpc,) = {each["VpcId"] for each in ec2.describe_subnets(SubnetIds=subnets)["Subnets"]}
    pages = ec2.describe_vpc_endpoints(Filters=[{"Name": "vpc-id", "Values": [vpc]}])
    (endpoint,) = pages["VpcEndpoints"]
    assert endpoint["ServiceName"] == "com.amazonaws.us-east-1.s3"
    assert endpoint["State"].lower() == "available"
    assert endpoint["RouteTableIds"]


def test_the_caller_and_the_roles_are_of_one_account(sandbox: RunningSandbox) -> None:
    caller = aws_client("sts", sandbox.url("moto")).get_caller_identity()

    for name in ("PINTEREST_CONNECTOR_ROLE_ARN", "PINTEREST_KINESIS_API_ROLE_ARN"):
        assert sandbox.environment[name].split(":")[4] == caller["Account"]


def test_compute_and_warehouse_of_the_settings_are_there(sandbox: RunningSandbox) -> None:
    compute = json.loads(sandbox.environment["PINTEREST_DATABRICKS_COMPUTE"])
    warehouse = sandbox.environment["PINTEREST_DATABRICKS_WAREHOUSE_ID"]
    asked = {
        "2.1/clusters/get": {"cluster_id": compute["existing_cluster_id"]},
        f"2.0/sql/warehouses/{warehouse}": {},
    }

    for path, query in asked.items():
        answer = requests.get(
            f"{sandbox.environment['DATABRICKS_HOST']}/api/{path}",
            params=query,
            headers={"Authorization": f"Bearer {sandbox.environment['DATABRICKS_TOKEN']}"},
            timeout=30,
        )
        assert (answer.status_code, answer.json()["state"]) == (200, "RUNNING")
