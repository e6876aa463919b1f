"""The documents under ``include/iam``: what IAM would refuse, and what no reviewer should look for."""

from __future__ import annotations

import functools
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import botocore.session
import pytest

from pinterest_pipeline.provisioning.iam_documents import (
    PLACEHOLDERS,
    POLICY_LIMIT,
    ROLES,
    TRUST_LIMIT,
    render,
    size,
)
from tests.integrity.iam import FOLDER, UNSCOPED, VALUES, listed, matches
from tests.unit.pinterest_pipeline.airflow_home import CHECKOUT

README = (FOLDER / "README.md").read_text(encoding="utf-8")
POLICIES = [policy for policies in ROLES.values() for policy in policies]
TRUSTS = [f"{role}-trust" for role in ROLES]
#: Prefix of actions to botocore's service.
SERVICES = {
    "airflow": "mwaa",
    "apigateway": "apigateway",
    "cloudwatch": "cloudwatch",
    "ec2": "ec2",
    "iam": "iam",
    "kafka": "kafka",
    "kafkaconnect": "kafkaconnect",
    "kinesis": "kinesis",
    "kms": "kms",
    "logs": "logs",
    "s3": "s3",
    "secretsmanager": "secretsmanager",
    "sns": "sns",
    "sqs": "sqs",
    "ssm": "ssm",
    "sts": "sts",
}
#: Actions that are no operations, each with the reason.
NO_OPERATIONS = {
    "apigateway:DELETE": "API Gateway's actions are HTTP methods",
    "apigateway:GET": "API Gateway's actions are HTTP methods",
    "apigateway:PATCH": "API Gateway's actions are HTTP methods",
    "apigateway:POST": "API Gateway's actions are HTTP methods",
    "apigateway:PUT": "API Gateway's actions are HTTP methods",
    "iam:PassRole": "asked for by services that are given a role; nobody calls it",
    "kafka-cluster:AlterGroup": "a broker asks for it: joining a group and committing its offsets",
    "kafka-cluster:AlterTopic": "a broker asks for it: CreatePartitions",
    "kafka-cluster:AlterTopicDynamicConfiguration": "a broker asks for it: IncrementalAlterConfigs",
    "kafka-cluster:Connect": "a broker asks for it: every connection",
    "kafka-cluster:CreateTopic": "a broker asks for it: CreateTopics",
    "kafka-cluster:DeleteTopic": "a broker asks for it: DeleteTopics",
    "kafka-cluster:DescribeCluster": "a broker asks for it: DescribeCluster of Kafka",
    "kafka-cluster:DescribeGroup": "a broker asks for it: OffsetFetch and FindCoordinator",
    "kafka-cluster:DescribeTopic": "a broker asks for it: Metadata and ListOffsets",
    "kafka-cluster:DescribeTopicDynamicConfiguration": "a broker asks for it: DescribeConfigs",
    "kafka-cluster:ReadData": "a broker asks for it: Fetch",
    "kafka-cluster:WriteData": "a broker asks for it: Produce",
    "kafka-cluster:WriteDataIdempotently": "a broker asks for it: InitProducerId",
    "kafkaconnect:RestartConnector": "newer than the pinned botocore, so that the request is signed here",
    "logs:CreateLogDelivery": "asked for by services that deliver logs; nobody calls it",
    "logs:GetLogDelivery": "asked for by services that deliver logs; nobody calls it",
    "logs:UpdateLogDelivery": "asked for by services that deliver logs; nobody calls it",
    "logs:DeleteLogDelivery": "asked for by services that deliver logs; nobody calls it",
    "logs:ListLogDeliveries": "asked for by services that deliver logs; nobody calls it",
    "s3:GetAccountPublicAccessBlock": "the operation GetPublicAccessBlock of S3 Control",
    "s3:DeleteObjectVersion": "the operations DeleteObject and DeleteObjects with a version",
    "s3:ListBucket": "the operations HeadBucket and ListObjectsV2",
    "s3:ListBucketVersions": "the operation ListObjectVersions",
    "s3:PutBucketPublicAccessBlock": "the operation PutPublicAccessBlock",
    "s3:TagResource": "asked for by CreateBucket with tags",
}
#: The longest names that AWS takes, but for role, topic and file, where they are longer than anybody's.
LONG = {
    "AWS_PARTITION": "aws-us-gov",
    "AWS_REGION": "ap-southeast-1",
    "AWS_ACCOUNT_ID": "123456789012",
    "USER_ID": "u" * 40,
    "CLUSTER_NAME": "c" * 64,
    "CONNECTOR_ROLE": "r" * 64,
    "KINESIS_API_ROLE": "r" * 64,
    "STATE_ROOT": "b" * 63 + "/" + "s" * 40,
    "PLUGIN_SOURCE": "b" * 63 + "/" + "k" * 100,
    "ALERT_TOPIC": "t" * 100,
    "ENVIRONMENT": "e" * 80,
    "ENVIRONMENT_BUCKET": "b" * 63,
}


def text_of(name: str) -> str:
    return (FOLDER / f"{name}.json").read_text(encoding="utf-8")


def document(name: str) -> dict[str, Any]:
    return render(text_of(name), VALUES)


@functools.cache
def operations(service: str) -> frozenset[str]:
    return frozenset(botocore.session.get_session().get_service_model(service).operation_names)


def actions() -> set[str]:
    return {
        action
        for name in (*POLICIES, *TRUSTS)
        for statement in document(name)["Statement"]
        for action in listed(statement["Action"])
    }


def test_every_role_has_its_policies_and_a_trust_policy_and_nothing_else_is_there() -> None:
    assert len(ROLES) == 5
    assert {file.name for file in FOLDER.iterdir()} == {
        "README.md",
        *(f"{name}.json" for name in (*POLICIES, *TRUSTS)),
    }


@pytest.mark.parametrize("name", [*POLICIES, *TRUSTS])
def test_it_is_a_policy(name: str) -> None:
    found = document(name)
    assert list(found) == ["Version", "Statement"]
    assert found["Version"] == "2012-10-17"
    sids = [statement["Sid"] for statement in found["Statement"]]
    assert len(set(sids)) == len(sids)
    for statement in found["Statement"]:
        sid = statement["Sid"]
        assert re.fullmatch(r"[A-Za-z0-9]+", sid), sid
        assert statement["Effect"] == "Allow", sid
        about = {"Principal"} if name in TRUSTS else statement.keys() & {"Resource", "NotResource"}
        assert statement.keys() - {"Condition"} == {"Sid", "Effect", "Action", *about}, sid
        assert len(about) == 1, sid
        chosen = listed(statement["Action"])
        assert len(set(chosen)) == len(chosen) > 0, sid


def test_sids_are_unique_for_a_role_too() -> None:
    for policies in ROLES.values():
        sids = [statement["Sid"] for name in policies for statement in document(name)["Statement"]]
        assert len(set(sids)) == len(sids)


@pytest.mark.parametrize("name", POLICIES)
def test_resources_are_arns_scoped_by_name(name: str) -> None:
    for statement in document(name)["Statement"]:
        chosen = set(listed(statement["Action"]))
        assert all(re.fullmatch(r"[a-z0-9-]+:[A-Z]\w+\*?", action) for action in chosen), statement["Sid"]
        if "NotResource" in statement:
            assert statement["Sid"] == "EnvironmentQueueKey"
            assert f"`{statement['Sid']}` has a `NotResource`" in README
            continue
        resources = listed(statement["Resource"])
        if resources == ["*"]:
            assert chosen <= UNSCOPED, statement["Sid"]
            continue
        assert not chosen & UNSCOPED, statement["Sid"]
        for resource in resources:
            parts = resource.split(":", 5)
            assert len(parts) == 6, resource
            assert re.fullmatch(r"arn:aws:[a-z0-9-]+", ":".join(parts[:3])), resource
            # Where the ARN has no name, the README explains it.
            scoped = re.search(r"sandbox|demo|pinterest|artifacts|airflow|/kafkaconnect\.|/i-0", parts[5])
            kind = parts[5].rpartition("/")[0] or parts[5]
            assert scoped or f"`{parts[2]}` `{kind}`" in README, resource


def test_every_action_on_everything_is_explained() -> None:
    on_everything = {
        action
        for name in POLICIES
        for statement in document(name)["Statement"]
        if statement.get("Resource") == "*"
        for action in listed(statement["Action"])
    }
    assert on_everything == UNSCOPED
    section = README.partition("## `*` as a resource\n")[2].partition("\n## ")[0]
    assert set(re.findall(r"`(\w[\w-]*:\w+)`", section)) == on_everything


def test_every_action_exists() -> None:
    unknown = set()
    for action in actions() - NO_OPERATIONS.keys():
        prefix, _, name = action.partition(":")
        if prefix not in SERVICES or not any(matches(name, each) for each in operations(SERVICES[prefix])):
            unknown.add(action)
    assert unknown == set()


def test_the_list_of_actions_that_are_no_operations_has_no_other_entries() -> None:
    assert NO_OPERATIONS.keys() <= actions()
    assert all(NO_OPERATIONS.values())
    for action in NO_OPERATIONS:
        prefix, _, name = action.partition(":")
        assert prefix not in SERVICES or name not in operations(SERVICES[prefix]), action
    assert {action.partition(":")[0] for action in actions()} == {*SERVICES, "kafka-cluster"}


@pytest.mark.parametrize("name", [*POLICIES, *TRUSTS])
def test_it_is_short_enough_with_long_names(name: str) -> None:
    assert 100 < size(render(text_of(name), LONG)) <= (TRUST_LIMIT if name in TRUSTS else POLICY_LIMIT)


def test_the_limits_are_those_of_iam() -> None:
    # https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
    assert (POLICY_LIMIT, TRUST_LIMIT) == (6144, 2048)


def test_the_trusts_name_their_service_and_only_it() -> None:
    trusted = {name: document(name)["Statement"] for name in TRUSTS}
    assert all(len(found) == 1 and found[0]["Action"] == "sts:AssumeRole" for found in trusted.values())
    assert {name: found[0]["Principal"] for name, found in trusted.items()} == {
        "mwaa-execution-trust": {"Service": ["airflow.amazonaws.com", "airflow-env.amazonaws.com"]},
        "connector-trust": {"Service": "kafkaconnect.amazonaws.com"},
        "kinesis-api-trust": {"Service": "apigateway.amazonaws.com"},
        "ec2-client-trust": {"Service": "ec2.amazonaws.com"},
        "databricks-trust": {"Service": "ec2.amazonaws.com"},
    }
    # The two services that say on whose behalf they assume a role.
    for name, source in {
        "mwaa-execution-trust": "arn:aws:airflow:us-east-1:123456789012:environment/pinterest",
        "connector-trust": "arn:aws:kafkaconnect:us-east-1:123456789012:connector/sandbox-connector/*",
    }.items():
        assert trusted[name][0]["Condition"] == {
            "StringEquals": {"aws:SourceAccount": "123456789012"},
            "ArnLike": {"aws:SourceArn": source},
        }


def test_a_role_is_passed_to_its_own_service_only() -> None:
    passed = {
        statement["Resource"]: statement["Condition"]
        for statement in document("mwaa-provisioning")["Statement"]
        if "iam:PassRole" in listed(statement["Action"])
    }
    assert passed == {
        f"arn:aws:iam::123456789012:role/{role}": {"StringEquals": {"iam:PassedToService": service}}
        for role, service in (
            ("pinterest-connector", "kafkaconnect.amazonaws.com"),
            ("pinterest-kinesis", "apigateway.amazonaws.com"),
        )
    }


def test_every_placeholder_is_documented_and_used() -> None:
    used = {name for each in (*POLICIES, *TRUSTS) for name in re.findall(r"\$\{(\w+)\}", text_of(each))}
    assert used == PLACEHOLDERS.keys()
    section = README.partition("## Placeholders\n")[2].partition("\n## ")[0]
    assert re.findall(r"^\| `(\w+)` ", section, re.MULTILINE) == list(PLACEHOLDERS)


def run_tool(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(CHECKOUT / "tools" / "iam_documents.py"), "--output", str(folder)]
    return subprocess.run([*command, *arguments], capture_output=True, text=True, check=False, timeout=60)


def test_the_tool_writes_every_document(tmp_path: Path) -> None:
    done = run_tool(tmp_path / "iam", *(f"{name}={value}" for name, value in VALUES.items()))
    assert (done.returncode, done.stderr) == (0, "")
    written = {file.stem: json.loads(file.read_text()) for file in (tmp_path / "iam").iterdir()}
    assert written == {name: document(name) for name in (*POLICIES, *TRUSTS)}


def test_the_tool_writes_nothing_while_a_value_is_missing(tmp_path: Path) -> None:
    values = {**VALUES, "AWS_ACCOUNT_ID": ""}
    done = run_tool(tmp_path / "iam", *(f"{name}={value}" for name, value in values.items()))
    assert done.returncode == 1
    assert "no value for AWS_ACCOUNT_ID (the account's 12 digits)" in done.stderr
    assert not (tmp_path / "iam").exists()
