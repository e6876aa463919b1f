"""Load every DAG as Airflow does, from its DAGs folder; the exit code says whether all of them loaded.

Needs ``PINTEREST_USER_ID`` and no database. The CI service runs it in the image of ``Dockerfile``.
"""

from __future__ import annotations

import platform
import sys
from pathlib import Path

import airflow
from airflow.configuration import conf
from airflow.dag_processing.dagbag import DagBag


def main() -> int:
    """Load the DAGs, tell of those that did not, and count."""
    folder = Path(conf.get("core", "dags_folder"))
    loaded = DagBag(dag_folder=str(folder))
    problems = [f"{file}:\n{error}" for file, error in loaded.import_errors.items()]
    # Each file holds the DAG of its name.
    wanted = {file.stem for file in folder.glob("*.py")}
    problems += [f"{dag}: not loaded" for dag in sorted(wanted - set(loaded.dag_ids))]
    if not wanted:
        problems.append(f"{folder} holds no DAG")
    for problem in problems:
        print(problem, file=sys.stderr)
    print(
        f"Airflow {airflow.__version__}, Python {platform.python_version()}: "
        f"{len(loaded.dag_ids)} DAGs loaded, {len(problems)} problems"
    )
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
