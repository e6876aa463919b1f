"""The MSK cluster: what AWS says of it, and how many of its brokers are alive."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pinterest_pipeline.health.findings import Figure, Finding, Status, finding

SETTING = "PINTEREST_MSK_CLUSTER_ARN"
#: The cluster works meanwhile, with less to spare.
_PASSING = {"HEALING", "MAINTENANCE", "REBOOTING_BROKER", "UPDATING"}
_DEAD = {"CREATING", "DELETING", "FAILED"}


@dataclass(frozen=True, kw_only=True)
class Reading:
    """The cluster.

    :param arn: of the setting; empty when it is not set.
    :param state: as AWS names it; ``None`` when there is no such cluster.
    :param reason: AWS's explanation of the state, if it gave one.
    :param nodes: brokers that the cluster has; ``None`` when AWS does not say, as of a serverless one.
    :param alive: brokers that are alive; ``None`` when none has answered.
    :param trouble: why no broker has answered.
    """

    arn: str
    state: str | None = None
    reason: str = ""
    nodes: int | None = None
    alive: int | None = None
    trouble: str = ""

    @property
    def name(self) -> str:
        """The cluster's name."""
        _, _, rest = self.arn.partition(":cluster/")
        return rest.partition("/")[0]


def judge(reading: Reading, memory: Mapping[str, Any]) -> Finding:
    """Judge the cluster.

    :param reading: the cluster.
    :param memory: not needed.
    """
    if not reading.arn:
        return Finding(status=Status.UNKNOWN, sentence=f"{SETTING} is not set", memory=memory)
    if reading.state is None:
        sentence = f"cluster {reading.name} does not exist: correct {SETTING}, or make the cluster"
        return Finding(status=Status.DOWN, sentence=sentence)
    figures = {
        "brokers": Figure(value=reading.alive, unit="brokers"),
        "broker nodes": Figure(value=reading.nodes, unit="brokers"),
    }
    alive = reading.alive if reading.nodes is None else f"{reading.alive} of {reading.nodes}"
    return finding(
        [*_of_state(reading), *_of_brokers(reading)],
        f"cluster {reading.name} is ACTIVE, {alive} brokers are alive",
        figures,
    )


def _of_state(reading: Reading) -> Iterator[tuple[Status, str]]:
    if reading.state == "ACTIVE":
        return
    said = f"cluster {reading.name} is {reading.state}" + (f" ({reading.reason})" if reading.reason else "")
    if reading.state in _DEAD:
        yield Status.DOWN, said
    elif reading.state in _PASSING:
        yield Status.DEGRADED, said
    else:
        yield Status.DEGRADED, f"{said}, a state that this check does not know"


def _of_brokers(reading: Reading) -> Iterator[tuple[Status, str]]:
    if reading.alive is None:
        yield Status.DOWN, reading.trouble
    elif reading.alive == 0:
        yield Status.DOWN, f"no broker of cluster {reading.name} is alive"
    elif reading.nodes is not None and reading.alive < reading.nodes:
        yield (
            Status.DEGRADED,
            f"{reading.alive} of {reading.nodes} brokers of cluster {reading.name} are alive",
        )
