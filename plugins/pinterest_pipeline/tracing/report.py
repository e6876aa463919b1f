"""The whole way of a post, put together of its parts, and as a table for people."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from pinterest_pipeline.entities import ENTITIES
from pinterest_pipeline.tracing.results import INPUTS
from pinterest_pipeline.tracing.states import MOST

#: Digits of a content's hash that the table shows; equal ones are the same JSON value.
_DIGITS = 12
_COLUMNS = ("path", "entity", "record", "landed", "written by", "content", "state")


def put_together(
    ind: int,
    source: Mapping[str, Any],
    batch: Iterable[Mapping[str, Any]],
    stream: Iterable[Mapping[str, Any]],
    results: Mapping[str, Any],
) -> dict[str, Any]:
    """Make the result of a trace.

    :param ind: key of the post.
    :param source: entity to what the source has.
    :param batch: what was found on the batch path, by entity.
    :param stream: what was found on the stream path, by entity.
    :param results: ``queries``, and ``not_searched``.
    :returns: ``ind``, ``source``, ``batch``, ``stream``, ``results``, ``ends`` (where the ways end),
        ``not_searched`` (sentences) and ``lines`` (all of it for people).
    """
    paths = {
        "batch": {each["entity"]: each for each in batch},
        "stream": {each["entity"]: each for each in stream},
    }
    queries = {query: _date(query, each, paths["batch"]) for query, each in results["queries"].items()}
    unsearched = [
        sentence
        for ways in paths.values()
        for entity in ENTITIES
        for sentence in ways[entity]["not_searched"]
    ]
    result: dict[str, Any] = {
        "ind": ind,
        "source": dict(source),
        **{
            path: {entity: _without(ways[entity], "not_searched", "entity") for entity in ENTITIES}
            for path, ways in paths.items()
        },
        "results": queries,
        "ends": {
            **{path: {entity: ways[entity]["end"] for entity in ENTITIES} for path, ways in paths.items()},
            "results": _end_of_results(queries),
        },
        # What all entities share is told once.
        "not_searched": list(dict.fromkeys([*unsearched, *results["not_searched"]])),
    }
    return {**result, "lines": make_lines(result)}


def make_lines(result: Mapping[str, Any]) -> list[str]:
    """The result as lines of text.

    :param result: as :func:`put_together` makes it.
    """
    lines = [f"Post {result['ind']}", *_table(_COLUMNS, list(_rows(result))), ""]
    for path in ("batch", "stream"):
        for entity, way in result[path].items():
            lines.append(f"{path} path, {entity}: {way['end']}")
            if way["left_out"]:
                lines.append(f"  {way['left_out']} older records are not shown, {MOST} are")
    lines += ["", f"Results: {result['ends']['results']}"]
    rows = [_result_row(query, each) for query, each in result["results"].items()]
    lines += _table(("query", "counts", "as", "result made"), rows)
    lines += ["", "Not searched:" if result["not_searched"] else "Everything was searched."]
    return [*lines, *(f"  {sentence}" for sentence in result["not_searched"])]


def _without(way: Mapping[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in way.items() if name not in names}


def _date(query: str, each: Mapping[str, Any], batch: Mapping[str, Any]) -> dict[str, Any]:
    """With ``up_to_date``: whether the result was made since the post is in the tables; null if not known."""
    writers = [batch[entity]["written_by"] for entity in INPUTS[query].entities]
    made = each["made_at"]
    known = each["counts"] and all(writers)
    if known and made is None:
        return {**each, "up_to_date": False}
    return {**each, "up_to_date": all(writer["at"] <= made for writer in writers) if known else None}


def _end_of_results(queries: Mapping[str, Any]) -> str:
    counting = [query for query, each in queries.items() if each["counts"]]
    if not counting:
        return "counts in none"
    old = [query for query in counting if queries[query]["up_to_date"] is False]
    told = f"counts in {len(counting)} of {len(queries)}"
    return f"{told}; {len(old)} were last made before its rows were written" if old else told


def _rows(result: Mapping[str, Any]) -> Iterable[Sequence[str]]:
    for entity, each in result["source"].items():
        place = f"{each['table']}, key {each['key']}"
        yield "source", entity, place, "", "", _content(each), "there" if each["there"] else "not there"
    for path, record in (("batch", _kafka), ("stream", _kinesis)):
        for entity, way in result[path].items():
            for each in way["occurrences"]:
                landed = each.get("landed")
                yield (
                    path,
                    entity,
                    record(each),
                    _landed(landed),
                    _writer(way["written_by"]) if each["in_table"] else "",
                    _content(each.get("kafka") or each.get("kinesis") or {}) or _content(landed or {}),
                    each["state"],
                )


def _content(told: Mapping[str, Any]) -> str:
    return str(told.get("content_sha256", ""))[:_DIGITS]


def _kafka(each: Mapping[str, Any]) -> str:
    kafka = each["kafka"]
    if kafka is None:
        return ""
    partition = "" if kafka["partition"] is None else f"[{kafka['partition']}]"
    return f"{kafka['topic']}{partition} offset {kafka['offset']}"


def _kinesis(each: Mapping[str, Any]) -> str:
    kinesis = each["kinesis"]
    gone = "" if kinesis["seen"] else ", not in the stream now"
    return f"{kinesis['shard']} {kinesis['sequence_number']}{gone}"


def _landed(landed: Mapping[str, Any] | None) -> str:
    if landed is None:
        return ""
    name = landed["object"].rpartition("/")[2]
    return f"{'retired ' if landed['retired'] else ''}{name} line {landed['line']}"


def _writer(writer: Mapping[str, Any] | None) -> str:
    if writer is None:
        return "a version that is not known any more"
    version = (
        f"version {writer['version']}" if writer["certain"] else f"version {writer['version']} or earlier"
    )
    return f"{version}, {writer['run_id']}"


def _result_row(query: str, each: Mapping[str, Any]) -> Sequence[str]:
    group = ", ".join(f"{name}={value}" for name, value in each["group"].items())
    made = each["made_at"] or "never"
    late = ", before its rows were written" if each["up_to_date"] is False and each["made_at"] else ""
    return query, "yes" if each["counts"] else "no", group or "; ".join(each["missing"]), f"{made}{late}"


def _table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(len(row[number]) for row in (columns, *rows)) for number in range(len(columns))]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in (columns, *rows)
    ]
