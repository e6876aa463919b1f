"""Whether the ledger, the batch tables and the landed lines agree."""

from __future__ import annotations

from pinterest_sandbox.databricks.sql_client import run_sql
from tests.e2e.conftest import ENTITIES, Demo, landed_lines


def balance(demo: Demo) -> list[list[str | None]]:
    """By entity: rows of the batch table, keys kept by all runs, lines that all runs have landed."""
    rows = []
    for entity in ENTITIES:
        table = f"`spark_catalog`.`default`.`{demo.sandbox.user_id}_{entity}_batch`"
        ledger = f"`spark_catalog`.`default`.`{demo.sandbox.user_id}_ledger`"
        rows += run_sql(
            demo.sandbox,
            f"SELECT (SELECT count(*) FROM {table}), sum(kept), sum(landed) FROM {ledger} "
            f"WHERE stage = 'batch' AND entity = '{entity}'",
        )
    return rows


def check_balance(demo: Demo) -> None:
    """All keys of the tables were kept once, and all landed lines were read once."""
    lines = landed_lines(demo.sandbox)
    for entity, (table_rows, kept, landed) in zip(ENTITIES, balance(demo), strict=True):
        assert table_rows == kept, entity
        assert int(landed or 0) == sum(count for (of, _), count in lines.items() if of == entity), entity
