"""Which part may import which, and how long that takes."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integrity.dag_files import FILES
from tests.integrity.fresh import run_python
from tests.unit.pinterest_pipeline.airflow_home import CHECKOUT

BUDGET_S = 0.3


def test_import_directions() -> None:
    done = subprocess.run(
        [
            str(Path(sys.executable).with_name("lint-imports")),
            "--config",
            str(CHECKOUT / ".importlinter"),
            "--no-cache",
        ],
        cwd=CHECKOUT / "plugins",
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def imported(folder: str) -> Iterator[tuple[Path, str]]:
    for file in sorted((CHECKOUT / folder).rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                yield from ((file, alias.name) for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and not node.level:
                yield file, node.module or ""


@pytest.mark.parametrize(
    ("folder", "forbidden"),
    [
        ("dags", {"pinterest_sandbox", "pinterest_spark", "include", "dags", "plugins", "tests"}),
        ("plugins", {"pinterest_sandbox", "pinterest_spark", "include", "dags", "plugins", "tests"}),
        ("include", {"airflow", "pinterest_sandbox", "pinterest_pipeline", "cloud_operators", "tests"}),
        ("sandbox/src", {"pinterest_pipeline", "cloud_operators", "pinterest_spark"}),
    ],
)
def test_no_part_imports_what_it_must_not_know(folder: str, forbidden: set[str]) -> None:
    wrong = [
        f"{file.relative_to(CHECKOUT)}: {module}"
        for file, module in imported(folder)
        if module.partition(".")[0] in forbidden
    ]
    assert wrong == []


def test_no_product_file_knows_the_sandbox() -> None:
    files = [
        file
        for folder in ("dags", "plugins", "include")
        for file in (CHECKOUT / folder).rglob("*")
        if file.suffix in (".py", ".sql", ".json", ".properties")
    ]
    knowing = [file for file in files if "pinterest_sandbox" in file.read_text(encoding="utf-8").lower()]
    assert knowing == []


# The first load also imports Airflow's providers; the second one has only our own modules left to load.
MEASURE = """
import importlib.util, json, pathlib, sys, time
def load(file):
    begun = time.process_time()
    spec = importlib.util.spec_from_file_location(file.stem, file)
    spec.loader.exec_module(importlib.util.module_from_spec(spec))
    return time.process_time() - begun
seconds = {}
for file in sorted(pathlib.Path(sys.argv[1]).glob("*.py")):
    load(file)
    best = 99.0
    for _ in range(3):
        for name in [name for name in sys.modules if name.startswith(("pinterest_", "cloud_operators"))]:
            del sys.modules[name]
        best = min(best, load(file))
    seconds[file.stem] = best
print(json.dumps(seconds))
"""


def test_dag_files_parse_within_their_budget(tmp_path: Path) -> None:
    done = run_python(MEASURE, tmp_path, str(CHECKOUT / "dags"), USER_ID="sandbox")
    seconds = json.loads(done.stdout.splitlines()[-1])
    assert len(seconds) == len(FILES)
    assert {name: value for name, value in seconds.items() if value >= BUDGET_S} == {}
