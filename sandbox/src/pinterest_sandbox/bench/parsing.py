"""How long the DAG files take to load, beyond Airflow itself."""

from __future__ import annotations

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
# What the DAG processor has imported before it comes to a file.
_CODE = """
import runpy, sys, time
import airflow.dag_processing.dagbag, airflow.dag_processing.processor, airflow.sdk
sys.path.insert(0, sys.argv[2])
began = time.perf_counter()
runpy.run_path(sys.argv[1])
print(time.perf_counter() - began)
"""


def measure(environment: Mapping[str, str]) -> list[Figure]:
    """The median of several loads of each file, each in a process of its own.

    :param environment: Airflow's and the pipeline's settings.
    """
    return [
        Figure(
            name=f"parse {file.name}",
            value=statistics.median(_seconds(file, environment) for _ in range(RUNS)),
            unit="s",
            budget=BUDGET_S,
            note=f"median of {RUNS}",
        )
        for file in sorted((CHECKOUT / "dags").glob("*.py"))
    ]


def _seconds(file: Path, environment: Mapping[str, str]) -> float:
    python = airflow_program().with_name("python")
    done = subprocess.run(
        [str(python), "-c", _CODE, str(file), str(CHECKOUT / "plugins")],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=True,
    )
    return float(done.stdout.splitlines()[-1])
