"""The notebook itself, published as the workspace has it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.unit.spark.notebooks import run_notebook
from tests.unit.spark.pipelines import GEO, Pipeline, places


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
    value = run_notebook(folder / "daily_batch.py", pipeline.spark, parameters)
    assert json.loads(value)["entities"]["geo"]["kept"] == 2
    assert f"{zone.user_id}.geo" in capsys.readouterr().out
