"""The roles that services are given: of the caller's account, and trusted to the service."""

from __future__ import annotations

import contextlib
import json
import re
import shlex
from dataclasses import dataclass
from functools import partial
from typing import Any

from pinterest_pipeline import connections
from pinterest_pipeline.paths import read_include
from pinterest_pipeline.provisioning.iam_documents import render
from pinterest_pipeline.provisioning.prerequisites import trust
from pinterest_pipeline.provisioning.prerequisites.clients import aws_hook
from pinterest_pipeline.provisioning.prerequisites.findings import Outcome, Status
from pinterest_pipeline.provisioning.prerequisites.looking import Check

_ARN = re.compile(
    r"arn:(?P<partition>[\w-]+):iam::(?P<account>\d{12}):role(?P<path>/|/\S+/)(?P<name>[^/\s]+)"
)


@dataclass(frozen=True, kw_only=True)
class WantedRole:
    """A role as a setting names it.

    :param setting: the environment variable.
    :param arn: its value.
    :param role: the role's name in ``include/iam``, which has its policies and its trust policy.
    :param user_id: the resource id.
    """

    setting: str
    arn: str
    role: str
    user_id: str

    @property
    def parts(self) -> dict[str, str]:
        """``partition``, ``account``, ``path`` and ``name`` of the ARN."""
        found = _ARN.fullmatch(self.arn)
        if found is None:
            raise ValueError(f"{self.arn!r} is no role's ARN")
        return found.groupdict()

    def trust_policy(self, region: str) -> dict[str, Any]:
        """The trust policy of ``include/iam``, filled in.

        :param region: of what is provisioned.
        """
        values = {
            "AWS_PARTITION": self.parts["partition"],
            "AWS_REGION": region,
            "AWS_ACCOUNT_ID": self.parts["account"],
            "USER_ID": self.user_id,
        }
        return render(read_include(f"iam/{self.role}-trust.json"), values)

    def request(self, region: str) -> trust.Request:
        """With what the service of the trust policy assumes the role.

        :param region: of what is provisioned.
        """
        (statement,) = self.trust_policy(region)["Statement"]
        patterns = statement.get("Condition", {}).get("ArnLike", {})
        return trust.Request(
            service=statement["Principal"]["Service"],
            account=self.parts["account"],
            resource=patterns.get("aws:SourceArn", "").replace("*", "00000000-0000-0000-0000-000000000000-0"),
        )


def role_check(name: str, wanted: WantedRole, account: str | None) -> Check:
    """The check of a role.

    :param name: as the table shows it.
    :param wanted: the role.
    :param account: the caller's account; ``None`` when it is not known.
    """
    return Check(name=name, required=True, service="iam", look=partial(_look, wanted, account))


def judge_role(wanted: WantedRole, account: str | None, region: str, found: dict[str, Any] | None) -> Outcome:
    """What is to be said of a role.

    :param wanted: as the setting names it.
    :param account: the caller's account; ``None`` when it is not known.
    :param region: of what is provisioned.
    :param found: ``Role`` of GetRole; ``None`` when there is none of its name.
    """
    if account is not None and wanted.parts["account"] != account:
        return Outcome(
            status=Status.WRONG,
            found=f"{wanted.setting} names a role of account {wanted.parts['account']}, but the connection "
            f"{connections.AWS} is of account {account}",
            remedy=f"set {wanted.setting} to a role of account {account} (include/iam/{wanted.role}.json and "
            f"{wanted.role}-trust.json), or let {connections.AWS} be of account {wanted.parts['account']}.",
        )
    if found is None:
        return Outcome(
            status=Status.MISSING,
            found=f"there is no role {wanted.arn}",
            remedy=f"make it, with the policy include/iam/{wanted.role}.json, or correct {wanted.setting}:\n"
            f"{_command('create-role', wanted, wanted.trust_policy(region))}",
        )
    if found["Arn"] != wanted.arn:
        return Outcome(
            status=Status.WRONG,
            found=f"{wanted.setting} is {wanted.arn}, but the role of this name is {found['Arn']}",
            remedy=f"set {wanted.setting} to {found['Arn']}.",
        )
    return _judge_trust(wanted, region, found["AssumeRolePolicyDocument"])


def _judge_trust(wanted: WantedRole, region: str, policy: dict[str, Any]) -> Outcome:
    request = wanted.request(region)
    verdict = trust.judge(policy, request)
    if verdict.trusted:
        note = f"; {verdict.reason}" if verdict.reason else ""
        return Outcome(status=Status.THERE, found=f"{wanted.arn}, trusted to {request.service}{note}")
    document = trust.mended(policy, wanted.trust_policy(region), request)
    left = trust.judge(document, request)
    first = "" if left.trusted else f"first narrow what it denies to others too ({left.reason}). Then "
    return Outcome(
        status=Status.WRONG,
        found=f"{wanted.arn} is not trusted to {request.service}: {verdict.reason}",
        remedy=f"{first}let it be trusted to {request.service} by this policy, which keeps what is about "
        f"others:\n{json.dumps(document, indent=2)}\n"
        f"with this command:\n{_command('update-assume-role-policy', wanted, document)}",
    )


def _command(verb: str, wanted: WantedRole, document: dict[str, Any]) -> str:
    text = shlex.quote(json.dumps(document, separators=(",", ":")))
    option = "--policy-document" if verb == "update-assume-role-policy" else "--assume-role-policy-document"
    path = wanted.parts["path"]
    placed = f" --path {path}" if verb == "create-role" and path != "/" else ""
    return f"aws iam {verb} --role-name {wanted.parts['name']}{placed} {option} {text}"


def _look(wanted: WantedRole, account: str | None) -> Outcome:
    from airflow.providers.amazon.aws.hooks.base_aws import AwsBaseHook

    hook = aws_hook(AwsBaseHook, client_type="iam")
    iam, found = hook.conn, None
    if account in (None, wanted.parts["account"]):
        # Roles of other accounts can't be looked at.
        with contextlib.suppress(iam.exceptions.NoSuchEntityException):
            found = iam.get_role(RoleName=wanted.parts["name"])["Role"]
    # IAM's own client is of no region.
    return judge_role(wanted, account, str(hook.conn_region_name), found)
