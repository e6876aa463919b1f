"""Whether the source has a post: its rows are read, and told by length and hashes alone."""

from __future__ import annotations

from typing import Any

import msgspec

from pinterest_pipeline import connections
from pinterest_pipeline.emulation import source
from pinterest_pipeline.entities import ENTITIES, contracts
from pinterest_pipeline.errors import MissingRows
from pinterest_pipeline.paths import read_include
from pinterest_pipeline.tracing.contents import describe


def read(ind: int) -> dict[str, dict[str, Any]]:
    """Look into the three tables.

    :param ind: key of the post.
    :returns: entity to ``table``, ``key``, ``there``, and of a row that is there ``length``, ``sha256`` and
        ``content_sha256`` of the record that a burst sends.
    """
    from airflow.sdk import BaseHook

    with source.connect(BaseHook.get_connection(connections.SOURCE)) as database:
        return {entity: _look(database, entity, ind) for entity in ENTITIES}


def _look(database: Any, entity: str, ind: int) -> dict[str, Any]:
    contract = contracts()[entity]
    told: dict[str, Any] = {"table": contract.source_table, "key": ind, "there": False}
    try:
        rows = source.fetch_rows(database, contract, read_include(f"sql/source/{entity}.sql"), [ind])
    except MissingRows:
        return told
    content = describe(msgspec.json.encode(rows[ind]), contract.key)
    return {**told, "there": True, **content.told()}
