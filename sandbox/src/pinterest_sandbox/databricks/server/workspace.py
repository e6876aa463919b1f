"""Workspace API. https://docs.databricks.com/api/workspace/workspace"""

from __future__ import annotations

import base64
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Response

from pinterest_sandbox.databricks.errors import ApiError, InvalidParameter
from pinterest_sandbox.databricks.fields import Fields, FilledText
from pinterest_sandbox.databricks.server.request import read
from pinterest_sandbox.databricks.workspace import IMPORT_LIMIT, Workspace, WorkspaceObject


class OfObject(Fields):
    """Which object is meant."""

    path: FilledText


class Import(OfObject):
    """An object and its content in base64."""

    content: str = ""
    format: str = "SOURCE"
    language: str | None = None
    overwrite: bool = False


class Delete(OfObject):
    """An object to be deleted."""

    recursive: bool = False


class Export(OfObject):
    """An object to be read."""

    format: Literal["AUTO", "SOURCE", "RAW"] = "SOURCE"
    direct_download: bool = False


def routes(workspace: Workspace) -> APIRouter:
    """The endpoints under ``/api/2.0/workspace``."""
    router = APIRouter(prefix="/api/2.0/workspace")

    @router.post("/import")
    def import_object(asked: Annotated[Import, read(Import)]) -> dict[str, Any]:
        workspace.write(
            asked.path,
            _decoded(asked.content),
            format=asked.format,
            language=asked.language,
            overwrite=asked.overwrite,
        )
        return {}

    @router.get("/list")
    def list_objects(asked: Annotated[OfObject, read(OfObject)]) -> dict[str, Any]:
        objects = [_to_api(found) for found in workspace.list(asked.path)]
        return {"objects": objects} if objects else {}

    @router.get("/get-status")
    def get_status(asked: Annotated[OfObject, read(OfObject)]) -> dict[str, Any]:
        return _to_api(workspace.status(asked.path))

    @router.post("/mkdirs")
    def mkdirs(asked: Annotated[OfObject, read(OfObject)]) -> dict[str, Any]:
        workspace.mkdirs(asked.path)
        return {}

    @router.post("/delete")
    def delete(asked: Annotated[Delete, read(Delete)]) -> dict[str, Any]:
        workspace.delete(asked.path, recursive=asked.recursive)
        return {}

    @router.get("/export")
    def export(asked: Annotated[Export, read(Export)]) -> Any:
        content = workspace.read(asked.path)
        if asked.direct_download:
            return Response(content, media_type="application/octet-stream")
        return {
            "content": base64.b64encode(content).decode(),
            "file_type": _file_type(workspace.status(asked.path)),
        }

    return router


def _decoded(text: str) -> bytes:
    if len(text) > IMPORT_LIMIT:
        message = f"The content's size exceeds the limit of {IMPORT_LIMIT} bytes"
        raise ApiError("MAX_NOTEBOOK_SIZE_EXCEEDED", message)
    try:
        return base64.b64decode(text, validate=True)
    except ValueError:
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
