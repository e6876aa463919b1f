from __future__ import annotations

import socket
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from cloud_operators.exceptions import StatementFailed
from pinterest_pipeline.health.checks.tables import Table
from pinterest_pipeline.health.readings import tables
from tests.unit.cloud_operators.databricks.fake_databricks import Answer, FakeDatabricks, Fault
from tests.unit.pinterest_pipeline.health.readings.workspace import (
    MISSING,
    STARTING,
    WAREHOUSE,
    answer,
    cancelled,
    connect,
    databricks,
    parameters,
    rows,
)

__all__ = ["databricks"]

WRITTEN = datetime(2026, 5, 1, 1, 2, 3, tzinfo=UTC)
BALANCED = Answer((("entity", "STRING"), ("subject", "STRING")), ([],), looks=())


@pytest.fixture(autouse=True)
def warehouse(use_settings: Callable[..., None]) -> Callable[..., None]:
    use_settings(DATABRICKS_WAREHOUSE_ID=WAREHOUSE)
    return use_settings


def counted(**entities: tuple[int, int, int | None]) -> Answer:
    names = ("table_rows", "quarantine_rows", "written_at")
    return rows(
        *(
            {"entity": entity, **dict(zip(names, numbers, strict=True))}
            for entity, numbers in entities.items()
        )
    )


def test_what_the_warehouse_says(databricks: FakeDatabricks) -> None:
    answer(
        databricks,
        health__batch_tables=counted(
            geo=(7, 0, int(WRITTEN.timestamp())), pin=(9, 2, None), user=(2**40, 1, None)
        ),
        health__stream_tables=MISSING,
        quality__ledger_not_balanced=rows(
            {"entity": "geo", "subject": "run a", "actual": "x", "expected": "y"},
            {"entity": "pin", "subject": "run b", "actual": "x", "expected": "y"},
        ),
    )
    found = tables.read({})
    assert found.batch == {
        "pin": Table(rows=9, written=None, quarantined=2),
        "geo": Table(rows=7, written=WRITTEN, quarantined=0),
        "user": Table(rows=2**40, written=None, quarantined=1),
    }
    assert found.stream is None
    assert found.unbalanced == ("geo, run a", "pin, run b")
    assert (found.unset, found.trouble, found.given_up_after_s) == ("", "", None)
    batch, stream, balance = parameters(databricks)
    table = "`spark_catalog`.`default`.`sandbox_{}`"
    assert batch == {
        **{f"{entity}_batch_table": table.format(f"{entity}_batch") for entity in ("pin", "geo", "user")},
        **{
            f"{entity}_quarantine_table": table.format(f"{entity}_quarantine")
            for entity in ("pin", "geo", "user")
        },
        "ledger_table": table.format("ledger"),
    }
    assert stream["geo_stream_table"] == table.format("geo_table")
    assert balance == {"ledger_table": table.format("ledger")}


def test_before_any_run(databricks: FakeDatabricks) -> None:
    answer(
        databricks,
        health__batch_tables=MISSING,
        health__stream_tables=MISSING,
        quality__ledger_not_balanced=MISSING,
    )
    found = tables.read({})
    assert (found.batch, found.stream, found.unbalanced) == (None, None, ())


def test_a_cold_warehouse_is_given_up_and_nothing_is_left_running(
    databricks: FakeDatabricks, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tables, "LIMIT_S", 0.4)
    answer(
        databricks,
        health__batch_tables=STARTING,
        health__stream_tables=STARTING,
        quality__ledger_not_balanced=STARTING,
    )
    began = time.monotonic()
    found = tables.read({})
    assert time.monotonic() - began < 5
    assert found.given_up_after_s == 0.4
    assert cancelled(databricks) == [True, True, True]


def test_all_limits_leave_the_frame_time() -> None:
    from pinterest_pipeline.health.looking import LIMIT_S
    from pinterest_pipeline.health.readings import streams

    assert 8 <= tables.LIMIT_S <= LIMIT_S - 2
    assert streams.LIMIT_S < tables.LIMIT_S


def test_one_statement_that_does_not_end_does_not_leave_the_others(
    databricks: FakeDatabricks, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tables, "LIMIT_S", 0.4)
    answer(
        databricks,
        health__batch_tables=MISSING,
        health__stream_tables=STARTING,
        quality__ledger_not_balanced=STARTING,
    )
    assert tables.read({}).given_up_after_s == 0.4
    assert cancelled(databricks) == [False, True, True]


def test_a_statement_that_fails_is_no_state_of_the_tables(databricks: FakeDatabricks) -> None:
    failed = Answer(state="FAILED", error={"error_code": "BAD_REQUEST", "message": "[DIVIDE_BY_ZERO]"})
    answer(
        databricks,
        health__batch_tables=failed,
        health__stream_tables=STARTING,
        quality__ledger_not_balanced=BALANCED,
    )
    with pytest.raises(StatementFailed, match="DIVIDE_BY_ZERO"):
        tables.read({})
    assert cancelled(databricks) == [False, True, True]


def test_without_a_warehouse(databricks: FakeDatabricks, warehouse: Callable[..., None]) -> None:
    warehouse(DATABRICKS_WAREHOUSE_ID="")
    assert tables.read({}).unset == "PINTEREST_DATABRICKS_WAREHOUSE_ID"
    assert databricks.requests == []


def test_without_a_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AIRFLOW_CONN_DATABRICKS_DEFAULT", raising=False)
    assert tables.read({}).unset == "the connection databricks_default"


def test_a_refused_token(databricks: FakeDatabricks, monkeypatch: pytest.MonkeyPatch) -> None:
    connect(monkeypatch, databricks.port, "dapi-of-somebody")
    assert tables.read({}).trouble == "the workspace refuses the connection databricks_default (403)"


def test_nothing_listens(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        connect(monkeypatch, probe.getsockname()[1])
        assert tables.read({}).trouble == "the workspace does not answer"


@pytest.mark.parametrize("status", [500, 503])
def test_a_workspace_out_of_order(databricks: FakeDatabricks, status: int) -> None:
    databricks.faults.append(Fault(status=status, pattern="statements", times=9))
    assert tables.read({}).trouble == f"the workspace answers {status}"


@pytest.mark.parametrize("status", [400, 404, 429])
def test_other_answers_are_no_state_of_the_tables(databricks: FakeDatabricks, status: int) -> None:
    databricks.faults.append(Fault(status=status, pattern="statements", times=9))
    with pytest.raises(Exception, match=str(status)) as caught:
        tables.read({})
    error: Any = caught.value
    assert type(error).__module__.startswith("airflow")
