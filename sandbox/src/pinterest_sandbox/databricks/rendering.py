"""``display`` and ``displayHTML`` of notebooks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from pinterest_sandbox.databricks.output import Part, show

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

#: Rows of a table that are shown.
ROWS = 100
#: Characters of a value that are shown.
VALUE_LIMIT = 1000
#: Seconds in which a streaming table is read.
STREAM_LIMIT = 60.0


def display(*values: Any, **options: Any) -> None:
    """Show tables of Spark and pandas, lists of named rows, or anything else by its ``repr``.

    :param options: of streams, passed over: what there is of a stream is shown once.
    """
    for value in values:
        for part in _parts(value):
            show(part)


def display_html(html: str) -> None:
    """Show HTML; it is kept apart from the page around it."""
    show({"kind": "html", "html": str(html)})


def _parts(value: Any) -> list[Part]:
    from pyspark.sql import DataFrame

    if isinstance(value, DataFrame):
        return _of_stream(value) if value.isStreaming else _of_frame(value)
    if type(value).__module__.startswith("pandas."):
        frame = value.to_frame() if hasattr(value, "to_frame") else value
        rows = frame.astype(object).where(frame.notna(), None).head(ROWS + 1).to_numpy().tolist()
        return [_table([str(name) for name in frame.columns], rows)]
    fields = _fields(value)
    if fields:
        return [_table(fields, value)]
    return [{"kind": "text", "text": f"{value if isinstance(value, str) else repr(value)}\n"}]


def _of_frame(frame: DataFrame) -> list[Part]:
    if not frame.columns:
        return []
    # By position, for names may occur twice.
    named = frame.toDF(*(f"_{number}" for number in range(len(frame.columns))))
    texts = [
        f"hex({name}) AS {name}" if kind == "binary" else f"CAST({name} AS STRING) AS {name}"
        for name, kind in named.dtypes
    ]
    return [_table(frame.columns, named.selectExpr(*texts).limit(ROWS + 1).collect())]


def _of_stream(frame: DataFrame) -> list[Part]:
    """What there is of a stream now: on Databricks the table goes on growing, and the run never ends."""
    name = f"display_{uuid4().hex}"
    query = _memory_query(frame, name)
    ended = query.awaitTermination(STREAM_LIMIT)
    query.stop()
    table = frame.sparkSession.table(name)
    until = "when the cell ran" if ended else f"after {STREAM_LIMIT:g} s"
    note: Part = {
        "kind": "text",
        "text": f"A stream, as it was {until}; here display() does not follow it.\n",
    }
    parts = [note, *_of_frame(table)]
    frame.sparkSession.catalog.dropTempView(name)
    return parts


def _memory_query(frame: DataFrame, name: str) -> Any:
    from pyspark.errors import AnalysisException

    def start(mode: str) -> Any:
        writer = frame.writeStream.format("memory").queryName(name).outputMode(mode)
        return writer.trigger(availableNow=True).start()

    try:
        return start("append")
    except AnalysisException:
        # Aggregates have no rows that are final.
        return start("complete")


def _fields(value: Any) -> list[str]:
    """Names of the columns of a list of named tuples or Spark's rows, e.g. of ``dbutils.fs.ls``."""
    names = {_names(row) for row in value} if isinstance(value, list) else set()
    return list(names.pop()) if len(names) == 1 else []


def _names(row: Any) -> tuple[str, ...]:
    for attribute in ("_fields", "__fields__"):
        if isinstance(row, tuple) and hasattr(row, attribute):
            return tuple(getattr(row, attribute))
    return ()


def _table(columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> Part:
    shown = [[None if value is None else str(value)[:VALUE_LIMIT] for value in row] for row in rows[:ROWS]]
    note = f"The first {ROWS} rows" if len(rows) > ROWS else None
    return {"kind": "table", "columns": list(columns), "rows": shown, "note": note}
