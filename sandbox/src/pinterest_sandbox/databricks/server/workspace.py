"""Workspace API. https://docs.databricks.com/api/workspace/workspace"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter, Response

from pinterest_sandbox.databricks.errors import ApiError, InvalidParameter
from pinterest_sandbox.databricks.server.request import Values, flag, required
from pinterest_sandbox.databricks.workspace import IMPORT_LIMIT, Workspace, WorkspaceObject


def routes(workspace: Workspace) -> APIRouter:
    """The endpoints under ``/api/2.0/workspace``."""
    router = APIRouter(prefix="/api/2.0/workspace")

    @router.post("/import")
    def import_object(values: Values) -> dict[str, Any]:
        workspace.write(
            required(values, "path"),
            _content(values),
            format=str(values.get("format") or "SOURCE"),
            language=values.get("language"),
            overwrite=flag(values, "overwrite"),
        )
        return {}

    @router.get("/list")
    def list_objects(values: Values) -> dict[str, Any]:
        objects = [_to_api(found) for found in workspace.list(required(values, "path"))]
        return {"objects": objects} if objects else {}

    @router.get("/get-status")
    def get_status(values: Values) -> dict[str, Any]:
        return _to_api(workspace.status(required(values, "path")))

    @router.post("/mkdirs")
    def mkdirs(values: Values) -> dict[str, Any]:
        workspace.mkdirs(required(values, "path"))
        return {}

    @router.post("/delete")
    def delete(values: Values) -> dict[str, Any]:
        workspace.delete(required(values, "path"), recursive=flag(values, "recursive"))
        return {}

    @router.get("/export")
    def export(values: Values) -> Any:
        path = required(values, "path")
        kind = str(values.get("format") or "SOURCE")
        if kind not in ("SOURCE", "AUTO", "RAW"):
            raise InvalidParameter(f"format {kind!r} is not supported here: SOURCE, AUTO or RAW")
        content = workspace.read(path)
        if flag(values, "direct_download"):
            return Response(content, media_type="application/octet-stream")
        return {
            "content": base64.b64encode(content).decode(),
            "file_type": _file_type(workspace.status(path)),
        }

    return router


def _content(values: Mapping[str, Any]) -> bytes:
    text = str(values.get("content") or "")
    if len(text) > IMPORT_LIMIT:
        message = f"The content's size exceeds the limit of {IMPORT_LIMIT} bytes"
        raise ApiError("MAX_NOTEBOOK_SIZE_EXCEEDED", message)
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error:
        raise InvalidParameter("content must be in base64") from None


def _to_api(found: WorkspaceObject) -> dict[str, Any]:
    answer: dict[str, Any] = {
        "object_type": found.kind,
        "path": found.path,
        "object_id": found.object_id,
        "resource_id": str(found.object_id),
    }
    if found.kind != "DIRECTORY":
        answer |= {"created_at": found.created_at, "modified_at": found.modified_at}
    if found.language is not None:
        answer["language"] = found.language
    if found.size is not None:
        answer["size"] = found.size
    return answer


def _file_type(found: WorkspaceObject) -> str:
    return {"PYTHON": "py", "SQL": "sql"}.get(found.language or "", found.path.rpartition(".")[2])
