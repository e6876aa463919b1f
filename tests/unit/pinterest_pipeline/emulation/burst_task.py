"""What the tasks of the burst are called with: params, state, and a source."""

from __future__ import annotations

import json
from contextlib import contextmanager
from typing import Any

from pinterest_pipeline.entities import ENTITIES, contracts

FIRST_KEYS = [7528, 2863, 5730, 8304, 8731, 1313, 4315]

PARAMS = {
    "posts": 7,
    "order": "seeded",
    "start": 0,
    "seed": 1,
    "batch_size": 3,
    "concurrency": 1,
    "rate": 0,
    "target": "batch",
}

#: When the streams of a test were made, and when one that is made again.
MADE, MADE_AGAIN = "2026-01-01T12:00:00.123+00:00", "2026-01-01T13:00:00.123+00:00"


class StateStore(dict[str, Any]):
    def set(self, key: str, value: Any) -> None:
        self[key] = json.loads(json.dumps(value))


class Source:
    """A source database in which every key has a row."""

    def __init__(self) -> None:
        self.selected: list[tuple[Any, ...]] = []

    @contextmanager
    def cursor(self) -> Any:
        yield self

    def execute(self, statement: str, parameters: dict[str, Any] | None = None) -> None:
        if parameters is None:
            assert "LEAST" in statement
            self.selected = [(5,)]
            return
        contract = next(c for c in contracts().values() if c.source_table in statement)
        self.selected = [(key, *["x"] * (len(contract.columns) - 1)) for key in parameters["keys"]]

    def fetchall(self) -> Any:
        return self.selected

    def rollback(self) -> None:
        pass


def position(committed: int, dead_letters: int) -> dict[str, Any]:
    return {
        "committed": {f"sandbox.{entity}": {"0": committed} for entity in ENTITIES},
        "dead_letters": {"0": dead_letters},
    }


def stream_name(entity: str) -> str:
    return f"streaming-sandbox-{entity}"
