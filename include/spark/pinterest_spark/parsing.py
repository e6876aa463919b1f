"""From the text of a line to the fields of its record: strict JSON, with the wrappings that clients add taken off."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pyspark.sql import functions as F

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pyspark.sql import Column, DataFrame

#: Wrappings seen are at most three deep (a text that holds an envelope that holds the record in a list).
_LAYERS = 4
_END = "end of line"
_STRUCTURED = r"^(ARRAY|OBJECT)"
# Whole numbers up to here are exact in a double.
_EXACT = float(2**53)


def strict_json(text: Column) -> Column:
    """Parse ``text`` as one JSON value and nothing after it.

    Spark's parsers stop after the first value and take ``{"a":1} and more`` for JSON; so the text is parsed as the
    first item of a list whose second item is a known text.

    :returns: VARIANT list whose item 0 is the value, or null when ``text`` is not JSON.
    """
    listed = F.try_parse_json(F.concat(F.lit("["), text, F.lit(f',"{_END}"]')))
    return F.when(F.try_variant_get(listed, "$[1]", "string") == _END, listed)


def unwrap(lines: DataFrame, source: str, target: str) -> DataFrame:
    """Take off the wrappings of a record: a list of one item, a JSON text that holds JSON, an envelope of one record.

    :param lines: any frame with the text column ``source``.
    :param target: new column with the text of what is inside; the same text when nothing could be taken off.
    """
    unwrapped = lines.withColumn(target, F.col(source))
    for _ in range(_LAYERS):
        unwrapped = unwrapped.withColumn(target, F.coalesce(_inside(F.col(target)), F.col(target)))
    return unwrapped


def _inside(text: Column) -> Column:
    """The text inside the outermost wrapping, or null when there is none. A plain record costs no parsing here."""
    start = F.substring(F.ltrim(text), 1, 1)
    parsed = strict_json(text)
    in_text = F.try_variant_get(parsed, "$[0]", "string")
    in_list = F.when(
        F.try_variant_get(parsed, "$[0][1]", "variant").isNull(),
        F.to_json(F.try_variant_get(parsed, "$[0][0]", "variant")),
    )
    in_envelope = F.when(
        F.try_variant_get(parsed, "$[0].records[1]", "variant").isNull(),
        F.to_json(F.try_variant_get(parsed, "$[0].records[0].value", "variant")),
    )
    return (
        F.when(start == '"', F.when(strict_json(in_text).isNotNull(), in_text))
        .when(start == "[", in_list)
        .when((start == "{") & F.contains(text, F.lit('"records"')), in_envelope)
    )


def is_object(text: Column) -> Column:
    """Whether JSON ``text`` is an object."""
    return F.startswith(F.ltrim(text), F.lit("{"))


def fields(document: Column, names: Iterable[str]) -> list[Column]:
    """The fields of a record as VARIANT columns named ``v_<name>``; null when missing.

    :param document: what :func:`strict_json` returned.
    """
    return [F.try_variant_get(document, f"$[0].{name}", "variant").alias(f"v_{name}") for name in names]


def has_value(value: Column) -> Column:
    """Whether a field is there and not JSON's null."""
    return value.isNotNull() & ~F.is_variant_null(value)


def scalar_text(value: Column) -> Column:
    """The text of a field: strings as they are, numbers written plainly (``1e3`` and ``1000.0`` are ``1000``).

    :returns: null for null, lists and objects.
    """
    kind = F.schema_of_variant(value)
    number = F.try_variant_get(value, "$", "double")
    whole = (kind == "DOUBLE") & (number == F.floor(number)) & (F.abs(number) < _EXACT)
    return (
        F.when(F.rlike(kind, F.lit(_STRUCTURED)), F.lit(None))
        .when(whole, number.cast("bigint").cast("string"))
        .otherwise(F.try_variant_get(value, "$", "string"))
    )
