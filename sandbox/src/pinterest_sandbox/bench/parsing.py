"""How long the DAG files take to load, beyond Airflow itself."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
from collections.abc import Mapping
from pathlib import Path

from pinterest_sandbox.airflow.settings import airflow_program
from pinterest_sandbox.bench.figures import Figure
from pinterest_sandbox.config import CHECKOUT

BUDGET_S = 0.3
RUNS = 3
# The first import is what the DAG processor has loaded before it comes to a file. To tell the share of
# Airflow's providers (with boto3 and requests behind them), a second process imports them beforehand.
_CODE = """
import importlib, json, runpy, sys, time
import airflow.dag_processing.dagbag, airflow.dag_processing.processor, airflow.sdk
sys.path.insert(0, sys.argv[2])
for name in json.loads(sys.argv[3]):
    importlib.import_module(name)
before = set(sys.modules)
began = time.perf_counter()
runpy.run_path(sys.argv[1])
seconds = time.perf_counter() - began
new = [name for name in sys.modules if name not in before and name.startswith("airflow.")]
print(json.dumps([seconds, new]))
"""


def measure(environment: Mapping[str, str]) -> list[Figure]:
    """The median of several loads of each file, each in a process of its own.

    :param environment: Airflow's and the pipeline's settings.
    """
    figures = []
    for file in sorted((CHECKOUT / "dags").glob("*.py")):
        modules = _load(file, environment, imported=[])[1]
        whole = statistics.median(_load(file, environment, imported=[])[0] for _ in range(RUNS))
        own = statistics.median(_load(file, environment, imported=modules)[0] for _ in range(RUNS))
        figures.append(
            Figure(
                name=f"parse {file.name}",
                value=whole,
                unit="s",
                budget=BUDGET_S,
                note=f"median of {RUNS}; {own:.2f} s without Airflow's providers",
            )
        )
    return figures


def _load(file: Path, environment: Mapping[str, str], *, imported: list[str]) -> tuple[float, list[str]]:
    """Seconds of one load, and the modules of Airflow that it imported."""
    python = airflow_program().with_name("python")
    done = subprocess.run(
        [str(python), "-c", _CODE, str(file), str(CHECKOUT / "plugins"), json.dumps(imported)],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=True,
    )
    seconds, modules = json.loads(done.stdout.splitlines()[-1])
    return float(seconds), modules
