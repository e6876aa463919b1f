"""Which lines cannot be a record of their entity, and which fields of a record cannot be read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pyspark.sql import functions as F

from pinterest_spark import cleaning, parsing
from pinterest_spark.contracts import columns_of_others

if TYPE_CHECKING:
    from pyspark.sql import Column

    from pinterest_spark.contracts import Contract, SourceColumn

NOT_JSON = "not_json"
NOT_AN_OBJECT = "not_an_object"
OTHER_ENTITY = "other_entity"
KEY_MISSING = "key_missing"
KEY_NOT_AN_INTEGER = "key_not_an_integer"
#: Every reason for quarantine there is.
REASONS = (NOT_JSON, NOT_AN_OBJECT, OTHER_ENTITY, KEY_MISSING, KEY_NOT_AN_INTEGER)


def reason(contract: Contract, *, document: Column, text: Column, key_field: Column, key: Column) -> Column:
    """Why a line is put into quarantine; null for a record of its entity.

    A record is another entity's when it has a column that only others have and none of its own besides the key.

    :param document: what :func:`parsing.strict_json` made of ``text``.
    :param text: the unwrapped text.
    :param key_field: the key as a VARIANT field.
    :param key: the key as it was read.
    """
    names = F.json_object_keys(text)
    own = F.array(*(F.lit(column.name) for column in contract.values))
    others = F.array(*(F.lit(name) for name in sorted(columns_of_others(contract.entity))))
    return (
        F.when(document.isNull(), F.lit(NOT_JSON))
        .when(~parsing.is_object(text), F.lit(NOT_AN_OBJECT))
        .when(F.arrays_overlap(names, others) & ~F.arrays_overlap(names, own), F.lit(OTHER_ENTITY))
        .when(~parsing.has_value(key_field), F.lit(KEY_MISSING))
        .when(key.isNull(), F.lit(KEY_NOT_AN_INTEGER))
    )


def unreadable(contract: Contract, column: SourceColumn, *, field: Column, text: Column) -> Column:
    """Whether a field has a value that says something, yet nothing that could be read.

    Null, blanks and sentinels say nothing; a list or an object where a single value belongs cannot be read.

    :param field: the field as VARIANT.
    :param text: its text, null for lists and objects.
    """
    said = cleaning.without_sentinels(cleaning.trimmed(text, contract.blanks), column.sentinels)
    value = cleaning.source_value(column, text, contract.blanks)
    structured = parsing.has_value(field) & text.isNull()
    return structured | (said.isNotNull() & value.isNull())
