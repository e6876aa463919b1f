"""A notebook in Databricks' source format, run with what Databricks gives every notebook."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


class _Exit(Exception):
    pass


class _Notebook:
    def exit(self, value: str) -> None:
        raise _Exit(value)


class _Widgets:
    def __init__(self, values: dict[str, str]) -> None:
        self._values = values

    def text(self, name: str, default: str) -> None:
        self._values.setdefault(name, default)

    def dropdown(self, name: str, default: str, choices: list[str]) -> None:
        assert self._values.setdefault(name, default) in choices

    def get(self, name: str) -> str:
        return self._values[name]


class _DBUtils:
    def __init__(self, values: dict[str, str]) -> None:
        self.widgets = _Widgets(values)
        self.notebook = _Notebook()


def run_notebook(path: Path, spark: SparkSession, parameters: Mapping[str, str]) -> str:
    """Run a notebook to its ``exit``, and give the value that it exits with."""
    display: Callable[[Any], None] = lambda frame: frame.show(truncate=False)  # noqa: E731
    names = {"spark": spark, "dbutils": _DBUtils(dict(parameters)), "display": display}
    try:
        exec(compile(path.read_text(encoding="utf-8"), str(path), "exec"), names)
    except _Exit as end:
        return str(end)
    pytest.fail(f"{path.name} has not exited with a value")
