"""The tool with which the CI service loads all DAGs in the image."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.unit.pinterest_pipeline.airflow_home import CHECKOUT


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """An Airflow home as the image has it: the project, no database."""
    for name in ("dags", "plugins", "include", "tools"):
        shutil.copytree(CHECKOUT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path


def check(home: Path, user_id: str = "sandbox") -> subprocess.CompletedProcess[str]:
    kept = {
        name: value for name, value in os.environ.items() if not name.startswith(("AIRFLOW", "PINTEREST"))
    }
    return subprocess.run(
        [sys.executable, "tools/check_dags.py"],
        env={**kept, "AIRFLOW_HOME": str(home), "PINTEREST_USER_ID": user_id},
        cwd=home,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )


def test_all_dags_load(home: Path) -> None:
    done = check(home)
    assert done.returncode == 0, done.stderr
    number = len(list((CHECKOUT / "dags").glob("*.py")))
    assert f": {number} DAGs loaded, 0 problems" in done.stdout


def test_every_dag_that_does_not_load_is_told(home: Path) -> None:
    done = check(home, user_id="My-Id")
    assert done.returncode == 1
    for file in (CHECKOUT / "dags").glob("*.py"):
        assert f"{file.stem}: not loaded" in done.stderr
    assert "SettingsError: PINTEREST_USER_ID='My-Id' is wrong" in done.stderr


def test_a_file_without_its_dag_is_told(home: Path) -> None:
    # Airflow itself takes a file without the words "dag" and "airflow" for no DAG file, and says nothing.
    (home / "dags" / "pinterest_lost.py").write_text("")
    done = check(home)
    assert done.returncode == 1
    assert "pinterest_lost: not loaded" in done.stderr


def test_no_dags_are_a_problem(home: Path) -> None:
    shutil.rmtree(home / "dags")
    (home / "dags").mkdir()
    done = check(home)
    assert done.returncode == 1
    assert "holds no DAG" in done.stderr
