"""Days that lie behind a run: rows in the batch tables that the ledger accounts for."""

from __future__ import annotations

from pinterest_sandbox.config import Config
from pinterest_sandbox.databricks.sql_client import run_sql

#: Far above the keys of the source.
FIRST_KEY = 1_000_000
ENTITIES = ("pin", "geo", "user")


def add_history(config: Config, *, days: int, rows: int) -> None:
    """Add days to each batch table, as copies of its rows under keys of their own.

    Each day is a MERGE and a row of the ledger, as a run leaves them, so that the counts agree.

    :param days: how many.
    :param rows: rows of one day.
    """
    for entity in ENTITIES:
        table, ledger = _name(config, f"{entity}_batch"), _name(config, "ledger")
        columns = [str(name) for (name, *_) in run_sql(config, f"SHOW COLUMNS IN {table}")]
        others = ", ".join(f"`{name}`" for name in columns if name != "ind")
        first = max(FIRST_KEY, int(run_sql(config, f"SELECT max(ind) FROM {table}")[0][0] or 0) + 1)
        run_sql(
            config,
            f"MERGE INTO {table} t USING ("
            f"SELECT {first} + d.id * {rows} + r.number AS ind, {others} FROM range({days}) d CROSS JOIN ("
            f"SELECT row_number() OVER (ORDER BY ind) - 1 AS number, {others} FROM {table} LIMIT {rows}) r"
            ") s ON t.ind = s.ind WHEN NOT MATCHED THEN INSERT *",
        )
        kept = f"SELECT sum(kept) FROM {ledger} WHERE stage = 'batch' AND entity = '{entity}'"
        version = run_sql(config, f"DESCRIBE HISTORY {table} LIMIT 1")[0][0]
        added = run_sql(config, f"SELECT count(*) - ({kept}) FROM {table}")[0][0]
        run_sql(
            config,
            f"INSERT INTO {ledger} (run_id, stage, entity, landed, lines_read, reread, kept, merged, "
            "quarantined, table_version, uncounted, recorded_at) "
            f"VALUES ('history-{first}', 'batch', '{entity}', {added}, {added}, 0, {added}, 0, "
            f"0, {version}, 0, current_timestamp())",
        )


def _name(config: Config, suffix: str) -> str:
    return f"`spark_catalog`.`default`.`{config.user_id}_{suffix}`"
