"""Throttling targets, quotas and usage plans, as they are defined."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Period = Literal["DAY", "WEEK", "MONTH"]
_PERIODS: dict[str, Period] = {"DAY": "DAY", "WEEK": "WEEK", "MONTH": "MONTH"}


@dataclass(frozen=True)
class Limit:
    """A token bucket.

    :param rate: tokens a second; a request takes one.
    :param burst: tokens that it holds at most.
    """

    rate: float
    burst: float


#: An account's limit in a region unless AWS raised it.
ACCOUNT = Limit(10_000, 5_000)


@dataclass(frozen=True)
class Quota:
    """Requests of a key in a calendar period, UTC.

    :param limit: requests in a period.
    :param period: ``DAY``, ``WEEK`` or ``MONTH``.
    :param offset: days after Sunday or after the first of the month on which the period starts.
    """

    limit: int
    period: Period
    offset: int = 0


@dataclass(frozen=True, kw_only=True)
class UsagePlan:
    """A usage plan, as far as it concerns one stage.

    :param plan_id: its id.
    :param throttle: of each key over all stages of the plan.
    :param methods: of each key for single methods of this stage, by ``<path>/<verb>``.
    :param quota: of each key over all stages of the plan.
    """

    plan_id: str
    throttle: Limit | None = None
    methods: Mapping[str, Limit] = field(default_factory=dict)
    quota: Quota | None = None


@dataclass(frozen=True)
class ApiKey:
    """An enabled key of a usage plan."""

    key_id: str
    plan: UsagePlan


def parse_limit(
    raw: Mapping[str, Any] | None, rate: str = "rateLimit", burst: str = "burstLimit"
) -> Limit | None:
    """A limit of a throttle object; what it leaves out, or gives as negative, is the account's."""
    if not raw or (raw.get(rate) is None and raw.get(burst) is None):
        return None
    values = [
        default if raw.get(name) is None or float(raw[name]) < 0 else float(raw[name])
        for name, default in ((rate, ACCOUNT.rate), (burst, ACCOUNT.burst))
    ]
    return Limit(*values)


def parse_plan(raw: Mapping[str, Any], stages: Iterable[Mapping[str, Any]]) -> UsagePlan:
    """A usage plan of GetUsagePlans.

    :param stages: those entries of its ``apiStages`` that name the stage.
    """
    quota = raw.get("quota") or {}
    methods = {
        _method_key(key): limit
        for stage in stages
        for key, throttle in (stage.get("throttle") or {}).items()
        if (limit := parse_limit(throttle)) is not None
    }
    period = _PERIODS.get(str(quota.get("period")).upper())
    return UsagePlan(
        plan_id=raw["id"],
        throttle=parse_limit(raw.get("throttle")),
        methods=methods,
        quota=Quota(int(quota["limit"]), period, int(quota.get("offset") or 0))
        if period is not None and quota.get("limit") is not None
        else None,
    )


def parse_method_settings(raw: Mapping[str, Mapping[str, Any]]) -> dict[str, Limit]:
    """A stage's throttling by ``<path>/<verb>``, ``*/*`` for every method that has none of its own.

    :param raw: ``methodSettings`` of GetStage, whose keys are escaped as JSON pointers (``~1topics/GET``).
    """
    limits = {
        _method_key(key): parse_limit(setting, "throttlingRateLimit", "throttlingBurstLimit")
        for key, setting in raw.items()
    }
    return {key: limit for key, limit in limits.items() if limit is not None}


def method_limit(limits: Mapping[str, Limit], path: str, *verbs: str) -> tuple[str, Limit] | None:
    """The limit of a method, and the key it stands under.

    :param path: of the resource.
    :param verbs: tried in this order.
    """
    for verb in verbs:
        key = f"{path}/{verb}"
        if key in limits:
            return key, limits[key]
    return None


def _method_key(key: str) -> str:
    """``<path>/<verb>`` of a setting's key: ``~1a~1b/GET``, ``/a/b/GET`` and ``a/b/GET`` are the same."""
    if key == "*/*":
        return key
    path, _, verb = key.replace("~1", "/").replace("~0", "~").rpartition("/")
    return f"/{path.strip('/')}/{verb.upper()}"
