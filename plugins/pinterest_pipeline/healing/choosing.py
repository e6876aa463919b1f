"""Which components are to be treated after changes of their states: a rule without side effects."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from pinterest_pipeline.health.components import COMPONENTS, all_needs
from pinterest_pipeline.health.findings import Status


class Choice(NamedTuple):
    """What is to be done about.

    :param ill: components that became ill, or are still ill now that what they need is well again.
    :param waiting: those of them that need one that is ill: nothing would help before that one is well.
    """

    ill: list[str]
    waiting: list[str]


def choose(extras: Iterable[Mapping[str, Any]], states: Mapping[str, Mapping[str, Any]]) -> Choice:
    """Choose by what has changed and what is ill now.

    :param extras: of events; several runs of the health DAG may have led to one run of healing.
    :param states: component to its state, of the latest record; without one nothing is known to be ill.
    """
    changes = [change for extra in extras for change in extra.get("changes", [])]
    recovered = {change["component"] for change in changes if change["after"] == Status.HEALTHY}
    named = {change["component"] for change in changes if change["after"] != Status.HEALTHY}
    now_ill = {name for name, state in states.items() if state["status"] != Status.HEALTHY}
    freed = {name for name in now_ill if all_needs(name) & recovered}
    ill = [name for name in COMPONENTS if name in named | freed]
    return Choice(ill, [name for name in ill if all_needs(name) & now_ill])
