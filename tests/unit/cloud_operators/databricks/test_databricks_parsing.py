"""A DAG file that uses the operators is parsed without loading the provider's modules."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

PLUGINS = Path(__file__).resolve().parents[4] / "plugins"
CODE = """
import sys
import cloud_operators.databricks.operators.keep_running
import cloud_operators.databricks.operators.notebook
import cloud_operators.databricks.operators.sql
import cloud_operators.databricks.operators.workspace
heavy = ("airflow.providers.databricks.hooks", "airflow.providers.databricks.operators", "aiohttp")
loaded = [name for name in sys.modules if name.startswith(heavy)]
sys.exit(f"loaded: {loaded}" if loaded else 0)
"""


def test_operators_do_not_load_the_provider() -> None:
    done = subprocess.run(
        [sys.executable, "-c", CODE],
        env={**os.environ, "PYTHONPATH": str(PLUGINS)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
