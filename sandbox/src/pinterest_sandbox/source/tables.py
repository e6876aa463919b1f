"""The three tables of the source database: their columns in order, with SQL types and what a value may be."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

#: Each table has one row for each of the keys 0 .. ROWS - 1.
ROWS = 11_154

DATABASE = "pinterest_data"

Kind = Literal["integer", "float", "string", "datetime"]
Value = int | float | str | None
Row = tuple[Value, ...]


@dataclass(frozen=True)
class Column:
    """One column.

    :param name: its name, an SQL keyword in one case: always back-quoted.
    :param kind: the kind of value that a JSON record may carry.
    :param length: greatest length of a string, in characters.
    """

    name: str
    kind: Kind
    length: int = 0

    @property
    def sql_type(self) -> str:
        """The type in the table's definition. FLOAT shows six significant digits, as the original does."""
        if self.kind == "string":
            return f"VARCHAR({self.length})"
        return {"integer": "INT", "float": "FLOAT", "datetime": "DATETIME"}[self.kind]


@dataclass(frozen=True)
class Table:
    """One table; its first column is the key.

    :param entity: ``pin``, ``geo`` or ``user``; also the stem of its JSON lines file.
    :param name: the table's name.
    :param columns: in the order of ``SELECT *``.
    """

    entity: str
    name: str
    columns: tuple[Column, ...]

    @property
    def key(self) -> str:
        """The key column's name."""
        return self.columns[0].name

    @property
    def definition(self) -> str:
        """The CREATE TABLE statement. The primary key makes ``LIMIT n, 1`` give the row with key n."""
        lines = [f"`{column.name}` {column.sql_type}" for column in self.columns]
        body = ", ".join([*lines, f"PRIMARY KEY (`{self.key}`)"])
        return f"CREATE TABLE IF NOT EXISTS `{self.name}` ({body}) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4"

    def write_statement(self, verb: Literal["INSERT", "REPLACE"]) -> str:
        """A statement that writes one row, with a placeholder for each column."""
        names = ", ".join(f"`{c.name}`" for c in self.columns)
        return f"{verb} INTO `{self.name}` ({names}) VALUES ({', '.join(['%s'] * len(self.columns))})"


PIN = Table(
    "pin",
    "pinterest_data",
    (
        Column("index", "integer"),
        Column("unique_id", "string", 36),
        Column("title", "string", 1000),
        Column("description", "string", 2000),
        Column("poster_name", "string", 1000),
        Column("follower_count", "string", 50),
        Column("tag_list", "string", 2000),
        Column("is_image_or_video", "string", 100),
        Column("image_src", "string", 2000),
        Column("downloaded", "integer"),
        Column("save_location", "string", 255),
        Column("category", "string", 100),
    ),
)
GEO = Table(
    "geo",
    "geolocation_data",
    (
        Column("ind", "integer"),
        Column("timestamp", "datetime"),
        Column("latitude", "float"),
        Column("longitude", "float"),
        Column("country", "string", 255),
    ),
)
USER = Table(
    "user",
    "user_data",
    (
        Column("ind", "integer"),
        Column("first_name", "string", 100),
        Column("last_name", "string", 100),
        Column("age", "integer"),
        Column("date_joined", "datetime"),
    ),
)

TABLES = (PIN, GEO, USER)
