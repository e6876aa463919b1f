"""The actions that ``docs/mwaa.md`` lists for the environment's role, and the calls that the tasks make."""

from __future__ import annotations

import re
from typing import NamedTuple

import pytest

from tests.integrity.iam import LOG_DELIVERY, statements
from tests.integrity.iam import listed as in_list
from tests.integrity.mwaa.actions import OTHERS, actions_of, recorded
from tests.integrity.mwaa.conftest import Mwaa
from tests.unit.pinterest_pipeline.airflow_home import CHECKOUT

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
    *LOG_DELIVERY,
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


def test_the_role_may_do_what_the_tasks_do_and_nothing_else(mwaa: Mwaa, rows: list[Row]) -> None:
    calls = [*recorded(mwaa.report), *OTHERS]
    needed = set().union(*(actions_of(call.service, call.operation, call.method) for call in calls))
    listed = set().union(*(row.actions for row in rows))
    of_brokers = {action for action in listed if action.startswith("kafka-cluster:")}
    assert listed - of_brokers == needed | DEPENDENT
    page = (CHECKOUT / "docs" / "operators" / "kafka.md").read_text()
    permissions = page.partition("## IAM actions")[2].partition("\n## ")[0]
    assert of_brokers == set(re.findall(r"`(kafka-cluster:\w+)`", permissions))


def test_the_table_and_the_policies_allow_the_same(rows: list[Row]) -> None:
    names = ("mwaa-execution", "mwaa-provisioning", "mwaa-kafka-client", "mwaa-operations", "mwaa-teardown")
    policies = [statement for name in names for statement in statements(name)]
    own = [statement for statement in policies if not statement["Sid"].startswith("Environment")]
    allowed = {action for statement in own for action in in_list(statement["Action"])}
    assert allowed == set().union(*(row.actions for row in rows))


def test_every_path_of_api_gateway_is_in_a_row_with_its_method(mwaa: Mwaa, rows: list[Row]) -> None:
    calls = [call for call in [*recorded(mwaa.report), *OTHERS] if call.service == "apigateway"]
    assert {call.path.split("/")[1] for call in calls} == {"restapis", "apikeys", "usageplans"}
    for call in calls:
        folder = call.path.split("/")[1]
        wanted = f"::/{folder}/*`" if call.path.count("/") > 1 else f"::/{folder}`"
        assert any(f"apigateway:{call.method}" in row.actions and wanted in row.on for row in rows), call
