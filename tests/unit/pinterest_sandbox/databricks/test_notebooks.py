"""What a notebook can say without Spark, as Databricks understands it."""

from __future__ import annotations

import base64
import json
import re
from html import unescape
from typing import Any

import pytest

from tests.sandbox.databricks.client import WorkspaceClient


def imported(workspace: WorkspaceClient, path: str, content: bytes, **values: Any) -> None:
    workspace.post(
        "2.0/workspace/import",
        path=path,
        content=base64.b64encode(content).decode(),
        overwrite=True,
        **values,
    )


def jupyter(*sources: str) -> bytes:
    cells = [{"cell_type": "code", "metadata": {}, "source": source} for source in sources]
    return json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": cells}).encode()


def failure(workspace: WorkspaceClient, *cells: str) -> str:
    """The error of a notebook that must fail."""
    run = workspace.wait(workspace.submit(workspace.notebook(*cells)))
    assert run["state"]["result_state"] == "FAILED"
    return str(workspace.output(run)["error"])


def exported(workspace: WorkspaceClient, run_id: int, **values: Any) -> str:
    [view] = workspace.get("2.2/jobs/runs/export", run_id=run_id, **values)["views"]
    assert (view["name"], view["type"]) == ("notebook", "NOTEBOOK")
    return str(view["content"])


def test_jupyter_notebooks_run_and_include_others(workspace: WorkspaceClient) -> None:
    imported(
        workspace, "/Shared/common", jupyter("text = dbutils.widgets.get('mode') + '!'"), format="JUPYTER"
    )
    imported(
        workspace,
        "/Shared/main.ipynb",
        jupyter("%md\n# Title", '%run ./common $mode="fast"', "dbutils.notebook.exit(text)"),
        format="AUTO",
    )
    assert workspace.get("2.0/workspace/get-status", path="/Shared/main")["language"] == "PYTHON"
    assert workspace.result("/Shared/main") == "fast!"
    source = workspace.get("2.0/workspace/export", path="/Shared/common", format="SOURCE")["content"]
    assert base64.b64decode(source).startswith(b"# Databricks notebook source\ntext = ")


@pytest.mark.parametrize(
    ("call", "path"),
    [
        ("%run ./helpers/paths", "/Shared/helpers/paths"),
        ("%run /Shared/helpers/paths", "/Shared/helpers/paths"),
        ("%run /Workspace/Shared/helpers/paths", "/Shared/helpers/paths"),
        ('%run "../Shared/helpers/paths"', "/Shared/helpers/paths"),
        ("%run ./include_helpers", "/Shared/helpers/paths"),
    ],
    ids=["relative", "absolute", "workspace", "parent", "through-another"],
)
def test_paths_of_run(workspace: WorkspaceClient, call: str, path: str) -> None:
    workspace.post("2.0/workspace/mkdirs", path="/Shared/helpers")
    workspace.notebook(f"here = {path!r}", name="helpers/paths.py")
    workspace.notebook("# MAGIC %run ./helpers/paths", name="include_helpers.py")
    notebook = workspace.notebook(f"# MAGIC {call}", "dbutils.notebook.exit(here)")
    assert workspace.result(notebook) == path


@pytest.mark.parametrize(
    ("cell", "error"),
    [
        ("# MAGIC %sh\n# MAGIC ls", "line 5: %sh cells are not supported here"),
        ("# MAGIC %scala\n# MAGIC val x = 1", "line 5: %scala cells are not supported here"),
        ("# MAGIC %r\n# MAGIC x <- 1", "line 5: %r cells are not supported here"),
        ("# MAGIC %pip install x", "line 5: %pip cells are not supported here"),
        ("x = 1\n%pip install x", "line 6: %pip is not supported here"),
        ("!ls", "line 5: ! is not supported here"),
        ("# MAGIC %%time\n# MAGIC x = 1", "line 5: %%time is not supported here"),
        ("# MAGIC %fs format /", "line 5: %fs format is not one of ls, "),
        ("# MAGIC %run", "line 5: %run needs a path"),
        ("# MAGIC %run ./a b=1", "line 5: %run takes arguments as $name=\"value\", not 'b=1'"),
        ("dbutils.library.restartPython()", "dbutils.library.restartPython is not supported here"),
        ("dbutils.library.installPyPI('x')", "dbutils.library.installPyPI is not supported here"),
        ("dbutils.jobs.taskValues.set('a', 1)", "dbutils.jobs is not supported here"),
        (
            "dbutils.fs.mount('abfss://c@a.dfs.core.windows.net', '/mnt/x')",
            "mounting abfss:// is not supported",
        ),
    ],
    ids=lambda value: value[:30],
)
def test_what_is_not_here_is_refused_by_name(workspace: WorkspaceClient, cell: str, error: str) -> None:
    assert error in failure(workspace, "# MAGIC %md\n# MAGIC text", cell)


@pytest.mark.parametrize(
    "path", ["2.0/clusters/list", "2.1/clusters/events", "2.0/libraries/all-cluster-statuses"]
)
def test_cluster_apis_are_refused_by_name(workspace: WorkspaceClient, path: str) -> None:
    refused = workspace.call("GET", path)
    assert (refused.status_code, refused.json()["error_code"]) == (400, "FEATURE_DISABLED")
    assert refused.json()["message"].startswith(f"{path} is not supported here")
    assert workspace.call("POST", "2.0/clusters/create", json={}).json()["error_code"] == "FEATURE_DISABLED"


def test_the_cluster_can_be_looked_at_and_no_other(workspace: WorkspaceClient) -> None:
    (version,) = workspace.get("2.1/clusters/spark-versions")["versions"]
    cluster = workspace.get("2.1/clusters/get", cluster_id="sandbox")
    assert (cluster["state"], cluster["spark_version"]) == ("RUNNING", version["key"])
    refused = workspace.call("GET", "2.1/clusters/get", params={"cluster_id": "0123-456789-other"})
    assert (refused.status_code, refused.json()) == (
        400,
        {"error_code": "INVALID_PARAMETER_VALUE", "message": "Cluster 0123-456789-other does not exist"},
    )


@pytest.mark.parametrize("character", ["\x0b", "\x0c", "\x1c", "\x85", "\u2028", "\u2029"], ids=ascii)
def test_text_of_a_cell_is_not_split(workspace: WorkspaceClient, character: str) -> None:
    cells = (f"text = 'a{character}b'", "dbutils.notebook.exit(ascii(text))")
    assert workspace.result(workspace.notebook(*cells)) == ascii(f"a{character}b")
    run = workspace.wait(workspace.submit(workspace.notebook(cells[0], "1 / 0  # in line 4")))
    assert "line 4, in <module>\n    1 / 0  # in line 4\n" in workspace.output(run)["error_trace"]


def test_published_modules_find_the_utilities(workspace: WorkspaceClient) -> None:
    workspace.publish(
        "module.py",
        "from pyspark.dbutils import DBUtils\ndef who(spark): return DBUtils(spark).widgets.get('who')\n",
    )
    path = workspace.notebook("from module import who\ndbutils.notebook.exit(who(spark))")
    assert workspace.result(path, {"who": "Ada"}) == "Ada"
    assert workspace.result(path, {"who": "Grace"}) == "Grace"
    assert "No module named 'pyspark.dbutils'" not in failure(workspace, "import pyspark.dbutils\n1/0")


def test_file_store_for_python(workspace: WorkspaceClient) -> None:
    path = workspace.notebook(
        "import csv, os\nos.makedirs('/dbfs/FileStore/tables')",
        "with open('/dbfs/FileStore/tables/keys.csv', 'w') as file:\n    file.write('a,b\\n1,2\\n')",
        "with open('/dbfs/FileStore/tables/keys.csv') as file:\n    rows = list(csv.DictReader(file))",
        "dbutils.notebook.exit(str(rows) + str(os.listdir('/dbfs/FileStore/tables')))",
    )
    assert workspace.result(path) == "[{'a': '1', 'b': '2'}]['keys.csv']"


def test_outputs_are_kept_and_exported(workspace: WorkspaceClient) -> None:
    path = workspace.notebook(
        "# MAGIC %md\n# MAGIC # <i>Title</i>",
        "# DBTITLE 1,<u>First</u>\nprint('<script>alert(1)</script>')",
        "displayHTML('<script>document.title = \"x\"</script><b>bold</b>')",
        "import pandas as pd\ndisplay(pd.DataFrame({'<th>': ['<td>', None]}))",
        "raise ValueError('<b>wrong</b>')",
        "print('never')",
    )
    run = workspace.wait(workspace.submit(path, {"p": "<i>"}))
    html = exported(workspace, run["tasks"][0]["run_id"])
    page = workspace.call("GET", f"../jobs/{run['job_id']}/runs/{run['tasks'][0]['run_id']}").text

    frames = re.findall(r'<iframe sandbox="allow-scripts" srcdoc="([^"]*)"></iframe>', html)
    assert [unescape(frame) for frame in frames] == ['<script>document.title = "x"</script><b>bold</b>']
    for text in ("<i>Title", "<u>First", "<script", "<b>", "<td>&lt;td", "<th>&lt;th"):
        assert (text in html) == text.startswith(("<td>", "<th>"))
    for text in ("&lt;i&gt;Title", "&lt;u&gt;First", "alert(1)", "ValueError: &lt;b&gt;wrong", "line 13, in"):
        assert text in html
    assert '<td class="null">null</td>' in html
    assert "never" not in html.partition("ValueError")[2]
    body = re.search(r"<h2>.*</body>", html, re.DOTALL)
    assert body is not None
    assert body[0] in page


def test_run_of_one_task_is_exported_by_its_own_id(workspace: WorkspaceClient) -> None:
    run = workspace.wait(workspace.submit(workspace.notebook("print('here')")))
    assert "here" in exported(workspace, run["run_id"], views_to_export="ALL")
    assert workspace.get("2.1/jobs/runs/export", run_id=run["run_id"], views_to_export="DASHBOARDS") == {
        "views": []
    }


def test_runs_of_several_tasks_are_exported_one_by_one(workspace: WorkspaceClient) -> None:
    task = {"notebook_task": {"notebook_path": workspace.notebook("1")}}
    tasks = [{"task_key": key, **task} for key in "ab"]
    run = workspace.wait(workspace.post("2.2/jobs/runs/submit", tasks=tasks)["run_id"])
    refused = workspace.call("GET", "2.2/jobs/runs/export", params={"run_id": run["run_id"]})
    assert (refused.status_code, refused.json()["error_code"]) == (400, "INVALID_PARAMETER_VALUE")
    for found in run["tasks"]:
        assert exported(workspace, found["run_id"])


@pytest.mark.parametrize(
    "values",
    [{}, {"run_id": 1}, {"run_id": "x"}, {"run_id": 1, "views_to_export": "PDF"}],
    ids=["none", "unknown", "text", "view"],
)
def test_bad_export_is_refused(workspace: WorkspaceClient, values: dict[str, Any]) -> None:
    assert workspace.call("GET", "2.2/jobs/runs/export", params=values).status_code == 400
