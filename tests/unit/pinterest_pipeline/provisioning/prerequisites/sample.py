"""The findings of an account that lacks a little, as the documentation shows them."""

from __future__ import annotations

from typing import Any

from pinterest_pipeline.provisioning.prerequisites.client_instance import judge_instance
from pinterest_pipeline.provisioning.prerequisites.cluster import judge_cluster, judge_endpoints
from pinterest_pipeline.provisioning.prerequisites.databricks import judge_state
from pinterest_pipeline.provisioning.prerequisites.findings import Finding, Outcome, Status
from pinterest_pipeline.provisioning.prerequisites.pipeline_bucket import BucketReading, judge_bucket
from pinterest_pipeline.provisioning.prerequisites.roles import WantedRole, judge_role
from tests.unit.pinterest_pipeline.provisioning.customer_account import policy, statement

ACCOUNT, REGION, USER_ID = "123456789012", "eu-west-1", "12b287eedf6d"
CLUSTER = f"arn:aws:kafka:{REGION}:{ACCOUNT}:cluster/pinterest/8b1c8a6e-0000-4444-8888-000000000001-1"
INSTANCE = "i-0123456789abcdef0"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/pinterest-connector"


def sample() -> list[Finding]:
    """What the batch path finds."""
    wanted = WantedRole(setting="PINTEREST_CONNECTOR_ROLE_ARN", arn=ROLE, role="connector", user_id=USER_ID)
    cluster = {"ClusterName": "pinterest", "ClusterType": "PROVISIONED", "State": "ACTIVE"}
    role: dict[str, Any] = {
        "Arn": ROLE,
        "AssumeRolePolicyDocument": policy(statement({"Service": "ec2.amazonaws.com"})),
    }
    caller = f"arn:aws:sts::{ACCOUNT}:assumed-role/pinterest-airflow/AmazonMWAA-airflow"
    return [
        finding("settings", Outcome(status=Status.THERE, found="all 4 that are needed are set")),
        finding("AWS account", Outcome(status=Status.THERE, found=f"aws_default is {caller}")),
        finding("MSK cluster", judge_cluster(CLUSTER, REGION, cluster)),
        finding("role of the connector", judge_role(wanted, ACCOUNT, REGION, role)),
        finding("bucket", judge_bucket(f"user-{USER_ID}-bucket", REGION, BucketReading(exists=False))),
        finding("S3 endpoint", judge_endpoints("vpc-0a1b2c3d4e5f60718", REGION, []), required=False),
        finding("EC2 Kafka client", judge_instance(INSTANCE, {"PingStatus": "Online"})),
        finding(
            "Databricks warehouse",
            judge_state("warehouse 0123456789abcdef", "", {"state": "STOPPED"}),
            required=False,
        ),
    ]


def finding(name: str, outcome: Outcome, *, required: bool = True) -> Finding:
    return Finding(
        name=name, required=required, status=outcome.status, found=outcome.found, remedy=outcome.remedy
    )
