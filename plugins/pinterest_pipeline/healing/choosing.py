"""Which components are to be treated after what the health DAG has told: a rule without side effects."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from pinterest_pipeline.health.components import COMPONENTS, all_needs
from pinterest_pipeline.health.findings import Status


class Choice(NamedTuple):
    """What is to be done about.

    :param ill: components that became ill, are ill still after a try, or are ill still now that what they
        need is up again.
    :param waiting: those of them that need one that is down: nothing would help before that one is up.
    :param recovered: components that became healthy.
    """

    ill: list[str]
    waiting: list[str]
    recovered: list[str]


def choose(extras: Iterable[Mapping[str, Any]], states: Mapping[str, Mapping[str, Any]]) -> Choice:
    """Choose by what was told and what is ill now.

    :param extras: of events; several runs of the health DAG may have led to one run of healing.
    :param states: component to its state, of the latest record; without one nothing is known to be ill.
    """
    events = list(extras)
    changes = [change for extra in events for change in extra.get("changes", [])]
    well = {change["component"] for change in changes if change["after"] == Status.HEALTHY}
    # What is degraded works: what waited for it need not wait until it is healthy.
    up = well | {
        change["component"]
        for change in changes
        if change["before"] == Status.DOWN and change["after"] != Status.DOWN
    }
    named = {change["component"] for change in changes if change["after"] != Status.HEALTHY}
    named |= {name for extra in events for name in extra.get("still_ill", [])}
    down = {name for name, state in states.items() if state["status"] == Status.DOWN}
    ill_now = {name for name, state in states.items() if state["status"] != Status.HEALTHY}
    freed = {name for name in ill_now if all_needs(name) & up}
    ill = [name for name in COMPONENTS if name in named | freed]
    return Choice(
        ill,
        [name for name in ill if all_needs(name) & down],
        [name for name in COMPONENTS if name in well - ill_now],
    )
