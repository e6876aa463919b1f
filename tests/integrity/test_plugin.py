"""What lies in the plugins folder. How Airflow loads it is in ``tests.integrity.mwaa``."""

from __future__ import annotations

from tests.unit.pinterest_pipeline.airflow_home import CHECKOUT

PLUGINS = CHECKOUT / "plugins"


def test_the_ignore_files_name_the_packages() -> None:
    packages = {f"{folder.name}/" for folder in PLUGINS.iterdir() if (folder / "__init__.py").exists()}
    assert packages == {"cloud_operators/", "pinterest_pipeline/"}
    assert packages <= set((PLUGINS / ".airflowignore").read_text().split())
    assert "include/" in (CHECKOUT / "dags" / ".airflowignore").read_text().split()


def test_the_folder_holds_packages_and_one_file() -> None:
    assert [file.name for file in PLUGINS.glob("*.py")] == ["pinterest_plugin.py"]
