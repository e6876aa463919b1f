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


def reason(contract: Contract, *, raw: Column, text: Column, record: Column, key: Column) -> Column:
    """Why a line is put into quarantine; null for a record of its entity.

    A record is another entity's when it has a column that only others have, and no column of this one besides
    the key.

    :param raw: the line.
    :param text: what is left of it without wrappings.
    :param record: what :func:`parsing.record` made of ``text``.
    :param key: the key as it was read.
    """
    names = F.json_object_keys(text)
    own = F.array(*(F.lit(column.name) for column in contract.values))
    others = F.array(*(F.lit(name) for name in sorted(columns_of_others(contract.entity))))
    # The names are looked at only where no own field has a value: that is rare, and they cost another pass.
    none_filled = F.coalesce(*(record[column.name] for column in contract.values)).isNull()
    foreign = F.arrays_overlap(names, others) & ~F.arrays_overlap(names, own)
    return (
        F.when(
            record.isNull(),
            F.when(parsing.strict_json(raw).isNull(), F.lit(NOT_JSON)).otherwise(F.lit(NOT_AN_OBJECT)),
        )
        .when(none_filled & foreign, F.lit(OTHER_ENTITY))
        .when(record[contract.key].isNull(), F.lit(KEY_MISSING))
        .when(key.isNull(), F.lit(KEY_NOT_AN_INTEGER))
    )


def unreadable(
    contract: Contract, column: SourceColumn, *, written: Column, text: Column, value: Column
) -> Column:
    """Whether a field has a value that says something, yet nothing that could be read.

    Null, blanks and sentinels say nothing; a list or an object where a single value belongs cannot be read.

    :param written: the field as it is written.
    :param text: the same if it is a single value.
    :param value: what was read.
    """
    said = cleaning.without_sentinels(cleaning.trimmed(text, contract.blanks), column.sentinels)
    return (written.isNotNull() & text.isNull()) | (value.isNull() & said.isNotNull())
