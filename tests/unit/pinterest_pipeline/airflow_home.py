"""An Airflow home whose ``dags``, ``plugins`` and ``include`` are the checkout's."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[3]


def prepare() -> Path:
    """Set up the home and the one setting that is needed, before Airflow is imported.

    :returns: the home: ``AIRFLOW_HOME`` if it is set, else a new folder.
    """
    home = Path(os.environ.setdefault("AIRFLOW_HOME", tempfile.mkdtemp(prefix="airflow-home-")))
    home.mkdir(parents=True, exist_ok=True)
    for name in ("dags", "plugins", "include"):
        link = home / name
        if not link.exists():
            link.symlink_to(CHECKOUT / name, target_is_directory=True)
    os.environ.setdefault("PINTEREST_USER_ID", "sandbox")
    os.environ.setdefault("AIRFLOW__CORE__LOAD_EXAMPLES", "False")
    os.environ.setdefault("AIRFLOW__CORE__UNIT_TEST_MODE", "False")
    return home
