"""The example of the README runs."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from tests.unit.cloud_operators.databricks.fake_databricks import FakeDatabricks, Notebook

README = Path(__file__).resolve().parents[4] / "plugins" / "cloud_operators" / "databricks" / "README.md"


def test_example(
    databricks: FakeDatabricks, context: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (code,) = re.findall(r"```python\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)
    names: dict[str, Any] = {}
    exec(code, names)
    assert names["keep_result"].dag.task_ids == ["publish", "run_notebook", "keep_result"]
    folder = names["publish"].execute(context)
    assert databricks.objects[f"{folder}/hello"]["object_type"] == "NOTEBOOK"
    databricks.notebooks[f"{folder}/hello"] = [Notebook(looks=(), exit_value='{"hello": "r1"}')]
    names["run_notebook"].notebook_path = f"{folder}/hello"
    assert names["run_notebook"].execute(context) == {"hello": "r1"}
