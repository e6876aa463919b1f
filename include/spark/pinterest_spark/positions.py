"""Where a record stands in what it was read from, and which of two records is the later one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pyspark.sql import functions as F

if TYPE_CHECKING:
    from pyspark.sql import Column

_LEAST = -(2**31)


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


#: A line of an object that the sink has landed. A dead letter, which is in no object, has the position of the
#: line before which it stood, with a partition below all there are: see :func:`dead_letter_partition`.
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


def dead_letter_partition(offset: Column, first_offset: Column) -> Column:
    """What a dead letter has as ``_partition``.

    With it the letter is earlier than the line before which it stood, later than the line in front of that,
    and later than the dead letters in between.

    :param offset: of the dead letter itself in its topic.
    :param first_offset: of the object that it stood in or behind.
    :returns: a number below 0; ``offset - first_offset`` above the least one.
    """
    return (F.lit(_LEAST).cast("bigint") + offset - first_offset).cast("int")
