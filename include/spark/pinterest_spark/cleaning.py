"""Every cleaning rule as a Column expression. None raises on dirty text: what cannot be read is null."""

from __future__ import annotations

from functools import reduce
from typing import TYPE_CHECKING

from pyspark.sql import functions as F

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pyspark.sql import Column

    from pinterest_spark.contracts import Contract, SourceColumn

_INTEGER = r"^-?\d{1,19}$"
_FLOAT = r"^-?\d+(\.\d+)?([eE][-+]?\d+)?$"
# 2020-08-28 03:52:47; with T for the blank, colons in the date, the date alone, with a fraction and a zone.
_TIMESTAMP = (
    r"^(\d{4})(?:-(\d\d)-(\d\d)|:(\d\d):(\d\d))"
    r"(?:[T ](\d\d:\d\d:\d\d)(\.\d{1,9})?(Z|[+-]\d\d:?\d\d)?)?$"
)
_PLAINLY = "$1-$2$4-$3$5 $6$7$8"


def trimmed(text: Column, blanks: str) -> Column:
    """Cut ``blanks`` from the end; what is then empty is null. Blanks at the start are part of the text."""
    return F.nullif(F.rtrim(text, F.lit(blanks)), F.lit(""))


def without_sentinels(text: Column, sentinels: Sequence[str]) -> Column:
    """Null where the whole text is one of ``sentinels``."""
    return F.when(~text.isin(*sentinels), text) if sentinels else text


def integer(text: Column, spark_type: str = "bigint") -> Column:
    """A whole number in digits."""
    return F.when(F.rlike(text, F.lit(_INTEGER)), text.try_cast(spark_type))


def float_number(text: Column) -> Column:
    """A decimal number; not ``NaN``, ``Infinity`` or ``1.5d``, which a cast alone would take."""
    return F.when(F.rlike(text, F.lit(_FLOAT)), text.try_cast("double"))


def within(number: Column, limits: tuple[float, float] | None) -> Column:
    """Null where a number is beyond ``limits``; infinity, which ``1e400`` is read as, always is."""
    return number if limits is None else F.when(number.between(*limits), number)


def boolean(text: Column) -> Column:
    """``1`` or ``true``, ``0`` or ``false``."""
    return F.when(text.isin("1", "true"), F.lit(True)).when(text.isin("0", "false"), F.lit(False))


def suffixed_number(text: Column, multipliers: Mapping[str, int]) -> Column:
    """A count such as ``159``, ``12k`` or ``1.5M``: the number times what its suffix stands for.

    :returns: bigint; null unless the product is a whole number.
    """
    suffixes = "".join(multipliers)
    pattern = rf"^(\d{{1,18}}(?:\.\d{{1,6}})?)([{suffixes}]?)$"
    number = F.regexp_extract(text, pattern, 1).try_cast("decimal(24,6)")
    suffix = F.regexp_extract(text, pattern, 2)
    factor = reduce(
        lambda chain, item: chain.when(suffix == item[0], F.lit(item[1])),
        multipliers.items(),
        F.when(suffix == "", F.lit(1)),
    )
    product = number * factor.cast("decimal(8,0)")
    return F.when(product == F.floor(product), product.try_cast("bigint"))


def timestamp(text: Column) -> Column:
    """A timestamp in any of the written forms; without a zone it is read in the session's zone (UTC here)."""
    plain = F.regexp_replace(text, _TIMESTAMP, _PLAINLY)
    return F.when(F.rlike(text, F.lit(_TIMESTAMP)), plain.try_cast("timestamp"))


def without_prefix(text: Column, prefix: str) -> Column:
    """Cut ``prefix`` from the start; null when nothing else is there."""
    words = prefix.rstrip()
    rest = F.regexp_replace(text, f"^{words}(?: |$)", "")
    return F.nullif(rest, F.lit(""))


def items(text: Column, separator: str) -> Column:
    """The items of a list written as text, as they are."""
    return F.split(text, f"[{separator}]", -1)


def source_value(column: SourceColumn, text: Column, blanks: str) -> Column:
    """What the text of one source field says, in the type that the cleaned tables keep.

    :param column: its contract.
    :param text: the field's text; null when it has none.
    :param blanks: characters cut from the end.
    """
    text = without_sentinels(trimmed(text, blanks), column.sentinels)
    if column.multipliers:
        return suffixed_number(text, column.multipliers)
    if column.separator:
        return items(text, column.separator)
    if column.prefix:
        return without_prefix(text, column.prefix)
    if column.name == "downloaded":
        return boolean(text)
    readers = {"integer": integer, "float": float_number, "datetime": timestamp}
    return within(readers[column.type](text), column.range) if column.type in readers else text


def cleaned_columns(contract: Contract, values: Mapping[str, Column]) -> list[Column]:
    """The columns of the cleaned table, in its order and types.

    :param contract: the entity's contract.
    :param values: source column to what :func:`source_value` made of it.
    """
    made = {"ind": lambda: values[contract.key]}
    if contract.entity == "geo":
        made["coordinates"] = lambda: _coordinates(values["latitude"], values["longitude"])
    if contract.entity == "user":
        made["user_name"] = lambda: F.concat(values["first_name"], F.lit(" "), values["last_name"])
    return [
        (made[name]() if name in made else values[name]).try_cast(spark_type).alias(name)
        for name, spark_type in contract.cleaned
    ]


def _coordinates(latitude: Column, longitude: Column) -> Column:
    """(latitude, longitude); null when one of them is, since half a place is none."""
    return F.when(latitude.isNotNull() & longitude.isNotNull(), F.array(latitude, longitude))
