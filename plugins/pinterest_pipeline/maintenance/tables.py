"""Which tables the maintenance is for."""

from __future__ import annotations

from pinterest_pipeline.entities import ENTITIES
from pinterest_pipeline.results.queries import QUERIES


def table_names() -> list[str]:
    """All tables of the pipeline, each by what follows the resource id in its name, such as ``pin_batch``."""
    return [
        *(f"{entity}_{kind}" for kind in ("batch", "table", "quarantine") for entity in ENTITIES),
        "ingest_positions",
        "ledger",
        *(f"result_{query}" for query in QUERIES),
    ]
