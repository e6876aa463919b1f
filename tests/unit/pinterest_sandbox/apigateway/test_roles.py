from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from pinterest_sandbox.apigateway.roles import RoleRefused, Roles, trusts

SERVICE = "apigateway.amazonaws.com"


def statement(**changes: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Principal": {"Service": SERVICE}, "Action": "sts:AssumeRole", **changes}


@pytest.mark.parametrize(
    ("statements", "trusted"),
    [
        ([statement()], True),
        (statement(), True),
        ([statement(Principal={"Service": ["lambda.amazonaws.com", SERVICE]})], True),
        ([statement(Principal="*")], True),
        ([statement(Action=["sts:TagSession", "sts:AssumeRole"])], True),
        ([statement(Action="sts:*")], True),
        ([statement(Principal={"AWS": SERVICE})], False),
        ([statement(Principal={"Service": "kafkaconnect.amazonaws.com"})], False),
        ([statement(Action="sts:TagSession")], False),
        ([statement(), statement(Effect="Deny")], False),
        ([statement(), statement(Effect="Deny", Principal={"Service": "x"})], True),
        ([], False),
    ],
)
def test_trust_policies(statements: Any, trusted: bool) -> None:
    assert trusts({"Version": "2012-10-17", "Statement": statements}, SERVICE) is trusted


def check(roles: Roles, arn: str) -> str:
    """Why a role is refused; empty when it is not."""
    try:
        asyncio.run(roles.check(arn))
    except RoleRefused as refused:
        return str(refused)
    return ""


def test_roles_of_the_account(iam: Any) -> None:
    trust = {"Version": "2012-10-17", "Statement": [statement()]}
    other = {"Version": "2012-10-17", "Statement": [statement(Principal={"Service": "ec2.amazonaws.com"})]}
    trusting = iam.create_role(
        RoleName="roles-trusting", Path="/a/b/", AssumeRolePolicyDocument=json.dumps(trust)
    )["Role"]["Arn"]
    wary = iam.create_role(RoleName="roles-wary", AssumeRolePolicyDocument=json.dumps(other))["Role"]["Arn"]
    roles = Roles(iam)

    assert trusting.endswith(":role/a/b/roles-trusting")
    assert check(roles, trusting) == ""
    assert check(roles, wary) == f"role {wary} does not trust {SERVICE}"
    assert check(roles, wary.replace("wary", "none")).startswith("there is no role arn:aws:iam::")
    # Another account's, or another path: the name alone does not make it.
    assert "there is no role" in check(roles, trusting.replace("123456789012", "210987654321"))
    assert "there is no role" in check(roles, trusting.replace("/a/b/", "/"))
    for arn in ("", "arn:aws:iam::123456789012:role/", "arn:aws:iam::*:user/*", "roles-trusting"):
        assert check(roles, arn) == f"{arn!r} is no role's ARN"


def test_many_requests_at_once_ask_once() -> None:
    asked = []

    class Client:
        def get_role(self, RoleName: str) -> dict[str, Any]:
            asked.append(RoleName)
            return {
                "Role": {
                    "Arn": "arn:aws:iam::123456789012:role/r",
                    "AssumeRolePolicyDocument": {"Statement": [statement()]},
                }
            }

    async def burst() -> None:
        roles = Roles(Client())
        await asyncio.gather(*(roles.check("arn:aws:iam::123456789012:role/r") for _ in range(50)))

    asyncio.run(burst())

    assert asked == ["r"]
