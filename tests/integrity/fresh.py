"""Python in a process of its own, with the product laid out as it is deployed."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.unit.pinterest_pipeline.airflow_home import CHECKOUT


def run_python(code: str, home: Path, *arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    """Run code with an Airflow home of its own.

    :param code: Python source.
    :param home: the Airflow home; the checkout is linked into it unless it holds the product already.
    :param arguments: arguments of the program.
    :param settings: ``PINTEREST_*`` variables without their prefix; no others are set.
    """
    if not (home / "dags").exists():
        for name in ("dags", "plugins", "include"):
            (home / name).symlink_to(CHECKOUT / name, target_is_directory=True)
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PINTEREST_")}
    environment |= {
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "PYTHONPATH": str(home / "plugins"),
        **{f"PINTEREST_{name}": value for name, value in settings.items()},
    }
    return subprocess.run(
        [sys.executable, "-c", code, *arguments],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
