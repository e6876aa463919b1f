"""The Airflow plugin of the pipeline. Nothing else lies at this level: Airflow loads every file here by its
bare name.
"""

from __future__ import annotations

from airflow.plugins_manager import AirflowPlugin


class PinterestPlugin(AirflowPlugin):
    """Names the plugin, so that ``airflow plugins`` shows that the package was deployed."""

    name = "pinterest"
