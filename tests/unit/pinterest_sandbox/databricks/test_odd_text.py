"""Text that UTF-8 has no bytes for: half of a surrogate pair, which JSON can write and Python can hold."""

from __future__ import annotations

import pytest
import requests

from tests.sandbox.databricks.client import WorkspaceClient

HALF = "\ud800"


def test_parameter_reaches_the_notebook_and_comes_back(workspace: WorkspaceClient) -> None:
    path = workspace.notebook(
        'dbutils.notebook.exit(dbutils.widgets.get("p") + str(len(dbutils.widgets.get("p"))))'
    )
    assert workspace.result(path, {"p": HALF}) == f"{HALF}1"


@pytest.mark.parametrize(
    "cell",
    ["raise ValueError('\\ud800')", "print('\\ud800')\nraise ValueError('printed')"],
    ids=["message", "output"],
)
def test_failed_notebook_is_reported(workspace: WorkspaceClient, cell: str) -> None:
    run = workspace.wait(workspace.submit(workspace.notebook(cell)))
    assert run["tasks"][0]["state"]["life_cycle_state"] == "TERMINATED"
    assert run["tasks"][0]["state"]["result_state"] == "FAILED"
    assert workspace.output(run)["error"]


def test_pages_can_be_read(workspace: WorkspaceClient) -> None:
    path = workspace.notebook("print('\\ud800')\ndbutils.notebook.exit('\\ud800')")
    run = workspace.wait(workspace.submit(path, {"p": HALF}, run_name=f"name {HALF}"))
    assert run["run_name"] == f"name {HALF}"
    for url in (run["run_page_url"], workspace.url):
        page = requests.get(url, timeout=10)
        assert page.status_code == 200
        assert "name " in page.content.decode()


def test_statement_ends(workspace: WorkspaceClient) -> None:
    parameters = [{"name": "p", "value": HALF}]
    answer = workspace.statement(f"SELECT :p, '{HALF}'", parameters=parameters)
    assert answer["status"] == {"state": "SUCCEEDED"}


def test_refusal_names_it(workspace: WorkspaceClient) -> None:
    refused = workspace.call("GET", "2.0/workspace/get-status", params={}, json={"path": f"/Shared/{HALF}"})
    assert refused.status_code == 400
    assert HALF in refused.json()["message"]
