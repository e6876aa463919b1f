"""The Airflow plugin of the pipeline. Nothing else lies at this level: Airflow loads every file here by its
bare name.
"""

from __future__ import annotations

from typing import Any

from airflow.plugins_manager import AirflowPlugin

from pinterest_pipeline.deadlines import RunQueued


class PinterestPlugin(AirflowPlugin):
    """Names the plugin, so that ``airflow plugins`` shows that the package was deployed.

    Airflow takes a deadline's reference only from a plugin.
    """

    name = "pinterest"
    deadline_references: list[Any] = [RunQueued]  # noqa: RUF012 - as Airflow declares it
