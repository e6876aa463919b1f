"""The notebook itself, published as the workspace has it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.unit.spark.pipelines import GEO, Pipeline, places

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


def test_notebook_runs_and_exits_with_the_counts(
    pipeline: Pipeline, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = Path(__file__).resolve().parents[3] / "include" / "spark" / "notebooks"
    zone = pipeline.zone
    zone.put("geo", 0, places(1, 2))
    parameters = {
        "user_id": zone.user_id,
        "catalog": "spark_catalog",
        "schema": "default",
        "manifest": zone.manifest("noted", pins={GEO: 2}),
        "run_id": "noted",
    }
    value = _run_notebook(folder / "daily_batch.py", pipeline.spark, parameters)
    assert json.loads(value)["entities"]["geo"]["kept"] == 2
    assert f"{zone.user_id}.geo" in capsys.readouterr().out


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

    def get(self, name: str) -> str:
        return self._values[name]


class _DBUtils:
    def __init__(self, values: dict[str, str]) -> None:
        self.widgets = _Widgets(values)
        self.notebook = _Notebook()


def _run_notebook(path: Path, spark: SparkSession, parameters: dict[str, str]) -> str:
    display: Callable[[Any], None] = lambda frame: frame.show(truncate=False)  # noqa: E731
    names = {"spark": spark, "dbutils": _DBUtils(dict(parameters)), "display": display}
    with pytest.raises(_Exit) as end:
        exec(compile(path.read_text(encoding="utf-8"), str(path), "exec"), names)
    return str(end.value)
