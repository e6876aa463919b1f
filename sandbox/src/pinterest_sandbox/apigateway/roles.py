"""Whether API Gateway may take the role that an integration names."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Mapping
from typing import Any

from pinterest_sandbox.apigateway.catalog import FRESH

_ROLE = re.compile(r"arn:aws[\w-]*:iam::\d{12}:role/(?:.*/)?([\w+=,.@-]{1,64})")
_SERVICE = "apigateway.amazonaws.com"


class RoleRefused(Exception):
    """The role cannot be taken; the message says why."""


class Roles:
    """Roles of the account, looked at again at most once a second.

    :param client: boto3 client of IAM; its calls run in threads.
    """

    def __init__(self, client: Any) -> None:
        self._client = client
        self._known: dict[str, tuple[float, str | None]] = {}
        self._locks: dict[str, asyncio.Lock] = {}

    async def check(self, arn: str) -> None:
        """Take a role.

        :raises RoleRefused: when there is none with this ARN, or it does not trust API Gateway.
        """
        async with self._locks.setdefault(arn, asyncio.Lock()):
            checked, problem = self._known.get(arn, (float("-inf"), None))
            if time.monotonic() - checked >= FRESH:
                problem = await asyncio.to_thread(self._problem, arn)
                self._known[arn] = (time.monotonic(), problem)
        if problem is not None:
            raise RoleRefused(problem)

    def _problem(self, arn: str) -> str | None:
        found = _ROLE.fullmatch(arn)
        if found is None:
            return f"{arn!r} is no role's ARN"
        try:
            role = self._client.get_role(RoleName=found[1])["Role"]
        except self._client.exceptions.NoSuchEntityException:
            return f"there is no role {arn}"
        if role["Arn"] != arn:
            return f"there is no role {arn}, but {role['Arn']}"
        if not trusts(role["AssumeRolePolicyDocument"], _SERVICE):
            return f"role {arn} does not trust {_SERVICE}"
        return None


def trusts(policy: Mapping[str, Any], service: str) -> bool:
    """Whether a trust policy lets ``service`` take its role. Conditions are not looked at."""
    effects = {
        statement.get("Effect")
        for statement in _list(policy.get("Statement"))
        if _names(statement.get("Principal"), service)
        and any(action in ("*", "sts:*", "sts:AssumeRole") for action in _list(statement.get("Action")))
    }
    return effects == {"Allow"}


def _names(principal: Any, service: str) -> bool:
    return principal == "*" or (isinstance(principal, Mapping) and service in _list(principal.get("Service")))


def _list(value: Any) -> list[Any]:
    """IAM lets a list of one stand without its brackets."""
    if value is None:
        return []
    return value if isinstance(value, list) else [value]
