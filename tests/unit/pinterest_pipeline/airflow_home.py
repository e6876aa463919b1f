"""An Airflow home whose ``dags``, ``plugins`` and ``include`` are the checkout's."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

#: The same whatever surrounds the tests: names and alerts are compared with reviewed ones.
SETTINGS = {
    "PINTEREST_USER_ID": "sandbox",
    "PINTEREST_ALERT_TOPIC_ARN": "arn:aws:sns:us-east-1:123456789012:alerts",
    "PINTEREST_DATABRICKS_CATALOG": "spark_catalog",
    "PINTEREST_DATABRICKS_SCHEMA": "default",
    "PINTEREST_NOTIFIERS": "",
    "PINTEREST_STATE_ROOT": "",
}
CHECKOUT = Path(__file__).resolve().parents[3]


def prepare() -> Path:
    """Set up the home and the settings, before Airflow is imported.

    :returns: the home: ``AIRFLOW_HOME`` if it is set, else a new folder.
    """
    home = Path(os.environ.setdefault("AIRFLOW_HOME", tempfile.mkdtemp(prefix="airflow-home-")))
    home.mkdir(parents=True, exist_ok=True)
    for name in ("dags", "plugins", "include"):
        link = home / name
        if not link.exists():
            link.symlink_to(CHECKOUT / name, target_is_directory=True)
    os.environ.setdefault("AIRFLOW__CORE__LOAD_EXAMPLES", "False")
    os.environ.update(SETTINGS)
    return home
