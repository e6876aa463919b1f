"""The Delta tables, as the SQL warehouse tells of them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from pinterest_pipeline import connections
from pinterest_pipeline.entities import ENTITIES, names
from pinterest_pipeline.health.checks.tables import Reading, Table
from pinterest_pipeline.health.readings.warehouse import SETTING, NoAnswer, Rows, ask
from pinterest_pipeline.health.readings.workspace import workspace_trouble
from pinterest_pipeline.settings import settings

#: Seconds that the warehouse has for all statements together; to start and to cancel them takes some more.
LIMIT_S = 8.0
BATCH, STREAM = "health/batch_tables.sql", "health/stream_tables.sql"
BALANCE = "quality/ledger_not_balanced.sql"


def read(memory: Mapping[str, Any]) -> Reading:
    """Count rows and look into the ledger, all beside each other.

    :param memory: not needed.
    """
    from airflow.sdk.exceptions import AirflowException, AirflowNotFoundException

    at = datetime.now(UTC)
    if not settings().databricks_warehouse_id:
        return Reading(at=at, unset=SETTING)
    quarantines = {f"{entity}_quarantine_table": names().table(f"{entity}_quarantine") for entity in ENTITIES}
    try:
        batch, stream, unbalanced = ask(
            [(BATCH, quarantines), (STREAM, quarantines), (BALANCE, {})], limit_s=LIMIT_S
        )
    except NoAnswer:
        return Reading(at=at, given_up_after_s=LIMIT_S)
    except AirflowNotFoundException:
        return Reading(at=at, unset=f"the connection {connections.DATABRICKS}")
    except AirflowException as error:
        if not (trouble := workspace_trouble(error)):
            raise
        return Reading(at=at, trouble=trouble)
    return Reading(
        at=at,
        batch=_tables(batch),
        stream=_tables(stream),
        # Neither has a row's content: entity, and the run or the micro-batch.
        unbalanced=tuple(f"{row['entity']}, {row['subject']}" for row in unbalanced or []),
    )


def _tables(rows: Rows) -> dict[str, Table] | None:
    if rows is None:
        return None
    found = {row["entity"]: row for row in rows}
    return {entity: _table(found[entity]) for entity in ENTITIES}


def _table(row: Mapping[str, Any]) -> Table:
    written = row["written_at"]
    return Table(
        rows=row["table_rows"],
        written=None if written is None else datetime.fromtimestamp(written, UTC),
        quarantined=row["quarantine_rows"],
    )
