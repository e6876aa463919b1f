"""Whether a trust policy lets MSK Connect in, and the policy that would."""

from __future__ import annotations

from typing import Any

import pytest

from pinterest_pipeline.provisioning.prerequisites.trust import Request, judge, mended
from tests.unit.pinterest_pipeline.provisioning.customer_account import policy, statement

CONNECT = "kafkaconnect.amazonaws.com"
OTHER = "lambda.amazonaws.com"
CONNECTOR = "arn:aws:kafkaconnect:us-east-1:123456789012:connector/sandbox-connector"
REQUEST = Request(service=CONNECT, account="123456789012", resource=f"{CONNECTOR}/0-0")
#: As include/iam/connector-trust.json is filled in.
CONDITION = {
    "StringEquals": {"aws:SourceAccount": "123456789012"},
    "ArnLike": {"aws:SourceArn": f"{CONNECTOR}/*"},
}
WANTED = policy(statement({"Service": CONNECT}, Sid="MskConnect", Condition=CONDITION))


def with_condition(condition: Any) -> dict[str, Any]:
    return policy(statement({"Service": CONNECT}, Condition=condition))


@pytest.mark.parametrize(
    "trust",
    [
        WANTED,
        policy(statement({"Service": CONNECT})),
        policy(statement({"Service": [OTHER, CONNECT]})),
        policy(statement({"Service": CONNECT}, Action=["sts:TagSession", "sts:AssumeRole"])),
        policy(statement({"Service": CONNECT}, Action="sts:*")),
        policy(statement("*")),
        policy(statement({"Service": OTHER}), statement({"Service": CONNECT})),
        {"Version": "2012-10-17", "Statement": statement({"Service": CONNECT})},
        with_condition({"StringLike": {"AWS:sourceaccount": ["999999999999", "1234*"]}}),
        with_condition({"ArnEquals": {"aws:SourceArn": "arn:aws:kafkaconnect:*:123456789012:*"}}),
        with_condition({"ArnLike": {"aws:SourceArn": f"{CONNECTOR}/7d2a-3"}}),
        # Another statement's condition does not matter.
        policy(
            statement({"Service": CONNECT}, Condition={"Bool": {"aws:SecureTransport": "false"}}),
            statement({"Service": CONNECT}),
        ),
    ],
    ids=[
        "ours", "plain", "one of several services", "one of several actions", "pattern of actions",
        "everybody", "second statement", "no list", "one of several accounts", "pattern of ARNs",
        "ARN of an earlier connector", "second statement without condition",
    ],
)  # fmt: skip
def test_trusted(trust: dict[str, Any]) -> None:
    assert judge(trust, REQUEST).trusted


@pytest.mark.parametrize(
    ("trust", "reason"),
    [
        (policy(statement({"Service": OTHER})), f"trusted are {OTHER}"),
        (policy(statement({"AWS": "arn:aws:iam::123456789012:root"})), "trusted are no services"),
        (policy(), "trusted are no services"),
        (policy(statement({"Service": CONNECT}, Action="sts:TagSession")), f"trusted are {CONNECT}"),
        (
            with_condition({"StringEquals": {"aws:SourceAccount": "999999999999"}}),
            "under a condition that is not met: {'StringEquals': {'aws:SourceAccount': '999999999999'}}",
        ),
        (
            with_condition({"ArnLike": {"aws:SourceArn": CONNECTOR.replace("sandbox", "other") + "/*"}}),
            "under a condition that is not met",
        ),
        (
            policy(
                statement({"Service": CONNECT}),
                statement({"Service": CONNECT}, Effect="Deny", Sid="Closed"),
            ),
            "its statement Closed denies it",
        ),
    ],
    ids=["other service", "account", "nobody", "other action", "other account", "other connector", "denied"],
)
def test_not_trusted(trust: dict[str, Any], reason: str) -> None:
    verdict = judge(trust, REQUEST)
    assert not verdict.trusted
    assert reason in verdict.reason
    # What is proposed helps.
    assert judge(mended(trust, WANTED, REQUEST), REQUEST).trusted


@pytest.mark.parametrize(
    "condition", [{"StringEquals": {"sts:ExternalId": "secret"}}, {"Null": {"aws:SourceAccount": "false"}}]
)
def test_a_condition_that_nobody_can_judge_is_told(condition: dict[str, Any]) -> None:
    verdict = judge(with_condition(condition), REQUEST)
    assert verdict.trusted
    assert "can't be judged" in verdict.reason
    assert str(condition) in verdict.reason


def test_a_denial_of_others_is_none() -> None:
    others = statement({"Service": OTHER}, Effect="Deny")
    elsewhere = {"StringEquals": {"aws:SourceAccount": "999999999999"}}
    denied = statement({"Service": CONNECT}, Effect="Deny", Condition=elsewhere)
    assert judge(policy(others, denied, statement({"Service": CONNECT})), REQUEST).trusted


def test_what_is_proposed_keeps_what_is_about_others() -> None:
    user = statement({"AWS": "arn:aws:iam::123456789012:user/admin"}, Sid="Admin")
    both = statement({"Service": [OTHER, CONNECT]}, Condition={"StringEquals": {"aws:SourceAccount": "9"}})
    old = statement({"Service": CONNECT}, Condition={"StringEquals": {"aws:SourceAccount": "9"}})
    taken = statement({"Service": OTHER}, Sid="MskConnect")
    assert mended(policy(user, both, old, taken), WANTED, REQUEST)["Statement"] == [
        user,
        both,
        statement({"Service": OTHER}),
        *WANTED["Statement"],
    ]
