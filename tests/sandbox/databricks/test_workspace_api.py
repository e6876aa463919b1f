"""The workspace's objects, the token, and refusals, over HTTP."""

from __future__ import annotations

import base64

import pytest
import requests

from tests.sandbox.databricks.client import WorkspaceClient


def encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def test_import_list_export_delete(workspace: WorkspaceClient) -> None:
    workspace.notebook("1", name="daily.py")
    workspace.publish("module.py", "X = 1\n")
    workspace.publish("pin.json", "{}")
    workspace.post("2.0/workspace/mkdirs", path=f"{workspace.folder}/sub/deeper")

    objects = workspace.get("2.0/workspace/list", path=workspace.folder)["objects"]
    assert {
        o["path"].removeprefix(workspace.folder): (o["object_type"], o.get("language")) for o in objects
    } == {
        "/daily": ("NOTEBOOK", "PYTHON"),
        "/module.py": ("FILE", None),
        "/pin.json": ("FILE", None),
        "/sub": ("DIRECTORY", None),
    }
    assert workspace.get("2.0/workspace/get-status", path=f"{workspace.folder}/pin.json")["size"] == 2
    exported = workspace.get("2.0/workspace/export", path=f"{workspace.folder}/daily", format="SOURCE")
    assert base64.b64decode(exported["content"]).decode() == "# Databricks notebook source\n1\n"

    refused = workspace.call("POST", "2.0/workspace/delete", json={"path": f"{workspace.folder}/sub"})
    assert (refused.status_code, refused.json()["error_code"]) == (400, "DIRECTORY_NOT_EMPTY")
    workspace.post("2.0/workspace/delete", path=f"{workspace.folder}/sub", recursive=True)
    workspace.post("2.0/workspace/delete", path=f"{workspace.folder}/module.py")
    left = workspace.get("2.0/workspace/list", path=workspace.folder)["objects"]
    assert [o["path"] for o in left] == [f"{workspace.folder}/daily", f"{workspace.folder}/pin.json"]


def test_existing_object_is_replaced_only_on_request(workspace: WorkspaceClient) -> None:
    body = {"path": f"{workspace.folder}/a.txt", "format": "AUTO", "content": encoded("one")}
    workspace.post("2.0/workspace/import", **body)
    refused = workspace.call("POST", "2.0/workspace/import", json=body)
    assert (refused.status_code, refused.json()["error_code"]) == (400, "RESOURCE_ALREADY_EXISTS")
    workspace.post("2.0/workspace/import", **{**body, "content": encoded("two")}, overwrite=True)
    exported = workspace.get("2.0/workspace/export", path=body["path"], format="AUTO")
    assert base64.b64decode(exported["content"]) == b"two"


def test_import_needs_its_folder(workspace: WorkspaceClient) -> None:
    body = {"path": f"{workspace.folder}/none/a.txt", "format": "AUTO", "content": encoded("x")}
    refused = workspace.call("POST", "2.0/workspace/import", json=body)
    assert (refused.status_code, refused.json()["error_code"]) == (404, "RESOURCE_DOES_NOT_EXIST")


def test_too_large_content_is_refused(workspace: WorkspaceClient) -> None:
    body = {"path": f"{workspace.folder}/big", "format": "AUTO", "content": "A" * (10 * 1024 * 1024 + 4)}
    refused = workspace.call("POST", "2.0/workspace/import", json=body)
    assert (refused.status_code, refused.json()["error_code"]) == (400, "MAX_NOTEBOOK_SIZE_EXCEEDED")


@pytest.mark.parametrize("endpoint", ["list", "get-status", "export"])
def test_missing_path(workspace: WorkspaceClient, endpoint: str) -> None:
    refused = workspace.call("GET", f"2.0/workspace/{endpoint}", params={"path": "/Shared/none"})
    assert (refused.status_code, refused.json()) == (
        404,
        {"error_code": "RESOURCE_DOES_NOT_EXIST", "message": "Path (/Shared/none) doesn't exist."},
    )


@pytest.mark.parametrize(
    ("headers", "status"),
    [({}, 401), ({"Authorization": "Basic x"}, 401), ({"Authorization": "Bearer wrong"}, 403)],
    ids=["none", "other-kind", "wrong"],
)
def test_token_is_checked(workspace: WorkspaceClient, headers: dict[str, str], status: int) -> None:
    url = f"{workspace.url}/api/2.0/workspace/list?path=/"
    refused = requests.get(url, headers=headers, timeout=10)
    assert refused.status_code == status
    assert refused.json()["error_code"] == str(status)


def test_unknown_endpoint(workspace: WorkspaceClient) -> None:
    refused = workspace.call("GET", "2.0/nothing/here")
    assert (refused.status_code, refused.json()["error_code"]) == (404, "ENDPOINT_NOT_FOUND")


def test_body_that_is_no_json(workspace: WorkspaceClient) -> None:
    refused = workspace.call("POST", "2.2/jobs/runs/submit", data="{")
    assert (refused.status_code, refused.json()["error_code"]) == (400, "MALFORMED_REQUEST")
