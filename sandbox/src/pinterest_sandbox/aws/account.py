"""What a customer's AWS account has before the pipeline is provisioned."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pinterest_sandbox.aws.clients import aws_client
from pinterest_sandbox.aws.network import Network, prepare_network
from pinterest_sandbox.config import ACCOUNT, Config

ARTIFACTS_BUCKET = "sandbox-artifacts"
SINK_KEY = "s3-sink.zip"
CLUSTER_NAME = "pinterest-msk-cluster"
CONNECTOR_ROLE = "pinterest-msk-connect-access-role"
API_ROLE = "pinterest-kinesis-access-role"
ALERT_TOPIC = "pinterest-alerts"
CONNECTIONS_PREFIX = "airflow/connections/"


@dataclass(frozen=True, kw_only=True)
class Account:
    """Identifiers of what is there.

    :param bucket: the pipeline's bucket.
    :param artifacts_bucket: a bucket of the customer's own files.
    :param plugin_source: S3 URI of the sink's zip.
    :param plugin_sha256: its hash.
    :param cluster_arn: of the MSK cluster.
    :param connector_role_arn: the role that connectors run with.
    :param api_role_arn: the role that the API calls Kinesis with.
    :param alert_topic_arn: the SNS topic for alerts.
    """

    bucket: str
    artifacts_bucket: str
    plugin_source: str
    plugin_sha256: str
    cluster_arn: str
    connector_role_arn: str
    api_role_arn: str
    alert_topic_arn: str


def prepare_account(config: Config, *, sink_zip: Path, connections: Mapping[str, str]) -> Account:
    """Make what is missing; harmless when all is there.

    :param config: the sandbox; its moto must answer.
    :param sink_zip: the S3 sink's plugin file.
    :param connections: Airflow connections, id to JSON text, kept in Secrets Manager.
    """
    moto = config.url("moto")
    s3 = aws_client("s3", moto)
    _bucket(s3, config.bucket)
    _bucket(s3, ARTIFACTS_BUCKET)
    s3.put_object(Bucket=ARTIFACTS_BUCKET, Key=SINK_KEY, Body=sink_zip.read_bytes())
    iam = aws_client("iam", moto)
    connector_role = _role(
        iam, CONNECTOR_ROLE, "kafkaconnect.amazonaws.com", _connector_policy(config.bucket)
    )
    api_role = _role(iam, API_ROLE, "apigateway.amazonaws.com", _api_policy(config.user_id))
    _log_group(aws_client("logs", moto), config.connector_log_group)
    secrets = aws_client("secretsmanager", moto)
    for connection_id, text in connections.items():
        _secret(secrets, CONNECTIONS_PREFIX + connection_id, text)
    return Account(
        bucket=config.bucket,
        artifacts_bucket=ARTIFACTS_BUCKET,
        plugin_source=f"s3://{ARTIFACTS_BUCKET}/{SINK_KEY}",
        plugin_sha256=hashlib.sha256(sink_zip.read_bytes()).hexdigest(),
        cluster_arn=_cluster(aws_client("kafka", moto), prepare_network(aws_client("ec2", moto))),
        connector_role_arn=connector_role,
        api_role_arn=api_role,
        alert_topic_arn=aws_client("sns", moto).create_topic(Name=ALERT_TOPIC)["TopicArn"],
    )


def _bucket(s3: Any, name: str) -> None:
    # us-east-1 answers 200 to the owner who makes a bucket again.
    s3.create_bucket(Bucket=name)
    s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})


def _log_group(logs: Any, name: str) -> None:
    try:
        logs.create_log_group(logGroupName=name)
    except logs.exceptions.ResourceAlreadyExistsException:
        return


def _cluster(kafka: Any, network: Network) -> str:
    """A cluster as the sandbox's broker is: one plaintext broker without authentication."""
    found = kafka.list_clusters(ClusterNameFilter=CLUSTER_NAME)["ClusterInfoList"]
    for cluster in found:
        if cluster["ClusterName"] == CLUSTER_NAME:
            return str(cluster["ClusterArn"])
    made = kafka.create_cluster(
        ClusterName=CLUSTER_NAME,
        KafkaVersion="3.7.x.kraft",
        NumberOfBrokerNodes=1,
        BrokerNodeGroupInfo={
            "InstanceType": "kafka.m7g.large",
            # MSK spreads its brokers evenly over the subnets; there is one broker.
            "ClientSubnets": [network.subnet_id],
            "SecurityGroups": [network.security_group_id],
            "StorageInfo": {"EbsStorageInfo": {"VolumeSize": 100}},
        },
        ClientAuthentication={"Unauthenticated": {"Enabled": True}},
        EncryptionInfo={"EncryptionInTransit": {"ClientBroker": "PLAINTEXT", "InCluster": False}},
    )
    return str(made["ClusterArn"])


def _role(iam: Any, name: str, principal: str, policy: dict[str, Any]) -> str:
    trust = {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Principal": {"Service": principal}, "Action": "sts:AssumeRole"}],
    }
    try:
        role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(trust))["Role"]
    except iam.exceptions.EntityAlreadyExistsException:
        role = iam.get_role(RoleName=name)["Role"]
    iam.put_role_policy(RoleName=name, PolicyName="pinterest", PolicyDocument=json.dumps(policy))
    return str(role["Arn"])


def _connector_policy(bucket: str) -> dict[str, Any]:
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Resource": f"arn:aws:s3:::{bucket}",
                "Action": ["s3:ListBucket", "s3:GetBucketLocation", "s3:ListBucketMultipartUploads"],
            },
            {
                "Effect": "Allow",
                "Resource": f"arn:aws:s3:::{bucket}/*",
                "Action": [
                    "s3:PutObject",
                    "s3:GetObject",
                    "s3:AbortMultipartUpload",
                    "s3:ListMultipartUploadParts",
                ],
            },
        ],
    }


def _api_policy(user_id: str) -> dict[str, Any]:
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Resource": f"arn:aws:kinesis:*:{ACCOUNT}:stream/streaming-{user_id}-*",
                "Action": [
                    "kinesis:CreateStream",
                    "kinesis:DeleteStream",
                    "kinesis:DescribeStream",
                    "kinesis:PutRecord",
                    "kinesis:PutRecords",
                ],
            },
            {"Effect": "Allow", "Resource": "*", "Action": ["kinesis:ListStreams"]},
        ],
    }


def _secret(secrets: Any, name: str, text: str) -> None:
    try:
        secrets.create_secret(Name=name, SecretString=text)
    except secrets.exceptions.ResourceExistsException:
        secrets.put_secret_value(SecretId=name, SecretString=text)
