"""Statements on the SQL warehouse, sent as any client would."""

from __future__ import annotations

import requests

from pinterest_sandbox.config import WAREHOUSE_ID, Config
from pinterest_sandbox.waiting import NotReady, wait_until

LIMIT = 600.0


def run_sql(
    config: Config, statement: str, parameters: dict[str, str] | None = None
) -> list[list[str | None]]:
    """Run one statement on the SQL warehouse.

    :returns: rows of text, as the statement API gives them.
    :raises RuntimeError: with the warehouse's message.
    """
    session = requests.Session()
    session.headers["Authorization"] = f"Bearer {config.databricks_token}"
    address = config.url("databricks", "/api/2.0/sql/statements")
    answer = session.post(
        address,
        json={
            "statement": statement,
            "warehouse_id": WAREHOUSE_ID,
            "wait_timeout": "50s",
            "parameters": [{"name": name, "value": value} for name, value in (parameters or {}).items()],
        },
        timeout=120,
    ).json()

    def finished() -> None:
        if answer["status"]["state"] in ("PENDING", "RUNNING"):
            answer.update(session.get(f"{address}/{answer['statement_id']}", timeout=60).json())
            raise NotReady(answer["status"]["state"])

    wait_until(finished, what="the SQL statement", timeout=LIMIT, interval=0.2)
    if answer["status"]["state"] != "SUCCEEDED":
        raise RuntimeError(f"{statement}: {answer['status'].get('error', {}).get('message')}")
    rows: list[list[str | None]] = answer.get("result", {}).get("data_array") or []
    return rows
