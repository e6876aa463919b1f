"""The components whose health is looked at, in the order in which a record goes through them."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from pinterest_pipeline.health.findings import Finding


@dataclass(frozen=True, kw_only=True)
class Component:
    """A part of the pipeline.

    :param name: stem of its modules under ``readings`` and ``checks``, and of its runbook.
    :param label: for people.
    :param needs: components without which it can't be healthy: while one of them is not, people are not told
        of this one as well.
    """

    name: str
    label: str
    needs: tuple[str, ...] = ()

    @property
    def runbook(self) -> str:
        """The page that says what to do, below ``docs``."""
        return f"runbooks/{self.name.replace('_', '-')}.md"

    def read(self, memory: Mapping[str, Any]) -> Any:
        """Read it, changing nothing.

        :param memory: what the check before has kept.
        """
        module = importlib.import_module(f"pinterest_pipeline.health.readings.{self.name}")
        read: Callable[[Mapping[str, Any]], Any] = module.read
        return read(memory)

    def judge(self, reading: Any, memory: Mapping[str, Any]) -> Finding:
        """Judge what was read.

        :param reading: what :meth:`read` gave.
        :param memory: what the check before has kept.
        """
        module = importlib.import_module(f"pinterest_pipeline.health.checks.{self.name}")
        judge: Callable[[Any, Mapping[str, Any]], Finding] = module.judge
        return judge(reading, memory)


COMPONENTS = {
    each.name: each
    for each in (
        Component(name="source", label="Source database"),
        Component(name="api", label="API", needs=("rest_proxy",)),
        Component(name="rest_proxy", label="Kafka REST proxy", needs=("cluster",)),
        Component(name="cluster", label="MSK cluster"),
        Component(name="topics", label="Topics", needs=("cluster",)),
        Component(name="connector", label="S3 sink connector", needs=("cluster",)),
        Component(name="sink_lag", label="Lag of the sink", needs=("topics", "connector", "landing")),
        Component(name="dead_letters", label="Dead letters", needs=("topics",)),
        Component(name="landing", label="Landing in S3"),
        Component(name="streams", label="Kinesis streams"),
        Component(name="databricks", label="Databricks"),
        Component(name="tables", label="Delta tables", needs=("databricks", "landing")),
    )
}


def all_needs(name: str) -> frozenset[str]:
    """What a component needs, and what these need.

    :param name: its name; of an unknown one nothing is known.
    """
    direct = COMPONENTS[name].needs if name in COMPONENTS else ()
    return frozenset(direct).union(*(all_needs(each) for each in direct))
