"""A query over the source, as Spark drives one, without Spark."""

from __future__ import annotations

import json
from typing import Any

from pyspark_kinesis.source import KinesisReader, Offset

Row = dict[str, Any]


class Query:
    """A query and its checkpoint: the end of its last batch.

    :param reader: its reader; replaced when the query is started again.
    """

    def __init__(self, reader: KinesisReader) -> None:
        self._reader = reader
        self.checkpoint: Offset | None = None

    def restart(self, reader: KinesisReader, *, available_now: bool = False) -> None:
        """Go on with a new reader.

        :param available_now: as with that trigger, Spark asks for the end before it says where the query is.
        """
        self._reader = reader
        if available_now:
            reader.latestOffset()
        assert self.checkpoint is not None
        assert reader.partitions(self.checkpoint, self.checkpoint) == []

    def batch(self) -> list[str]:
        """The texts of the next batch, in the order of their shards."""
        return [row["data"].decode() for row in self.rows()]

    def rows(self) -> list[Row]:
        """The rows of the next batch, which is committed."""
        end = self.plan()
        rows = self.read(self.begin(), end)
        self.checkpoint = end
        return rows

    def begin(self) -> Offset:
        """Where the next batch begins."""
        return self.checkpoint or _stored(self._reader.initialOffset())

    def plan(self) -> Offset:
        """Where the next batch ends, as the checkpoint would keep it."""
        return _stored(self._reader.latestOffset())

    def read(self, start: Offset, end: Offset) -> list[Row]:
        """All rows between two offsets."""
        return [
            row
            for partition in self._reader.partitions(start, end)
            for batch in self._reader.read(partition)
            for row in batch.to_pylist()
        ]


def _stored(offset: Offset) -> Offset:
    text = json.dumps(offset)
    found: Offset = json.loads(text)
    assert json.dumps(found) == text
    return found
