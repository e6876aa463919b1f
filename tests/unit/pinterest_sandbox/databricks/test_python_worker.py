"""The program that starts a worker's Python."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from pinterest_sandbox.databricks.python_worker import worker_python


def test_it_is_this_python_without_the_path_that_spark_adds(tmp_path: Path) -> None:
    program = worker_python(tmp_path)
    code = "import sys; print(sys.prefix, *sys.argv[1:], '/added' in sys.path)"
    done = subprocess.run(
        [program, "-c", code, "two words"],
        env={**os.environ, "PYTHONPATH": "/added"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == f"{sys.prefix} two words False\n"
