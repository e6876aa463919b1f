from __future__ import annotations

import json
from pathlib import Path

import pytest

from pinterest_sandbox.source.tables import GEO, PIN, TABLES, USER, Table

CONTRACTS = Path(__file__).resolve().parents[4] / "include" / "contracts"


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.entity)
def test_columns_are_those_of_the_pipeline_s_contract(table: Table) -> None:
    contract = json.loads((CONTRACTS / f"{table.entity}.json").read_text(encoding="utf-8"))
    assert contract["source_table"] == table.name
    assert contract["key"] == table.key
    assert [(c["name"], c["type"]) for c in contract["columns"]] == [(c.name, c.kind) for c in table.columns]


def test_definition_quotes_the_reserved_word() -> None:
    assert PIN.definition.startswith(
        "CREATE TABLE IF NOT EXISTS `pinterest_data` (`index` INT, `unique_id` VARCHAR(36), "
    )
    assert "PRIMARY KEY (`index`)" in PIN.definition


def test_definition_shows_coordinates_as_float() -> None:
    assert "`timestamp` DATETIME, `latitude` FLOAT, `longitude` FLOAT" in GEO.definition


def test_write_statement_has_a_placeholder_for_each_column() -> None:
    assert USER.write_statement("REPLACE") == (
        "REPLACE INTO `user_data` (`ind`, `first_name`, `last_name`, `age`, `date_joined`) "
        "VALUES (%s, %s, %s, %s, %s)"
    )
