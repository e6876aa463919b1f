"""The roles: there, of the account, trusted by their service."""

from __future__ import annotations

import json
from typing import Any

import pytest

from pinterest_pipeline import connections
from tests.unit.pinterest_pipeline.provisioning.customer_account import (
    ACCOUNT_ID,
    API_ROLE,
    CONNECTOR_ROLE,
    policy,
    statement,
)
from tests.unit.pinterest_pipeline.provisioning.prerequisites.looking import (
    COMMANDS,
    CONNECT,
    ROLE,
    aws,
    look,
    refused,
)


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
