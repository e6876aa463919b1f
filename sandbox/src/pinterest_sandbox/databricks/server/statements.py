"""Statement Execution API. https://docs.databricks.com/api/workspace/statementexecution"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter

from pinterest_sandbox.databricks.errors import InvalidParameter
from pinterest_sandbox.databricks.server.request import Values, number, required
from pinterest_sandbox.databricks.statements import Statements


def routes(statements: Statements) -> APIRouter:
    """The endpoints under ``/api/2.0/sql/statements``."""
    router = APIRouter(prefix="/api/2.0/sql/statements")

    @router.post("")
    @router.post("/", include_in_schema=False)
    def execute(values: Values) -> dict[str, Any]:
        _check_supported(values)
        required(values, "warehouse_id")
        wait = _wait_seconds(values)
        cancel = _one_of(values, "on_wait_timeout", "CONTINUE", "CANCEL") == "CANCEL"
        if cancel and not wait:
            raise InvalidParameter("on_wait_timeout=CANCEL needs a wait_timeout above 0s")
        statement = statements.execute(
            {
                "statement": required(values, "statement"),
                "parameters": _parameters(values.get("parameters") or []),
                "catalog": values.get("catalog"),
                "schema": values.get("schema"),
                "row_limit": number(values, "row_limit", 0) or None,
            }
        )
        if not statement.ended.wait(wait) and cancel:
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


def _check_supported(values: Mapping[str, Any]) -> None:
    _one_of(values, "disposition", "INLINE")
    _one_of(values, "format", "JSON_ARRAY")


def _one_of(values: Mapping[str, Any], name: str, *allowed: str) -> str:
    """The value of ``name``; the first of ``allowed`` where it is missing."""
    value = values.get(name) or allowed[0]
    if value not in allowed:
        raise InvalidParameter(f"{name}={value!r} is not supported here: one of {', '.join(allowed)}")
    return str(value)


def _wait_seconds(values: Mapping[str, Any]) -> int:
    text = str(values.get("wait_timeout") or "10s")
    match = re.fullmatch(r"(\d+)s", text)
    seconds = int(match[1]) if match else -1
    if seconds != 0 and not 5 <= seconds <= 50:
        raise InvalidParameter(f"wait_timeout must be 0s or between 5s and 50s, not {text}")
    return seconds


def _parameters(values: Any) -> list[dict[str, Any]]:
    named = isinstance(values, list) and all(
        isinstance(value, dict) and value.get("name") for value in values
    )
    if not named:
        raise InvalidParameter('parameters must be a list of {"name", "value", "type"}')
    return [{key: value.get(key) for key in ("name", "value", "type")} for value in values]
