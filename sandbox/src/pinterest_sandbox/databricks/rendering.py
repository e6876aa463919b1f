"""What ``display`` shows, as text."""

from __future__ import annotations

from typing import Any

#: Rows of a table that are shown.
ROWS = 100


def render(value: Any) -> str:
    """``value`` as text: tables of Spark and pandas as grids, anything else by its ``repr``."""
    from pyspark.sql import DataFrame

    if isinstance(value, DataFrame):
        if value.isStreaming:
            return f"{value!r} (streaming)"
        return str(value._jdf.showString(ROWS, 80, False)).rstrip()
    if type(value).__module__.startswith("pandas."):
        return str(value.to_string(max_rows=ROWS))
    return value if isinstance(value, str) else repr(value)
