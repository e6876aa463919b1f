"""The product as it lies on MWAA: the DAGs folder with ``include`` inside, and the unzipped plugins."""

from __future__ import annotations

import json
import shutil
import zipfile
from pathlib import Path
from typing import Any

import pytest

from pinterest_pipeline.entities import ENTITIES
from pinterest_pipeline.results.queries import QUERIES
from tests.integrity.fresh import run_python
from tests.unit.pinterest_pipeline.airflow_home import CHECKOUT

CACHES = shutil.ignore_patterns("__pycache__", "*.pyc")

# One of each kind that reads include: contracts, queries, checks, templates, and the folder to publish.
RUN = """
import json, sys
from airflow import plugins_manager
plugins, plugin_errors = plugins_manager._get_plugins()
folder = plugins_manager.settings.PLUGINS_FOLDER
modules = list(sys.modules.items())
loaded = [name for name, module in modules if folder in str(getattr(module, "__file__", ""))]
import calendar
from airflow.dag_processing.dagbag import DagBag
bag = DagBag()
from pinterest_pipeline import paths
from pinterest_pipeline.entities import contracts
from pinterest_pipeline.results import quality, tasks
publish = bag.dags["pinterest_daily_batch"].task_dict["publish_notebooks"]
print(json.dumps({
    "plugins": sorted(plugin.name for plugin in plugins),
    "loaded": loaded,
    "calendar": hasattr(calendar, "timegm"),
    "errors": [*bag.import_errors.values(), *plugin_errors.values()],
    "dags": len(bag.dags),
    "contracts": list(contracts()),
    "results": [item["destination"].rpartition("/")[2] for item in tasks.plan_results.function()],
    "checks": quality.check_names(),
    "sink": json.loads(paths.read_include("connect/s3-sink.json"))["connector.class"],
    "published": [(publish.source_folder, list(publish.include))],
}))
"""


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An Airflow home made from what is uploaded to the bucket."""
    folder = tmp_path_factory.mktemp("mwaa")
    home, upload = folder / "airflow", folder / "upload"
    shutil.copytree(CHECKOUT / "dags", home / "dags", ignore=CACHES)
    shutil.copytree(CHECKOUT / "include", home / "dags" / "include", ignore=CACHES)
    shutil.copytree(CHECKOUT / "plugins", upload, ignore=CACHES)
    archive = shutil.make_archive(str(folder / "plugins"), "zip", upload)
    with zipfile.ZipFile(archive) as plugins:
        assert ".airflowignore" in plugins.namelist()
        plugins.extractall(home / "plugins")
    return home


@pytest.fixture(scope="module")
def found(home: Path) -> dict[str, Any]:
    done = run_python(RUN, home, USER_ID="sandbox", DATABRICKS_WAREHOUSE_ID="w")
    assert done.returncode == 0, done.stderr
    answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return answer


def test_everything_loads_without_an_error(found: dict[str, Any]) -> None:
    assert found["errors"] == []
    assert found["dags"] == 4
    assert "pinterest" in found["plugins"]


def test_the_plugin_hides_no_module_of_others(found: dict[str, Any]) -> None:
    # Without the ignore file every module would be loaded under its bare name: kafka, types, calendar, ...
    assert found["loaded"] == ["pinterest_plugin"]
    assert found["calendar"]


def test_what_the_dags_read_is_found(found: dict[str, Any], home: Path) -> None:
    assert found["contracts"] == list(ENTITIES)
    assert found["results"] == list(QUERIES)
    assert found["checks"]
    assert found["sink"] == "io.confluent.connect.s3.S3SinkConnector"
    assert found["published"] == [[str(home / "dags" / "include"), ["contracts", "spark", "sql"]]]
    assert (home / "dags" / "include" / "spark" / "notebooks" / "daily_batch.py").is_file()
