"""Notebooks, files and folders of a workspace. https://docs.databricks.com/api/workspace/workspace"""

from __future__ import annotations

import base64
from typing import Any

import pytest
import requests

from tests.sandbox.databricks.client import WorkspaceClient

NOTEBOOK = "# Databricks notebook source\n"


def text_file(workspace: WorkspaceClient, text: str, **extra: Any) -> dict[str, Any]:
    """A request that imports a file of this text."""
    content = base64.b64encode(text.encode()).decode()
    return {"path": f"{workspace.folder}/a.txt", "format": "AUTO", "content": content, **extra}


def test_objects_are_imported_listed_and_exported(workspace: WorkspaceClient) -> None:
    workspace.publish("daily.py", f"{NOTEBOOK}print(1)\n")
    workspace.publish("module.py", "X = 1\n")
    workspace.post("2.0/workspace/mkdirs", path=f"{workspace.folder}/sub/deeper")
    # A folder that is there already is no error.
    workspace.post("2.0/workspace/mkdirs", path=f"{workspace.folder}/sub/deeper")

    objects = workspace.get("2.0/workspace/list", path=workspace.folder)["objects"]
    found = {o["path"].removeprefix(workspace.folder): (o["object_type"], o.get("language")) for o in objects}
    assert found == {
        "/daily": ("NOTEBOOK", "PYTHON"),
        "/module.py": ("FILE", None),
        "/sub": ("DIRECTORY", None),
    }
    status = workspace.get("2.0/workspace/get-status", path=f"{workspace.folder}/daily")
    [listed] = [o for o in objects if o["path"] == status["path"]]
    assert (status["object_id"], status["object_type"]) == (listed["object_id"], "NOTEBOOK")
    exported = workspace.get("2.0/workspace/export", path=f"{workspace.folder}/daily", format="SOURCE")
    text = base64.b64decode(exported["content"]).decode()
    assert text.startswith(NOTEBOOK)
    assert "print(1)" in text


def test_existing_object_is_replaced_only_on_request(workspace: WorkspaceClient) -> None:
    workspace.post("2.0/workspace/import", **text_file(workspace, "one"))

    refused = workspace.call("POST", "2.0/workspace/import", json=text_file(workspace, "two"))
    assert (refused.status_code, refused.json()["error_code"]) == (400, "RESOURCE_ALREADY_EXISTS")

    workspace.post("2.0/workspace/import", **text_file(workspace, "two", overwrite=True))
    exported = workspace.get("2.0/workspace/export", path=f"{workspace.folder}/a.txt", format="AUTO")
    assert base64.b64decode(exported["content"]) == b"two"


def test_folder_with_content_is_deleted_only_recursively(workspace: WorkspaceClient) -> None:
    workspace.post("2.0/workspace/mkdirs", path=f"{workspace.folder}/sub/deeper")
    path = f"{workspace.folder}/sub"

    refused = workspace.call("POST", "2.0/workspace/delete", json={"path": path})
    assert (refused.status_code, refused.json()["error_code"]) == (400, "DIRECTORY_NOT_EMPTY")

    workspace.post("2.0/workspace/delete", path=path, recursive=True)
    gone = workspace.call("GET", "2.0/workspace/get-status", params={"path": path})
    assert (gone.status_code, gone.json()["error_code"]) == (404, "RESOURCE_DOES_NOT_EXIST")


@pytest.mark.parametrize(
    "changes", [{"language": []}, {"content": {}}, {"path": ["/"]}], ids=["language", "content", "path"]
)
def test_value_of_the_wrong_type_is_refused(workspace: WorkspaceClient, changes: dict[str, Any]) -> None:
    body = text_file(workspace, "text", **changes)

    refused = workspace.call("POST", "2.0/workspace/import", json=body)

    assert refused.status_code == 400
    assert refused.json()["error_code"] in ("MALFORMED_REQUEST", "INVALID_PARAMETER_VALUE")


@pytest.mark.parametrize(
    ("method", "endpoint"),
    [("GET", "list"), ("GET", "get-status"), ("GET", "export"), ("POST", "delete")],
)
def test_missing_path(workspace: WorkspaceClient, method: str, endpoint: str) -> None:
    values = {"path": f"{workspace.folder}/none"}
    sent: dict[str, Any] = {"params": values} if method == "GET" else {"json": values}

    refused = workspace.call(method, f"2.0/workspace/{endpoint}", **sent)

    assert (refused.status_code, refused.json()["error_code"]) == (404, "RESOURCE_DOES_NOT_EXIST")


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer dapi0"}], ids=["no token", "wrong token"])
def test_token_is_needed(workspace: WorkspaceClient, headers: dict[str, str]) -> None:
    refused = requests.get(
        f"{workspace.url}/api/2.0/workspace/list",
        params={"path": workspace.folder},
        headers=headers,
        timeout=30,
    )

    # 401 by the documentation; workspaces answer a wrong token with 403.
    assert refused.status_code in ((401, 403) if headers else (401,))


def test_unknown_endpoint(workspace: WorkspaceClient) -> None:
    refused = workspace.call("GET", "2.0/workspace/no-such-endpoint")

    assert (refused.status_code, refused.json()["error_code"]) == (404, "ENDPOINT_NOT_FOUND")
