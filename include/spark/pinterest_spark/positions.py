"""Where a record stands in what it was read from, and which of two records is the later one."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Position:
    """A position, as columns that every row of a table carries.

    :param columns: (name, Spark type).
    :param order: SQL expressions over them, the most significant first, with ``{0}`` before a column's name.
        Of two records the one with the greater values is the later one.
    """

    columns: tuple[tuple[str, str], ...]
    order: tuple[str, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """The columns' names."""
        return tuple(name for name, _ in self.columns)

    @property
    def ddl(self) -> str:
        """The columns, as ``CREATE TABLE`` has them."""
        return ", ".join(f"`{name}` {spark_type}" for name, spark_type in self.columns)

    def rank(self, alias: str = "") -> str:
        """A SQL value by which records compare as they follow each other.

        :param alias: of the table; for columns without one nothing.
        """
        prefix = f"{alias}." if alias else ""
        return f"struct({', '.join(expression.format(prefix) for expression in self.order)})"


#: A line of an object that the sink has landed.
LANDED = Position(
    columns=(("_partition", "INT"), ("_first_offset", "BIGINT"), ("_line", "INT")),
    order=("{0}_first_offset", "{0}_line", "{0}_partition"),
)
#: A record of a Kinesis stream. Sequence numbers have up to 129 digits, more than any numeric type holds:
#: filled up with zeroes they compare as numbers do.
STREAMED = Position(
    columns=(("_shard", "STRING"), ("_sequence_number", "STRING"), ("_arrived_at", "TIMESTAMP")),
    order=("{0}_arrived_at", "lpad({0}_sequence_number, 129, '0')", "{0}_shard"),
)
