"""The plugin folder as Airflow loads it: cleanly, and without hiding a module of somebody else."""

from __future__ import annotations

import json
from pathlib import Path

from tests.integrity.fresh import run_python
from tests.unit.pinterest_pipeline.airflow_home import CHECKOUT

LOAD = """
import json, sys
from airflow import plugins_manager
plugins, errors = plugins_manager._get_plugins()
ours = {
    name: module.__file__ for name, module in list(sys.modules.items())
    if "plugins" in str(getattr(module, "__file__", "")) and "site-packages" not in str(module.__file__)
}
import calendar
print(json.dumps({
    "plugins": sorted(plugin.name for plugin in plugins),
    "errors": errors,
    "ours": sorted(ours),
    "calendar": hasattr(calendar, "timegm"),
}))
"""


def test_the_plugin_loads_and_hides_nothing(tmp_path: Path) -> None:
    done = run_python(LOAD, tmp_path, USER_ID="sandbox")
    found = json.loads(done.stdout.splitlines()[-1])
    assert found["errors"] == {}
    assert "pinterest" in found["plugins"]
    # Without the ignore file every module would be loaded under its bare name: kafka, types, calendar, ...
    assert found["ours"] == ["pinterest_plugin"]
    assert found["calendar"]


def test_the_ignore_files_name_the_packages() -> None:
    ignored = (CHECKOUT / "plugins" / ".airflowignore").read_text().split()
    packages = {
        f"{folder.name}/" for folder in (CHECKOUT / "plugins").iterdir() if (folder / "__init__.py").exists()
    }
    assert packages <= set(ignored)
    assert "include/" in (CHECKOUT / "dags" / ".airflowignore").read_text().split()


def test_the_plugin_folder_holds_packages_and_one_file() -> None:
    assert [file.name for file in (CHECKOUT / "plugins").glob("*.py")] == ["pinterest_plugin.py"]
