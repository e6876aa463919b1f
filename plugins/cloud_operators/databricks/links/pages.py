"""Links to pages of the workspace; an operator pushes the address, the link shows it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, cast
from urllib.parse import quote

from airflow.sdk import BaseOperatorLink
from airflow.sdk.bases.xcom import BaseXCom

if TYPE_CHECKING:
    from airflow.providers.databricks.hooks.databricks import DatabricksHook
    from airflow.sdk import BaseOperator, Context
    from airflow.sdk.types import TaskInstanceKey


def page_url(hook: DatabricksHook, path: str) -> str:
    """Give the address of a page of the workspace.

    :param hook: hook with the workspace's connection
    :param path: what follows the host, with its leading slash
    """
    # The hook knows scheme, host and port; its method has no types.
    return str(cast(Any, hook)._endpoint_url(path.lstrip("/")))


class _PageLink(BaseOperatorLink):
    """A link whose address was pushed to XCom while the task ran."""

    name: ClassVar[str]
    key: ClassVar[str]

    def get_link(self, operator: BaseOperator, *, ti_key: TaskInstanceKey) -> str:
        """Return the address that the task pushed, empty before it did."""
        url = BaseXCom.get_one(
            key=self.key,
            dag_id=ti_key.dag_id,
            task_id=ti_key.task_id,
            run_id=ti_key.run_id,
            map_index=ti_key.map_index,
        )
        return str(url or "")

    @classmethod
    def persist(cls, context: Context, url: str) -> None:
        """Remember the address.

        :param context: the task's context
        :param url: the page's full address
        """
        context["ti"].xcom_push(key=cls.key, value=url)


class WorkspaceFolderLink(_PageLink):
    """The folder that a task published."""

    name = "Workspace folder"
    key = "workspace_folder_url"

    @staticmethod
    def path(folder: str) -> str:
        """Give the page of ``folder``, without the host."""
        return f"/#workspace{quote(folder)}"


class RunPageLink(_PageLink):
    """The run of a notebook."""

    name = "Databricks run"
    key = "run_page_url"


class StatementLink(_PageLink):
    """A SQL statement in the workspace's query history."""

    name = "Query history"
    key = "statement_url"

    @staticmethod
    def path(statement_id: str) -> str:
        """Give the page of the statement, without the host."""
        return f"/sql/history?queryId={quote(statement_id)}"
