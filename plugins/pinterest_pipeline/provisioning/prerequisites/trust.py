"""Who may assume a role, by its trust policy: pure functions.

IAM's own simulator does not take trust policies, so they are read here: principals, actions, and of the
conditions those on the account and the resource that a service acts for, which AWS asks for against the
confused deputy. Another condition can't be judged beforehand; it is told and taken to hold.

.. seealso:: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from fnmatch import fnmatchcase
from typing import Any

Policy = Mapping[str, Any]
Statement = Mapping[str, Any]

_ASSUME = "sts:assumerole"
#: Condition operators that compare with a text, with the case of letters or without, with ``*`` or without.
_EQUAL = {"stringequals", "stringequalsignorecase"}
_LIKE = {"stringlike", "arnlike", "arnequals"}


class Holds(Enum):
    """Whether a statement applies to the service's request."""

    YES = "yes"
    NO = "no"
    #: As far as it can be judged.
    PERHAPS = "perhaps"


@dataclass(frozen=True, kw_only=True)
class Request:
    """With what a service assumes the role.

    :param service: its principal, such as ``kafkaconnect.amazonaws.com``.
    :param account: the account that it acts for.
    :param resource: ARN of the resource that it acts for, an example when it is not there yet; empty when
        it is not known.
    """

    service: str
    account: str
    resource: str = ""


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """Whether the trust policy lets the service in.

    :param trusted: whether it does.
    :param reason: why, as the second half of a sentence; empty when it does without any condition.
    """

    trusted: bool
    reason: str = ""


def judge(policy: Policy, request: Request) -> Verdict:
    """Whether a trust policy lets a service assume the role.

    :param policy: the trust policy.
    :param request: of the service.
    """
    about = [(statement, _condition(statement, request)) for statement in _about(policy, request.service)]
    if denied := [each for each, holds in about if each["Effect"] == "Deny" and holds is Holds.YES]:
        return Verdict(trusted=False, reason=f"{_named(denied[0])} denies it")
    allowing = [(each, holds) for each, holds in about if each["Effect"] == "Allow"]
    if any(holds is Holds.YES for _, holds in allowing):
        return Verdict(trusted=True)
    for statement, holds in allowing:
        if holds is Holds.PERHAPS:
            said = f"{_named(statement)} has a condition that can't be judged beforehand"
            return Verdict(trusted=True, reason=f"{said}: {dict(statement['Condition'])}")
    if allowing:
        said = f"{_named(allowing[0][0])} does so under a condition that is not met"
        return Verdict(trusted=False, reason=f"{said}: {dict(allowing[0][0]['Condition'])}")
    others = sorted({service for each in _statements(policy) for service in _services(each)})
    return Verdict(trusted=False, reason=f"trusted are {', '.join(others) or 'no services'}")


def mended(policy: Policy, wanted: Policy, request: Request) -> dict[str, Any]:
    """The trust policy that lets the service in and keeps what others need.

    :param policy: the trust policy that the role has.
    :param wanted: the one that ``include/iam`` has for it.
    :param request: of the service.
    :returns: all statements that are about others too, and those wanted. One that denies it to others too
        is among them: that is not for us to lift.
    """
    about = _about(policy, request.service)
    sids = {statement["Sid"] for statement in _statements(wanted) if "Sid" in statement}
    kept = [
        # A Sid may be there once, and need not be there.
        {name: value for name, value in statement.items() if name != "Sid" or value not in sids}
        for statement in _statements(policy)
        if not (statement in about and _services(statement) == [request.service])
    ]
    return {"Version": "2012-10-17", "Statement": [*kept, *_statements(wanted)]}


def _about(policy: Policy, service: str) -> list[Statement]:
    """The statements about the service assuming the role, whatever their conditions."""
    return [
        statement
        for statement in _statements(policy)
        if {service, "*"} & set(_services(statement))
        and any(fnmatchcase(_ASSUME, action.lower()) for action in _listed(statement.get("Action", [])))
    ]


def _services(statement: Statement) -> list[str]:
    """The services that a statement names; ``*`` for everybody."""
    principal = statement.get("Principal", {})
    return _listed(principal.get("Service", []) if isinstance(principal, Mapping) else principal)


def _condition(statement: Statement, request: Request) -> Holds:
    """All operators and keys of a condition must hold, and one value of each."""
    known = {"aws:sourceaccount": request.account, "aws:sourcearn": request.resource}
    answers = [
        _compared(operator, _listed(wanted), known.get(key.lower(), ""))
        for operator, keys in statement.get("Condition", {}).items()
        for key, wanted in keys.items()
    ]
    if Holds.NO in answers:
        return Holds.NO
    return Holds.PERHAPS if Holds.PERHAPS in answers else Holds.YES


def _compared(operator: str, wanted: list[str], value: str) -> Holds:
    plain = operator.lower().removesuffix("ifexists")
    if not value or plain not in _EQUAL | _LIKE:
        return Holds.PERHAPS
    # A resource that will be made again has another id: the ARN of the old one is as good as a pattern.
    stem = value.rpartition("/")[0] if "/" in value else value
    like = plain in _LIKE
    met = any((fnmatchcase(value, each) if like else value == each) for each in wanted)
    if met:
        return Holds.YES
    return Holds.PERHAPS if "/" in value and any(each.startswith(f"{stem}/") for each in wanted) else Holds.NO


def _statements(policy: Policy) -> list[Statement]:
    statements = policy.get("Statement", [])
    return [statements] if isinstance(statements, Mapping) else list(statements)


def _listed(value: Any) -> list[str]:
    return [str(each) for each in value] if isinstance(value, list) else [str(value)]


def _named(statement: Statement) -> str:
    return f"its statement {statement['Sid']}" if statement.get("Sid") else "one of its statements"
