"""What a client may still send: token buckets and quotas, in memory.

AWS's order: the key's quota and throttle in its usage plan, the plan's throttle of the method, the stage's
throttle of the method, the account's. A request that is refused takes no token and uses up no quota.

https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-request-throttling.html
"""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable, Iterable
from datetime import UTC, datetime, timedelta

from pinterest_sandbox.apigateway.answers import quota_exceeded, throttled
from pinterest_sandbox.apigateway.catalog import Stage
from pinterest_sandbox.apigateway.definitions import Method, Resource
from pinterest_sandbox.apigateway.limits import ApiKey, Limit, Quota, method_limit

#: Seconds since 1970; buckets bear a clock that is set back.
Clock = Callable[[], float]


class Buckets:
    """Token buckets by scope; each is full when it is first asked for, or when its limit changed.

    :param clock: seconds.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._state: dict[Hashable, tuple[Limit, float, float]] = {}

    def take(self, wanted: Iterable[tuple[Hashable, Limit]]) -> bool:
        """Take one token from every bucket, or none from any; whether there was one in each."""
        now = self._clock()
        held = {scope: (limit, self._tokens(scope, limit, now)) for scope, limit in wanted}
        if any(tokens < 1 for _, tokens in held.values()):
            return False
        for scope, (limit, tokens) in held.items():
            self._state[scope] = (limit, tokens - 1, now)
        return True

    def _tokens(self, scope: Hashable, limit: Limit, now: float) -> float:
        known, tokens, then = self._state.get(scope, (limit, limit.burst, now))
        if known != limit:
            return limit.burst
        return min(limit.burst, tokens + max(0.0, now - then) * limit.rate)


class Quotas:
    """Requests counted by scope and calendar period.

    :param clock: seconds since 1970.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._counts: dict[Hashable, tuple[datetime, int]] = {}

    def left(self, scope: Hashable, quota: Quota) -> int:
        """Requests left in the present period; negative after a quota was lowered below what was used."""
        return quota.limit - self._used(scope, self._start(quota))

    def count(self, scope: Hashable, quota: Quota) -> None:
        """Count one request."""
        start = self._start(quota)
        self._counts[scope] = (start, self._used(scope, start) + 1)

    def _used(self, scope: Hashable, start: datetime) -> int:
        counted, number = self._counts.get(scope, (start, 0))
        return number if counted == start else 0

    def _start(self, quota: Quota) -> datetime:
        return period_start(quota, datetime.fromtimestamp(self._clock(), UTC))


def period_start(quota: Quota, now: datetime) -> datetime:
    """The start of the quota's period that ``now`` lies in, UTC."""
    midnight = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    if quota.period == "DAY":
        return midnight
    if quota.period == "WEEK":
        since_sunday = (midnight.weekday() + 1) % 7
        return midnight - timedelta(days=(since_sunday - quota.offset) % 7)
    first = midnight.replace(day=1) + timedelta(days=quota.offset)
    if first <= midnight:
        return first
    month_before = (midnight.replace(day=1) - timedelta(days=1)).replace(day=1)
    return month_before + timedelta(days=quota.offset)


class Meter:
    """Admits requests by the limits of their usage plan, stage and account.

    :param clock: seconds since 1970.
    """

    def __init__(self, clock: Clock = time.time) -> None:
        self._buckets = Buckets(clock)
        self._quotas = Quotas(clock)

    def admit(self, stage: Stage, resource: Resource, method: Method, verb: str, key: ApiKey | None) -> None:
        """Count a request.

        :param verb: the client's; ``method`` may be ``ANY``.
        :param key: the client's, on a method that requires one.
        :raises GatewayAnswer: 429.
        """
        quota = key.plan.quota if key is not None else None
        client = (key.plan.plan_id, key.key_id) if key is not None else None
        if quota is not None and self._quotas.left(client, quota) < 1:
            raise quota_exceeded()
        if not self._buckets.take(_scopes(stage, resource, method, verb, key)):
            raise throttled()
        if quota is not None:
            self._quotas.count(client, quota)


def _scopes(
    stage: Stage, resource: Resource, method: Method, verb: str, key: ApiKey | None
) -> Iterable[tuple[Hashable, Limit]]:
    where = (stage.definition.api_id, stage.name)
    if key is not None:
        client = (key.plan.plan_id, key.key_id)
        if key.plan.throttle is not None:
            yield ("plan", client), key.plan.throttle
        planned = method_limit(key.plan.methods, resource.path, verb, "ANY")
        if planned is not None:
            yield ("plan method", client, where, planned[0]), planned[1]
    # A setting for all methods is a bucket of its own for each of them.
    staged = method_limit(stage.limits, resource.path, verb, "ANY")
    if staged is not None:
        yield ("stage", where, staged[0]), staged[1]
    elif "*/*" in stage.limits:
        yield ("stage", where, f"{resource.path}/{method.verb}"), stage.limits["*/*"]
    yield ("account",), stage.account
