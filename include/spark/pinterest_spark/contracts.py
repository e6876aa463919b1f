"""The three entities as ``contracts/*.json`` says them: columns, keys and sentinels."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

ENTITIES = ("pin", "geo", "user")
_FOLDER = Path(__file__).resolve().parents[2] / "contracts"


@dataclass(frozen=True, kw_only=True)
class SourceColumn:
    """One column of a source table, as its records carry it.

    :param name: name of the column and of the record's field.
    :param type: ``integer``, ``float``, ``string`` or ``datetime``.
    :param nullable: whether a record may lack it; only the key may not.
    :param sentinels: exact texts that stand for "no value".
    :param multipliers: suffix of a number to its factor (``k`` to 1000).
    :param separator: what separates the items of a list written as text.
    :param prefix: text that precedes every value and says nothing.
    :param range: least and greatest number that can be right, both included.
    """

    name: str
    type: str
    nullable: bool = True
    sentinels: tuple[str, ...] = ()
    multipliers: Mapping[str, int] = field(default_factory=dict)
    separator: str | None = None
    prefix: str | None = None
    range: tuple[float, float] | None = None


@dataclass(frozen=True, kw_only=True)
class Contract:
    """One entity.

    :param entity: ``pin``, ``geo`` or ``user``.
    :param source_table: table of the source database.
    :param key: name of the key field in the source and on the wire; cleaned it is ``ind`` everywhere.
    :param topic_suffix: what follows ``<id>.`` in the topic's name.
    :param blanks: characters cut from the end of every text; a text of nothing else is null.
    :param columns: the source's columns in table order.
    :param cleaned: (name, Spark type) of the cleaned table's columns, in order.
    """

    entity: str
    source_table: str
    key: str
    topic_suffix: str
    blanks: str
    columns: tuple[SourceColumn, ...]
    cleaned: tuple[tuple[str, str], ...]

    def column(self, name: str) -> SourceColumn:
        """The source column of this name.

        :raises KeyError: when the entity has no such column.
        """
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(f"{self.entity} has no column {name!r}")

    @property
    def values(self) -> tuple[SourceColumn, ...]:
        """The columns besides the key."""
        return tuple(column for column in self.columns if column.name != self.key)


@cache
def load_contract(entity: str) -> Contract:
    """Read one contract.

    :param entity: one of :data:`ENTITIES`.
    :raises ValueError: for any other name.
    """
    if entity not in ENTITIES:
        raise ValueError(f"unknown entity {entity!r}: one of {', '.join(ENTITIES)}")
    said: dict[str, Any] = json.loads((_FOLDER / f"{entity}.json").read_text(encoding="utf-8"))
    said["columns"] = tuple(_column(column) for column in said["columns"])
    said["cleaned"] = tuple((column["name"], column["type"]) for column in said["cleaned"])
    return Contract(**said)


def _column(said: Mapping[str, Any]) -> SourceColumn:
    values: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value for name, value in said.items()
    }
    return SourceColumn(**values)


def columns_of_others(entity: str) -> frozenset[str]:
    """Field names that only the other entities have; key names are left out, since entities share them."""
    contracts = [load_contract(name) for name in ENTITIES]
    own = {column.name for column in load_contract(entity).columns}
    keys = {contract.key for contract in contracts}
    return frozenset({c.name for contract in contracts for c in contract.columns} - own - keys)
