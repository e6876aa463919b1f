"""From the text of a line to the fields of its record: strict JSON, without the wrappings that clients add.

A plain record is parsed once, into texts. Asking Spark's VARIANT for the type of every value would cost
several times as much; it is asked only where the text leaves a doubt.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pyspark.sql import functions as F

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pyspark.sql import Column

#: Wrappings seen are at most three deep (a text that holds an envelope that holds the record in a list).
_LAYERS = 4
_END = "end of line"
_STRICT = {"allowSingleQuotes": "false", "allowNonNumericNumbers": "false"}


def strict_json(text: Column) -> Column:
    """Parse ``text`` as one JSON value and nothing after it.

    Spark's parsers stop after the first value and take ``{"a":1} and more`` for JSON; so the text is parsed
    as the first item of a list whose second item is a known text.

    :returns: VARIANT list whose item 0 is the value, or null when ``text`` is not JSON.
    """
    listed = F.try_parse_json(F.concat(F.lit("["), text, F.lit(f',"{_END}"]')))
    return F.when(F.try_variant_get(listed, "$[1]", "string") == _END, listed)


def unwrap(text: Column) -> Column:
    """Take off what a record is wrapped in: a list of one, a text that holds JSON, an envelope of one record.

    :returns: the text of what is inside; ``text`` itself when nothing could be taken off.
    """
    wrapped = F.rlike(text, F.lit(r'^\s*["\[]')) | F.contains(text, F.lit('"records"'))
    return F.when(wrapped, _peel(text, _LAYERS)).otherwise(text)


def _peel(text: Column, layers: int) -> Column:
    """Take off up to so many layers; the list of one binds what a layer gave: it is worked out once."""
    if not layers:
        return text
    inner = F.array(F.coalesce(_inside(text), text))
    return F.get(F.transform(inner, lambda peeled: _peel(peeled, layers - 1)), F.lit(0))


def _inside(text: Column) -> Column:
    """The text inside the outermost wrapping, or null when there is none."""
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
    start = _start(text)
    return (
        F.when(start == '"', F.when(strict_json(in_text).isNotNull(), in_text))
        .when(start == "[", in_list)
        .when(start == "{", in_envelope)
    )


def is_object(text: Column) -> Column:
    """Whether JSON ``text`` is an object."""
    return _start(text) == "{"


def record(text: Column, names: Sequence[str]) -> Column:
    """Parse an object strictly into a struct of texts: strings as they are, everything else as it is written.

    :param names: the fields wanted; one that is missing or null is null.
    :returns: null when ``text`` is not JSON, or not an object.
    """
    schema = f"ARRAY<STRUCT<{', '.join(f'`{name}` STRING' for name in names)}>>"
    # The null behind it proves that the text was parsed to its end; see strict_json.
    listed = F.from_json(F.concat(F.lit("["), text, F.lit(",null]")), schema, _STRICT)
    whole = (F.size(listed) == 2) & F.get(listed, F.lit(1)).isNull()
    return F.when(is_object(text) & whole, F.get(listed, F.lit(0)))


def scalar(text: Column, name: str, written: Column) -> Column:
    """The text of a field that holds a single value.

    :param text: the record's text.
    :param name: the field's name.
    :param written: the field as :func:`record` gave it.
    :returns: null for lists and objects; numbers as they are written.
    """
    doubtful = F.substring(written, 1, 1).isin("[", "{")
    return F.when(~doubtful | (_kind(text, name) == "STRING"), written)


def whole_number(text: Column, name: str, written: Column) -> Column:
    """A JSON number without a fraction but written with a point or an exponent, in digits: ``5.0`` is ``5``.

    Clients that keep numbers as floats write so, and API Gateway writes ``1e3`` as ``1000.0``.

    :returns: ``written`` for everything else.
    """
    number = F.try_variant_get(strict_json(text), f"$[0].{name}", "decimal(38,6)")
    doubtful = F.rlike(written, F.lit(r"^-?\d+(\.\d+)?([eE][-+]?\d+)?$")) & F.rlike(written, F.lit(r"[.eE]"))
    is_number = F.rlike(_kind(text, name), F.lit("^(DECIMAL|DOUBLE|BIGINT)"))
    # The decimal is rounded to six places, so that 5.0000000001 looks whole in it; in the double it does not.
    double = written.try_cast("double")
    is_whole = (number == F.floor(number)) & (double == F.rint(double))
    digits = F.when(is_whole, number.try_cast("bigint").cast("string"))
    return F.when(doubtful, F.when(is_number, F.coalesce(digits, written)).otherwise(written)).otherwise(
        written
    )


def _kind(text: Column, name: str) -> Column:
    return F.schema_of_variant(F.try_variant_get(strict_json(text), f"$[0].{name}", "variant"))


def _start(text: Column) -> Column:
    return F.substring(F.ltrim(text), 1, 1)
