"""Publish a folder of code to the workspace, as a release that never changes."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from airflow.providers.common.compat.sdk import AirflowException
from airflow.sdk import BaseOperator

from cloud_operators.databricks.links.pages import WorkspaceFolderLink, page_url
from cloud_operators.databricks.release import Release, is_release_name

if TYPE_CHECKING:
    from airflow.sdk import Context

    from cloud_operators.databricks.hooks.workspace import DatabricksWorkspaceHook

MARKER = ".published"


class DatabricksPublishFolderOperator(BaseOperator):
    """Publish a local folder to ``<workspace_root>/<first 12 hex digits of its content's hash>``.

    A release folder is written once: the same content always gives the same folder, other content another
    one, so a run that has started keeps its code while a newer release is published beside it. A file
    ``.published`` is written last; a folder without it was left half-way and is completed. Afterwards old
    releases beyond ``keep`` are deleted.

    .. seealso:: https://docs.databricks.com/api/workspace/workspace/import

    :param source_folder: local folder whose content is published (templated)
    :param workspace_root: absolute workspace path under which the release folders lie (templated)
    :param include: glob patterns relative to ``source_folder``; a folder that matches brings all that is in
        it
    :param keep: how many releases to leave, the current one included; ``0`` deletes none
    :param databricks_conn_id: the Databricks connection (templated)
    """

    template_fields: Sequence[str] = ("source_folder", "workspace_root", "databricks_conn_id")
    operator_extra_links = (WorkspaceFolderLink(),)
    ui_color = "#1CB1C2"
    ui_fgcolor = "#fff"

    def __init__(
        self,
        *,
        source_folder: str | Path,
        workspace_root: str,
        include: Sequence[str] = ("*",),
        keep: int = 5,
        databricks_conn_id: str = "databricks_default",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.source_folder = source_folder
        self.workspace_root = workspace_root
        self.include = include
        self.keep = keep
        self.databricks_conn_id = databricks_conn_id

    @cached_property
    def hook(self) -> DatabricksWorkspaceHook:
        """The hook that all calls go through."""
        # Imported here: the provider's modules would cost every parse of a DAG file half a second.
        from cloud_operators.databricks.hooks.workspace import DatabricksWorkspaceHook

        return DatabricksWorkspaceHook(self.databricks_conn_id, caller=type(self).__name__)

    def execute(self, context: Context) -> str:
        """Publish the release if it is not there yet, then delete old ones.

        :returns: workspace path of the release folder
        :raises ValueError: when an argument is wrong, a pattern matches nothing, a file is too large, or two
            files would become the same workspace object
        """
        root = self._checked_root()
        release = Release.of_folder(Path(self.source_folder), self.include)
        folder = f"{root}/{release.name}"
        if self.hook.get_status(f"{folder}/{MARKER}"):
            self.log.info("Release %s is published already", folder)
        else:
            self._publish(release, folder)
        WorkspaceFolderLink.persist(context, page_url(self.hook, WorkspaceFolderLink.path(folder)))
        self._prune(root, release.name)
        return folder

    def _checked_root(self) -> str:
        root = self.workspace_root.rstrip("/")
        if not root.startswith("/"):
            raise ValueError(f"workspace_root={self.workspace_root!r}: an absolute path below / is needed")
        if self.keep < 0:
            raise ValueError(f"keep={self.keep}: 0 (delete none) or more is needed")
        return root

    def _publish(self, release: Release, folder: str) -> None:
        self.log.info("Publishing %d files as %s", len(release.files), folder)
        for sub_folder in release.folders:
            self.hook.make_folder(f"{folder}/{sub_folder}".rstrip("/"))
        for path, content in release.files.items():
            self.hook.import_file(f"{folder}/{path}", content)
        marker = json.dumps({"sha256": release.sha256, "files": len(release.files)})
        self.hook.import_file(f"{folder}/{MARKER}", marker.encode())
        self.log.info("Published %s", folder)

    def _prune(self, root: str, current: str) -> None:
        """Delete the oldest complete releases; never the current one, nor one that may be in the making."""
        if not self.keep:
            return
        try:
            old = [name for name in self._releases_newest_first(root) if name != current]
            for name in old[self.keep - 1 :]:
                self.log.info("Deleting the old release %s/%s", root, name)
                self.hook.delete(f"{root}/{name}", recursive=True)
        except AirflowException as error:
            # The release is published; what is left over is deleted after the next publication.
            self.log.warning("Old releases under %s could not be deleted: %s", root, error)

    def _releases_newest_first(self, root: str) -> list[str]:
        published: list[tuple[int, str]] = []
        for entry in self.hook.list_folder(root):
            name = str(entry["path"]).rsplit("/", 1)[-1]
            if entry.get("object_type") != "DIRECTORY" or not is_release_name(name):
                continue
            marker = self.hook.get_status(f"{root}/{name}/{MARKER}")
            if marker:
                published.append((int(marker.get("created_at") or 0), name))
        return [name for _, name in sorted(published, reverse=True)]
