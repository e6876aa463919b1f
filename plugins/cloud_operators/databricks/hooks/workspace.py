"""Files and folders of a Databricks workspace, over the Workspace API 2.0."""

from __future__ import annotations

import base64
from http import HTTPStatus
from typing import Any, cast

from airflow.providers.databricks.exceptions import DatabricksApiError
from airflow.providers.databricks.hooks.databricks import DatabricksHook

from cloud_operators.databricks.release import IMPORT_LIMIT_BYTES


class DatabricksWorkspaceHook(DatabricksHook):
    """Read and write workspace objects.

    Paths are absolute (``/Shared/x``). Requests are retried by the provider's hook on 429, 5xx and connection
    loss.

    .. seealso:: https://docs.databricks.com/api/workspace/workspace

    :param databricks_conn_id: the Databricks connection
    :param kwargs: ``retry_limit``, ``retry_delay``, ``retry_args``, ``timeout_seconds`` of the provider's
        hook
    """

    def __init__(self, databricks_conn_id: str = DatabricksHook.default_conn_name, **kwargs: Any) -> None:
        kwargs.setdefault("caller", type(self).__name__)
        super().__init__(databricks_conn_id, **kwargs)

    def get_status(self, path: str) -> dict[str, Any] | None:
        """Look up one object.

        :param path: absolute workspace path
        :returns: the ObjectInfo (``object_type``, ``object_id``, ``created_at`` in ms, …), ``None`` when
            there is none
        """
        try:
            status = self._do_api_call(("GET", "2.0/workspace/get-status"), {"path": path})
        except DatabricksApiError as error:
            if error.http_status_code == HTTPStatus.NOT_FOUND:
                return None
            raise
        return cast("dict[str, Any]", status)

    def list_folder(self, path: str) -> list[dict[str, Any]]:
        """List what lies directly in a folder.

        :param path: absolute workspace path
        :returns: the ObjectInfos; empty when the folder is empty or does not exist
        """
        try:
            answer = self._do_api_call(("GET", "2.0/workspace/list"), {"path": path})
        except DatabricksApiError as error:
            if error.http_status_code == HTTPStatus.NOT_FOUND:
                return []
            raise
        # An empty folder's answer has no "objects".
        return list(answer.get("objects", []))

    def make_folder(self, path: str) -> None:
        """Create a folder and its parents; one that exists is left as it is.

        :param path: absolute workspace path
        """
        self._do_api_call(("POST", "2.0/workspace/mkdirs"), {"path": path})

    def import_file(self, path: str, content: bytes) -> None:
        """Write one file, over a present one, in format AUTO.

        AUTO keeps a module a file and makes a notebook of a source with the notebook header, whose name then
        loses its extension.

        :param path: absolute workspace path with the file's extension; its folder must exist
        :param content: the file's bytes
        :raises ValueError: when the content is larger than the API takes
        """
        encoded = base64.b64encode(content).decode("ascii")
        if len(encoded) > IMPORT_LIMIT_BYTES:
            raise ValueError(
                f"{path}: {len(content):,} bytes, {len(encoded):,} as sent, "
                f"but the workspace import takes {IMPORT_LIMIT_BYTES:,}"
            )
        self._do_api_call(
            ("POST", "2.0/workspace/import"),
            {"path": path, "format": "AUTO", "overwrite": True, "content": encoded},
        )

    def delete(self, path: str, *, recursive: bool = False) -> bool:
        """Delete an object.

        :param path: absolute workspace path
        :param recursive: delete a folder with all that is in it
        :returns: ``False`` when there was nothing to delete
        """
        try:
            self._do_api_call(("POST", "2.0/workspace/delete"), {"path": path, "recursive": recursive})
        except DatabricksApiError as error:
            if error.http_status_code == HTTPStatus.NOT_FOUND:
                return False
            raise
        return True
