"""Where the components stand in the picture of the pipeline, and the ways of a post between them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from pinterest_pipeline.health.components import COMPONENTS
from pinterest_pipeline.health.findings import Status
from pinterest_pipeline.health.records import State

#: Component to column and row. The path of the topics is the middle row, that of the streams the one below.
PLACES = {
    "source": (0, 1),
    "api": (1, 1),
    "rest_proxy": (2, 1),
    "cluster": (3, 1),
    "topics": (4, 1),
    "connector": (5, 1),
    "landing": (6, 1),
    "databricks": (7, 1),
    "tables": (8, 1),
    "sink_lag": (4, 0),
    "dead_letters": (5, 0),
    "streams": (4, 2),
}
#: From one component to the next, as records go.
FLOWS = (
    ("source", "api"),
    ("api", "rest_proxy"),
    ("rest_proxy", "cluster"),
    ("cluster", "topics"),
    ("topics", "connector"),
    ("connector", "landing"),
    ("landing", "databricks"),
    ("databricks", "tables"),
    ("connector", "dead_letters"),
    ("api", "streams"),
    ("streams", "databricks"),
)
#: What is measured of another one.
MEASURES = (("topics", "sink_lag"),)
#: Not by their colour alone.
SIGNS = {Status.HEALTHY: "✓", Status.DEGRADED: "!", Status.DOWN: "✗", Status.UNKNOWN: "?"}
BOX_WIDTH, BOX_HEIGHT = 138, 48
_COLUMN, _ROW, _MARGIN = 160, 78, 4


class Box(NamedTuple):
    """A component.

    :param x: of its left edge, in the units of the picture.
    :param y: of its upper edge.
    """

    name: str
    label: str
    status: str
    sign: str
    sentence: str
    x: int
    y: int


class Line(NamedTuple):
    """A line between two components.

    :param path: in SVG's language.
    :param flows: whether records go along it.
    """

    path: str
    flows: bool


class Picture(NamedTuple):
    """All of it."""

    boxes: list[Box]
    lines: list[Line]
    width: int
    height: int
    box_width: int = BOX_WIDTH
    box_height: int = BOX_HEIGHT


def draw(states: Mapping[str, State]) -> Picture:
    """The picture of these states.

    :param states: component to state; one that has no place is left out.
    """
    boxes = [
        Box(
            name=name,
            label=COMPONENTS[name].label,
            status=states[name]["status"],
            sign=SIGNS[Status(states[name]["status"])],
            sentence=states[name]["sentence"],
            x=_x(name),
            y=_y(name),
        )
        for name in PLACES
        if name in states
    ]
    lines = [Line(_path(*ends), flows=True) for ends in FLOWS]
    lines += [Line(_path(*ends), flows=False) for ends in MEASURES]
    columns, rows = (max(place[axis] for place in PLACES.values()) for axis in (0, 1))
    return Picture(
        boxes,
        lines,
        width=columns * _COLUMN + BOX_WIDTH + 2 * _MARGIN,
        height=rows * _ROW + BOX_HEIGHT + 2 * _MARGIN,
    )


def _path(begin: str, end: str) -> str:
    (column, row), (to_column, to_row) = PLACES[begin], PLACES[end]
    middle, to_middle = _y(begin) + BOX_HEIGHT // 2, _y(end) + BOX_HEIGHT // 2
    if row == to_row:
        return f"M{_x(begin) + BOX_WIDTH},{middle} H{_x(end)}"
    if column == to_column:
        # The upper one of the two is the second.
        return f"M{_x(begin) + BOX_WIDTH // 2},{_y(begin)} V{_y(end) + BOX_HEIGHT}"
    if row < to_row:
        return f"M{_x(begin) + BOX_WIDTH // 2},{_y(begin) + BOX_HEIGHT} V{to_middle} H{_x(end)}"
    return f"M{_x(begin) + BOX_WIDTH},{middle} H{_x(end) + BOX_WIDTH // 2} V{_y(end) + BOX_HEIGHT}"


def _x(name: str) -> int:
    return _MARGIN + PLACES[name][0] * _COLUMN


def _y(name: str) -> int:
    return _MARGIN + PLACES[name][1] * _ROW
