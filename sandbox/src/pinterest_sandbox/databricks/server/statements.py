"""Statement Execution API. https://docs.databricks.com/api/workspace/statementexecution"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter
from pydantic import Field

from pinterest_sandbox.databricks.compute import check_warehouse
from pinterest_sandbox.databricks.errors import InvalidParameter
from pinterest_sandbox.databricks.fields import Count, Fields, FilledText, ScalarText
from pinterest_sandbox.databricks.server.request import read
from pinterest_sandbox.databricks.statements import Statements


class Parameter(Fields):
    """A named parameter."""

    name: FilledText
    value: ScalarText | None = None
    type: str | None = None


class Request(Fields):
    """A statement to be executed."""

    warehouse_id: str
    statement: FilledText
    parameters: list[Parameter] = Field(default_factory=list)
    catalog: str | None = None
    schema_: str | None = Field(None, alias="schema")
    row_limit: Count = 0
    wait_timeout: Annotated[str, Field(pattern=r"^[0-9]{1,2}s$")] = "10s"
    on_wait_timeout: Literal["CONTINUE", "CANCEL"] = "CONTINUE"
    disposition: Literal["INLINE"] = "INLINE"
    format: Literal["JSON_ARRAY"] = "JSON_ARRAY"

    def wait_seconds(self) -> int:
        """How long its answer may wait for it.

        :raises InvalidParameter: when that is too short or too long.
        """
        seconds = int(self.wait_timeout.removesuffix("s"))
        if seconds != 0 and not 5 <= seconds <= 50:
            raise InvalidParameter(f"wait_timeout must be 0s or between 5s and 50s, not {self.wait_timeout}")
        if seconds == 0 and self.on_wait_timeout == "CANCEL":
            raise InvalidParameter("on_wait_timeout=CANCEL needs a wait_timeout above 0s")
        return seconds

    def spec(self) -> dict[str, Any]:
        """The arguments of :func:`~pinterest_sandbox.databricks.sql.run_statement`."""
        return {
            "statement": self.statement,
            "parameters": [parameter.model_dump() for parameter in self.parameters],
            "catalog": self.catalog,
            "schema": self.schema_,
            "row_limit": self.row_limit or None,
        }


def routes(statements: Statements) -> APIRouter:
    """The endpoints under ``/api/2.0/sql/statements``."""
    router = APIRouter(prefix="/api/2.0/sql/statements")

    @router.post("")
    @router.post("/", include_in_schema=False)
    def execute(asked: Annotated[Request, read(Request)]) -> dict[str, Any]:
        wait = asked.wait_seconds()
        check_warehouse(asked.warehouse_id)
        statement = statements.execute(asked.spec())
        if not statement.ended.wait(wait) and asked.on_wait_timeout == "CANCEL":
            statements.cancel(statement)
        return statement.to_api()

    @router.get("/{statement_id}")
    def get(statement_id: str) -> dict[str, Any]:
        return statements.find(statement_id).to_api()

    @router.get("/{statement_id}/result/chunks/{index}")
    def chunk(statement_id: str, index: int) -> dict[str, Any]:
        return statements.chunk(statement_id, index)

    @router.post("/{statement_id}/cancel")
    def cancel(statement_id: str) -> dict[str, Any]:
        statements.cancel(statements.find(statement_id))
        return {}

    return router
