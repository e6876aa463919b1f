"""``dbutils`` as notebooks know it: widgets, notebook, secrets, fs, and refusals of the rest.

https://docs.databricks.com/aws/en/dev-tools/databricks-utils
"""

from __future__ import annotations

from dataclasses import dataclass, field

from pinterest_sandbox.databricks.dbutils.filesystem import FileSystem
from pinterest_sandbox.databricks.dbutils.library import Library
from pinterest_sandbox.databricks.dbutils.notebook import NotebookUtils
from pinterest_sandbox.databricks.dbutils.secrets import Secrets
from pinterest_sandbox.databricks.dbutils.widgets import Widgets


@dataclass(frozen=True, kw_only=True)
class DBUtils:
    """The object that a notebook sees under the name ``dbutils``."""

    widgets: Widgets
    notebook: NotebookUtils
    secrets: Secrets
    fs: FileSystem
    library: Library = field(default_factory=Library)

    def __getattr__(self, name: str) -> object:
        raise AttributeError(f"dbutils.{name} is not supported here")


__all__ = ["DBUtils", "FileSystem", "Library", "NotebookUtils", "Secrets", "Widgets"]
