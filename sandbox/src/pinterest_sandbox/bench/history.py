"""Days that lie behind a run: rows in the batch tables that the ledger accounts for."""

from __future__ import annotations

from pinterest_sandbox.config import Config
from pinterest_sandbox.databricks.sql_client import run_sql

#: Far above the keys of the source.
FIRST_KEY = 1_000_000
ENTITIES = ("pin", "geo", "user")


def add_history(config: Config, *, days: int, rows: int) -> None:
    """Add days to each batch table, as copies of its rows under keys of their own.

    Each day is a commit with files of its own in each table, and a row an entity in the ledger, as a run
    leaves them, so that the counts agree. Its rows lie behind all that a later run reads. No objects
    are added to the landing: a run lists it from its marks on.

    :param days: how many.
    :param rows: rows of one day.
    """
    tables = {entity: _name(config, f"{entity}_batch") for entity in ENTITIES}
    first = max(_next_key(config, table) for table in tables.values())
    copies = {entity: _copy_of(config, table, rows) for entity, table in tables.items()}
    versions = {entity: _version(config, table) for entity, table in tables.items()}
    ledger = _name(config, "ledger")
    for day in range(days):
        begin = first + day * rows
        for entity, table in tables.items():
            run_sql(config, f"INSERT INTO {table} {copies[entity].format(begin=begin)}")
        counted = ", ".join(
            f"('history-{begin}', 'batch', '{entity}', {rows}, {rows}, 0, {rows}, 0, 0, "
            f"{version + day + 1}, 0, now())"
            for entity, version in versions.items()
        )
        run_sql(
            config,
            f"INSERT INTO {ledger} (run_id, stage, entity, landed, lines_read, reread, kept, "
            f"merged, quarantined, table_version, uncounted, recorded_at) VALUES {counted}",
        )


def _next_key(config: Config, table: str) -> int:
    greatest = run_sql(config, f"SELECT max(ind) FROM {table}")[0][0]
    return max(FIRST_KEY, int(greatest or 0) + 1)


def _copy_of(config: Config, table: str, rows: int) -> str:
    """A query for ``rows`` rows like those of ``table``; ``{begin}`` stands for their first key."""
    columns = [str(name) for (name, *_) in run_sql(config, f"SHOW COLUMNS IN {table}")]
    values = {"ind": "{begin} + d.id", "_first_offset": "0", "_line": "d.id"}
    chosen = ", ".join(f"{values[name]} AS `{name}`" if name in values else f"`{name}`" for name in columns)
    of_source = f"FROM {table} WHERE ind < {FIRST_KEY}"
    # Counted before: with the count in its condition the join would compare every row with every other.
    copied = int(str(run_sql(config, f"SELECT count(*) {of_source}")[0][0]))
    return (
        f"SELECT {chosen} FROM range({rows}) d JOIN ("
        f"SELECT *, row_number() OVER (ORDER BY ind) - 1 AS number {of_source}) r "
        f"ON d.id % {copied} = r.number"
    )


def _version(config: Config, table: str) -> int:
    """Version of the table's last commit; each day's rows are the next one."""
    return int(str(run_sql(config, f"DESCRIBE HISTORY {table} LIMIT 1")[0][0]))


def _name(config: Config, suffix: str) -> str:
    return f"`spark_catalog`.`default`.`{config.user_id}_{suffix}`"
