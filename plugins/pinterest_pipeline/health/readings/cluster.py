"""Reads the MSK cluster, and asks its brokers who is alive."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pinterest_pipeline.health.checks.cluster import Reading
from pinterest_pipeline.health.readings.patience import aws_hook, kafka_hook
from pinterest_pipeline.settings import settings


def read(memory: Mapping[str, Any]) -> Reading:
    """Read state and brokers.

    :param memory: not needed.
    """
    arn = settings().msk_cluster_arn
    found = _describe(arn) if arn else None
    if found is None:
        return Reading(arn=arn)
    info = found.get("StateInfo") or {}
    nodes = (found.get("Provisioned") or {}).get("NumberOfBrokerNodes")
    alive, trouble = _count_brokers()
    return Reading(
        arn=arn,
        state=found["State"],
        reason=": ".join(info[part] for part in ("Code", "Message") if info.get(part)),
        nodes=nodes,
        alive=alive,
        trouble=trouble,
    )


def _describe(arn: str) -> dict[str, Any] | None:
    from cloud_operators.aws.hooks.msk import MskHook

    client = aws_hook(MskHook).conn
    try:
        found: dict[str, Any] = client.describe_cluster_v2(ClusterArn=arn)["ClusterInfo"]
    except client.exceptions.NotFoundException:
        return None
    return found


def _count_brokers() -> tuple[int | None, str]:
    from cloud_operators.exceptions import ServiceUnreachable
    from cloud_operators.kafka.hooks.admin import KafkaAdminHook

    hook = kafka_hook(KafkaAdminHook)
    try:
        return len(describe_brokers(hook)), ""
    except ServiceUnreachable as error:
        return None, str(error)


def describe_brokers(hook: Any) -> list[Any]:
    """The brokers that are alive.

    :param hook: a ``KafkaAdminHook``.
    :raises ServiceUnreachable: when no broker answers.
    """
    what = "describe the brokers"
    futures = hook.call(
        what, lambda: {what: hook.client.describe_cluster(request_timeout=hook.request_timeout)}
    )
    return list(hook.result(what, futures[what]).nodes)
