"""The Python that Spark starts for its workers, and for sources that are written in Python."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path


def worker_python(folder: Path) -> Path:
    """Write the program that starts a worker's Python, and give its path.

    Spark puts its own ``pyspark.zip`` first on the path of every Python that it starts, and what is imported
    from there is compiled anew each time: that took most of a second, of the ten that Spark waits for it. The
    installed package is the same and compiled.

    :param folder: where the program is written.
    """
    program = folder / "python"
    program.write_text(
        f'#!/bin/sh\nunset PYTHONPATH\nexec {shlex.quote(sys.executable)} "$@"\n', encoding="utf-8"
    )
    program.chmod(0o755)
    return program
