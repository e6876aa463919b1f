"""The page that shows the health of the pipeline at a glance, made of records alone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence, Set
from datetime import UTC, timedelta
from fnmatch import fnmatchcase
from typing import Any, NamedTuple

from jinja2 import Environment, StrictUndefined

from pinterest_pipeline.health.alerts import consequences
from pinterest_pipeline.health.components import COMPONENTS, all_needs
from pinterest_pipeline.health.findings import WORST_FIRST, Status, worst
from pinterest_pipeline.health.picture import draw
from pinterest_pipeline.health.records import Record, State, moment
from pinterest_pipeline.paths import read_include

TEMPLATE = "pages/health.html.jinja"
#: As far back as the page looks.
HOURS = 4
#: Minutes after which a look is too old to be relied on: two intervals.
SILENT_AFTER = 10
#: Changes that are listed.
MOST_CHANGES = 30
COLOURS = {
    Status.HEALTHY: "#2b7a3d",
    Status.DEGRADED: "#a86400",
    Status.DOWN: "#bd2c2c",
    Status.UNKNOWN: "#646c75",
}


class Span(NamedTuple):
    """A time in which looks have found a component in one state.

    :param begin: minutes from the beginning of what is shown.
    :param end: likewise; the next look, or when that one was missed an interval later.
    :param first: time of the first look, ISO 8601.
    :param last: time of the last look, ISO 8601.
    """

    status: str
    begin: float
    end: float
    first: str
    last: str


def render(record: Record, earlier: Sequence[Record], *, user_id: str, tried: Mapping[str, str]) -> str:
    """The page as HTML, in which everything that comes from the records is escaped.

    :param record: the latest record.
    :param earlier: those before it, the earliest first.
    :param user_id: the resource id.
    :param tried: component to what was done about its present illness by itself.
    """
    states, records = record["components"], [*earlier, record]
    suffering = consequences(record)
    ill = sorted(
        (name for name, state in states.items() if state["status"] != Status.HEALTHY),
        key=lambda name: (name in suffering, WORST_FIRST.index(Status(states[name]["status"]))),
    )
    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters["time"] = _time_text
    return environment.from_string(read_include(TEMPLATE)).render(
        user_id=user_id,
        headline=_headline(states, ill, suffering),
        worst=worst(Status(state["status"]) for state in states.values()),
        colours={str(status): colour for status, colour in COLOURS.items()},
        checked_at=record["checked_at"],
        run_id=record["run_id"],
        silent_after=SILENT_AFTER,
        hours=HOURS,
        picture=draw(states),
        ill=[_illness(name, record, tried.get(name, "")) for name in ill],
        notes=record["notes"],
        counts=count_records(states),
        components=[
            {
                **state,
                "name": name,
                "label": _label(name),
                "figures": {each: _figure_text(value) for each, value in state["figures"].items()},
                "spans": spans(records, name),
            }
            for name, state in states.items()
        ],
        changes=[
            {**change, "label": _label(change["component"])}
            for each in reversed(records)
            for change in each["changes"]
        ][:MOST_CHANGES],
    )


def spans(records: Sequence[Record], name: str) -> list[Span]:
    """In which states a component was, with gaps where nobody has looked.

    :param records: the earliest first.
    :param name: the component.
    """
    end = moment(records[-1]["checked_at"])
    begin = end - timedelta(hours=HOURS)
    found: list[Span] = []
    for number, record in enumerate(records):
        at = moment(record["checked_at"])
        if name not in record["components"] or not begin <= at <= end:
            continue
        following = moment(records[number + 1]["checked_at"]) if number + 1 < len(records) else end
        until = min(following, at + timedelta(minutes=SILENT_AFTER))
        status, text = record["components"][name]["status"], record["checked_at"]
        span = Span(status, _minutes(at - begin), _minutes(max(until, at) - begin), text, text)
        if found and found[-1].status == status and found[-1].end >= span.begin:
            found[-1] = found[-1]._replace(end=span.end, last=text)
        else:
            found.append(span)
    # The last look has no time yet.
    return [span if span.end > span.begin else span._replace(begin=max(0.0, span.end - 2)) for span in found]


def count_records(states: Mapping[str, State]) -> dict[str, int | None]:
    """What of the records is not in the tables, and what is lost.

    :param states: component to state.
    :returns: title to number; ``None`` when it could not be counted.
    """
    return {
        "not in balance in the ledger": _sum(states, "tables", "ledger_unbalanced"),
        "waiting in the topics": _sum(states, "sink_lag", "unwritten"),
        "waiting in the streams": _sum(states, "streams", "*_unread"),
        "dead letters": _sum(states, "dead_letters", "dead letters"),
        "in quarantine": _sum(states, "tables", "*_quarantine"),
    }


def _sum(states: Mapping[str, State], component: str, pattern: str) -> int | None:
    """The sum of the figures whose name is like a pattern of the shell."""
    figures = states[component]["figures"] if component in states else {}
    values: list[Any] = [figure["value"] for each, figure in figures.items() if fnmatchcase(each, pattern)]
    counted = [value for value in values if isinstance(value, int)]
    return sum(counted) if counted and len(counted) == len(values) else None


def _headline(states: Mapping[str, State], ill: Sequence[str], suffering: Set[str]) -> str:
    """What is ill for a cause of its own, and how many suffer from it."""
    if not ill:
        return f"All {len(states)} components are healthy"
    causes = [f"{_label(name)} {states[name]['status']}" for name in ill if name not in suffering]
    others = len(ill) - len(causes)
    if not causes:
        return f"{others} components are not healthy"
    return f"{', '.join(causes)}{f'; {others} more as a consequence' if others else ''}"


def _illness(name: str, record: Record, tried: str) -> dict[str, Any]:
    states = record["components"]
    state = states[name]
    return {
        **state,
        "label": _label(name),
        "lasts": _duration(moment(record["checked_at"]) - moment(state["since"])),
        "needs": _ill_needs(states, all_needs(name)),
        "tried": tried,
        "runbook": COMPONENTS[name].runbook if name in COMPONENTS else "runbooks/README.md",
    }


def _ill_needs(states: Mapping[str, State], needs: Iterable[str]) -> list[str]:
    return [
        f"{_label(need)} ({states[need]['status']})"
        for need in COMPONENTS
        if need in needs and need in states and states[need]["status"] != Status.HEALTHY
    ]


def _figure_text(figure: Mapping[str, Any]) -> str:
    value = figure["value"]
    if value is None:
        return "not known"
    number = f"{value:,}" if isinstance(value, int | float) and not isinstance(value, bool) else str(value)
    return f"{number} {figure['unit']}".strip()


def _label(name: str) -> str:
    return COMPONENTS[name].label if name in COMPONENTS else name


def _time_text(text: str) -> str:
    return moment(text).astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")


def _minutes(span: timedelta) -> float:
    return round(span.total_seconds() / 60, 2)


def _duration(span: timedelta) -> str:
    minutes = max(0, round(span.total_seconds() / 60))
    days, hours = divmod(minutes // 60, 24)
    if days:
        return f"{days} d {hours} h"
    return f"{hours} h {minutes % 60} min" if hours else f"{minutes} min"
