"""The actions that ``docs/mwaa.md`` lists for the environment's role, and the calls that the tasks make."""

from __future__ import annotations

import re
from typing import NamedTuple

import pytest

from tests.integrity.mwaa.conftest import Mwaa
from tests.unit.pinterest_pipeline.airflow_home import CHECKOUT

#: Where operations of S3 have actions of another name, as AWS's service authorization reference has them.
S3_ACTIONS = {
    "HeadBucket": {"s3:ListBucket"},
    "ListObjectsV2": {"s3:ListBucket"},
    # With tags in the request.
    "CreateBucket": {"s3:CreateBucket", "s3:TagResource"},
    "PutPublicAccessBlock": {"s3:PutBucketPublicAccessBlock"},
    # S3 answers 403 in place of 404 to who may not list the bucket.
    "HeadObject": {"s3:GetObject", "s3:ListBucket"},
    "CopyObject": {"s3:GetObject", "s3:PutObject"},
}
#: Operations that create with tags.
TAGGING = {
    ("kinesis", "CreateStream"): {"kinesis:AddTagsToStream"},
    ("kafkaconnect", "CreateCustomPlugin"): {"kafkaconnect:TagResource"},
    ("kafkaconnect", "CreateWorkerConfiguration"): {"kafkaconnect:TagResource"},
    ("kafkaconnect", "CreateConnector"): {"kafkaconnect:TagResource"},
    ("secretsmanager", "CreateSecret"): {"secretsmanager:TagResource"},
}
#: Calls that a first run without trouble does not make.
OTHERS = [
    ["s3", "GetBucketTagging", "GET", "/{Bucket}?tagging"],
    ["s3", "AbortMultipartUpload", "DELETE", "/{Bucket}/{Key+}"],
    ["secretsmanager", "PutSecretValue", "POST", "/"],
    ["apigateway", "UpdateStage", "PATCH", "/restapis/{restapi_id}/stages/{stage_name}"],
    ["apigateway", "UpdateUsagePlan", "PATCH", "/usageplans/{usageplanId}"],
    ["sns", "Publish", "POST", "/"],
    ["kinesis", "IncreaseStreamRetentionPeriod", "POST", "/"],
    ["kinesis", "DecreaseStreamRetentionPeriod", "POST", "/"],
]
#: What services ask for beyond the call: CreateConnector, and CopyObject when the object has tags.
DEPENDENT = {
    "iam:PassRole",
    "iam:CreateServiceLinkedRole",
    "iam:AttachRolePolicy",
    "iam:PutRolePolicy",
    "ec2:CreateNetworkInterface",
    "ec2:DescribeSecurityGroups",
    "ec2:DescribeSubnets",
    "ec2:DescribeVpcs",
    "s3:GetObjectTagging",
    "s3:PutObjectTagging",
}


class Row(NamedTuple):
    """A row of the table: its actions, and on what."""

    actions: set[str]
    on: str


@pytest.fixture(scope="module")
def rows() -> list[Row]:
    page = (CHECKOUT / "docs" / "mwaa.md").read_text()
    section = page.partition("## What the role may do\n")[2].partition("\n## ")[0]
    cells = [line.strip("|").split("|") for line in section.splitlines() if line.startswith("|")]
    return [Row(set(re.findall(r"`([a-z0-9-]+:\w+)`", actions)), on) for _, actions, on in cells[2:]]


def actions_of(service: str, operation: str, method: str) -> set[str]:
    if service == "apigateway":
        return {f"apigateway:{method}"}
    own = {f"{service}:{operation}"}
    found = S3_ACTIONS.get(operation, own) if service == "s3" else own
    return found | TAGGING.get((service, operation), set())


def test_the_role_may_do_what_the_tasks_do_and_nothing_else(mwaa: Mwaa, rows: list[Row]) -> None:
    calls = [*mwaa.report["aws_calls"], *OTHERS]
    needed = set().union(*(actions_of(service, name, method) for service, name, method, _ in calls))
    listed = set().union(*(row.actions for row in rows))
    of_brokers = {action for action in listed if action.startswith("kafka-cluster:")}
    assert listed - of_brokers == needed | DEPENDENT
    readme = (CHECKOUT / "plugins" / "cloud_operators" / "kafka" / "README.md").read_text()
    permissions = readme.partition("## Permissions on MSK with IAM")[2]
    named = {word for word in re.findall(r"`(?:kafka-cluster:)?([A-Z]\w+)`", permissions)}
    assert of_brokers == {f"kafka-cluster:{name}" for name in named}


def test_every_path_of_api_gateway_is_in_a_row_with_its_method(mwaa: Mwaa, rows: list[Row]) -> None:
    calls = [call for call in [*mwaa.report["aws_calls"], *OTHERS] if call[0] == "apigateway"]
    assert {path.split("/")[1] for *_, path in calls} == {"restapis", "apikeys", "usageplans"}
    for _, operation, method, path in calls:
        folder = path.split("/")[1]
        wanted = f"::/{folder}/*`" if path.count("/") > 1 else f"::/{folder}`"
        assert any(f"apigateway:{method}" in row.actions and wanted in row.on for row in rows), operation
