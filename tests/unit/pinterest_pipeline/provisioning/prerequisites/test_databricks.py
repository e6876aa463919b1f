"""What the table says of the Databricks workspace, which is always a warning."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator

import pytest

from pinterest_pipeline.provisioning.prerequisites.databricks import databricks_checks
from pinterest_pipeline.provisioning.prerequisites.findings import Finding, check_required
from pinterest_pipeline.provisioning.prerequisites.looking import look_at_all
from pinterest_pipeline.settings import load_settings
from tests.unit.cloud_operators.databricks import fake_databricks
from tests.unit.cloud_operators.databricks.fake_databricks import TOKEN, FakeDatabricks, Fault

CLUSTER, WAREHOUSE = "0123-456789-abcdefgh", "0123456789abcdef"
NEW = '{"new_cluster": {"spark_version": "17.3.x-scala2.13", "num_workers": 1}}'


@pytest.fixture
def databricks(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeDatabricks]:
    """A workspace behind the connection."""
    fake = FakeDatabricks()
    server = fake_databricks.serve(fake)
    connect(monkeypatch, fake.port)
    yield fake
    server.shutdown()
    server.server_close()


def connect(monkeypatch: pytest.MonkeyPatch, port: int, token: str = TOKEN) -> None:
    place = {"host": "127.0.0.1", "schema": "http", "port": port}
    connection = {"conn_type": "databricks", **place, "password": token}
    monkeypatch.setenv("AIRFLOW_CONN_DATABRICKS_DEFAULT", json.dumps(connection))


def look(
    compute: str = f'{{"existing_cluster_id": "{CLUSTER}"}}', warehouse: str = WAREHOUSE
) -> list[Finding]:
    values = load_settings(
        {
            "PINTEREST_USER_ID": "sandbox",
            "PINTEREST_DATABRICKS_COMPUTE": compute,
            "PINTEREST_DATABRICKS_WAREHOUSE_ID": warehouse,
        }
    )
    found = look_at_all(databricks_checks(values))
    # Whatever is found, provisioning goes on.
    check_required(found)
    return found


def rows(found: list[Finding]) -> dict[str, tuple[str, str]]:
    return {each.name: (each.status, each.found) for each in found}


@pytest.mark.usefixtures("databricks")
def test_what_is_there_needs_not_run() -> None:
    assert rows(look()) == {
        "Databricks compute": ("there", f"cluster {CLUSTER} is TERMINATED"),
        "Databricks warehouse": ("there", f"warehouse {WAREHOUSE} is STOPPED"),
    }


def test_what_is_not_set_is_not_looked_at(databricks: FakeDatabricks) -> None:
    assert look(compute="", warehouse="") == []
    assert databricks.requests == []


@pytest.mark.usefixtures("databricks")
@pytest.mark.parametrize(
    ("compute", "status", "found"),
    [
        (NEW, "there", "the workspace answers; clusters are made with 17.3.x-scala2.13"),
        (NEW.replace("17.3", "99.1"), "wrong", "the workspace has no runtime 99.1.x-scala2.13"),
        (NEW.replace("17.3.x-scala2.13", "auto:latest-lts"), "there", "the workspace answers; clusters are"),
    ],
)
def test_a_new_cluster_needs_a_runtime_that_is_there(compute: str, status: str, found: str) -> None:
    (row,) = look(compute=compute, warehouse="")
    assert row.status == status
    assert row.found.startswith(found)


@pytest.mark.usefixtures("databricks")
@pytest.mark.parametrize("warehouse", ["fedcba9876543210", "warehouse"], ids=["unknown", "no id"])
def test_what_is_not_there_is_named_with_its_setting(warehouse: str) -> None:
    compute, warehouse_row = look('{"existing_cluster_id": "0999-456789-abcdefgh"}', warehouse)
    assert (compute.status, compute.found) == ("missing", "the workspace has no cluster 0999-456789-abcdefgh")
    assert "PINTEREST_DATABRICKS_COMPUTE" in compute.remedy
    assert (warehouse_row.status, warehouse_row.found) == (
        "missing",
        f"the workspace has no warehouse {warehouse}",
    )
    assert "PINTEREST_DATABRICKS_WAREHOUSE_ID" in warehouse_row.remedy


def test_what_is_deleted_or_broken_is_wrong(databricks: FakeDatabricks) -> None:
    databricks.clusters[CLUSTER] = "ERROR"
    databricks.warehouses[WAREHOUSE] = "DELETED"
    assert {status for status, _ in rows(look()).values()} == {"wrong"}


def test_a_refused_token(databricks: FakeDatabricks, monkeypatch: pytest.MonkeyPatch) -> None:
    connect(monkeypatch, databricks.port, "dapi-secret")
    found = look()
    assert {status for status, _ in rows(found).values()} == {"wrong"}
    for each in found:
        assert each.found == "the workspace refuses the connection databricks_default (403)"
        assert each.remedy.startswith("renew the token in databricks_default")
        assert "dapi-secret" not in str(each.document())


def test_a_workspace_out_of_order(databricks: FakeDatabricks) -> None:
    databricks.faults.append(Fault(status=400, pattern=".*", times=9))
    assert {status for status, _ in rows(look()).values()} == {"unknown"}


def test_a_workspace_that_is_not_reached(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        connect(monkeypatch, probe.getsockname()[1])
        found = look()
    assert {row for row in rows(found).values()} == {("unknown", "the workspace does not answer")}


def test_without_a_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AIRFLOW_CONN_DATABRICKS_DEFAULT", raising=False)
    for each in look():
        assert (each.status, each.found) == ("missing", "there is no connection databricks_default")
