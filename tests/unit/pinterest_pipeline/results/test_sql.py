from __future__ import annotations

import pytest

from pinterest_pipeline.entities import names
from pinterest_pipeline.paths import include_folder, read_include
from pinterest_pipeline.results.queries import QUERIES
from pinterest_pipeline.results.sql import used_parameters

KNOWN = {"pin_batch_table": "p", "geo_batch_table": "g", "run_id": "r"}


@pytest.mark.parametrize(
    ("statement", "used"),
    [
        (
            "SELECT * FROM IDENTIFIER(:pin_batch_table) JOIN IDENTIFIER(:geo_batch_table)",
            {"pin_batch_table", "geo_batch_table"},
        ),
        ("SELECT ':pin_batch_table', \":geo_batch_table\", `:x` WHERE a = :run_id", {"run_id"}),
        ("-- :pin_batch_table\nSELECT /* :geo_batch_table\n:x */ a::string, b :run_id", {"run_id"}),
        ("SELECT 'it\\'s :pin_batch_table' ", set()),
        ("SELECT 1", set()),
    ],
)
def test_only_parameters_outside_of_texts_and_comments_are_used(statement: str, used: set[str]) -> None:
    assert used_parameters(statement, KNOWN) == {name: KNOWN[name] for name in used}


def test_an_unknown_parameter_is_an_error() -> None:
    with pytest.raises(KeyError, match="user_batch_table"):
        used_parameters("SELECT :user_batch_table", KNOWN)


def test_the_queries_are_exactly_the_files() -> None:
    folder = include_folder() / "sql" / "queries"
    assert sorted(QUERIES) == sorted(file.stem for file in folder.glob("*.sql"))
    assert len(QUERIES) == 9


STATEMENTS = sorted(
    file.relative_to(include_folder() / "sql").as_posix()
    for part in ("queries", "quality")
    for file in (include_folder() / "sql" / part).glob("*.sql")
)


@pytest.mark.parametrize("relative", STATEMENTS)
def test_queries_and_checks_use_known_parameters_only(relative: str) -> None:
    known = {**names().sql_parameters, "quarantine_table": names().table("pin_quarantine")}
    if relative.startswith("quality/"):
        known |= dict.fromkeys(("pin_unchecked", "geo_unchecked", "user_unchecked"), "0")
    assert used_parameters(read_include(f"sql/{relative}"), known)
