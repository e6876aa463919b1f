"""The documents under ``include/iam``, and what they allow."""

from __future__ import annotations

import functools
import re
from typing import Any

from pinterest_pipeline.provisioning.iam_documents import render
from tests.unit.pinterest_pipeline.airflow_home import CHECKOUT

FOLDER = CHECKOUT / "include" / "iam"
#: The names of an environment as the settings of the MWAA tests have it.
VALUES = {
    "AWS_REGION": "us-east-1",
    "AWS_ACCOUNT_ID": "123456789012",
    "USER_ID": "sandbox",
    "CLUSTER_NAME": "demo",
    "CONNECTOR_ROLE": "pinterest-connector",
    "KINESIS_API_ROLE": "pinterest-kinesis",
    "PLUGIN_SOURCE": "artifacts/s3-sink.zip",
    "CLIENT_INSTANCE_ID": "i-0123456789abcdef0",
    "ALERT_TOPIC": "pinterest-alerts",
    "ENVIRONMENT": "pinterest",
    "ENVIRONMENT_BUCKET": "pinterest-airflow",
}
#: What a service asks for that is to deliver a log.
LOG_DELIVERY = {
    "logs:CreateLogDelivery",
    "logs:GetLogDelivery",
    "logs:UpdateLogDelivery",
    "logs:DeleteLogDelivery",
    "logs:ListLogDeliveries",
    "logs:PutResourcePolicy",
    "logs:DescribeResourcePolicies",
    "logs:DescribeLogGroups",
}
#: Actions that AWS's service authorization reference gives no type of resource, so that no ARN matches them.
UNSCOPED = {
    *LOG_DELIVERY,
    "cloudwatch:GetMetricData",
    "cloudwatch:PutMetricData",
    # Has a type of resource, but see README.md.
    "cloudwatch:DescribeAlarms",
    "s3:GetAccountPublicAccessBlock",
    "kafka:GetBootstrapBrokers",
    "kafkaconnect:ListCustomPlugins",
    "kafkaconnect:CreateCustomPlugin",
    "kafkaconnect:ListWorkerConfigurations",
    "kafkaconnect:CreateWorkerConfiguration",
    "kafkaconnect:ListConnectors",
    "kafkaconnect:CreateConnector",
    "kinesis:ListStreams",
    "ec2:DescribeSecurityGroups",
    "ec2:DescribeSubnets",
    "ec2:DescribeVpcEndpoints",
    "ec2:DescribeVpcs",
    "ssm:DescribeInstanceInformation",
    "ssm:GetCommandInvocation",
    "ssm:ListCommandInvocations",
}

Statement = dict[str, Any]


@functools.cache
def statements(name: str) -> list[Statement]:
    """The statements of a document, with :data:`VALUES` filled in.

    :param name: the file's name without its suffix.
    """
    document = render((FOLDER / f"{name}.json").read_text(encoding="utf-8"), VALUES)
    return list(document["Statement"])


def listed(value: str | list[str]) -> list[str]:
    """One or more values as a list."""
    return [value] if isinstance(value, str) else value


def matches(pattern: str, value: str) -> bool:
    """Whether IAM takes a value to match a pattern with ``*`` and ``?``."""
    expression = re.escape(pattern).replace(r"\*", ".*").replace(r"\?", ".")
    return re.fullmatch(expression, value) is not None


def allows(statement: Statement, action: str, resource: str) -> bool:
    """Whether a statement allows an action on a resource, its condition being met.

    :param resource: an ARN; ``*`` for an action that has none.
    """
    assert statement["Effect"] == "Allow"
    if not any(matches(pattern, action) for pattern in listed(statement["Action"])):
        return False
    if "NotResource" in statement:
        return not any(matches(pattern, resource) for pattern in listed(statement["NotResource"]))
    return any(matches(pattern, resource) for pattern in listed(statement["Resource"]))


def allowed(found: list[Statement], resource: str) -> set[str]:
    """The actions that are allowed on a resource, as the statements write them."""
    return {
        action
        for statement in found
        for action in listed(statement["Action"])
        if allows(statement, action, resource)
    }
