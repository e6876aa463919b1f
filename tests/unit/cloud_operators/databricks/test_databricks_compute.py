"""DatabricksComputeHook against the fake workspace."""

from __future__ import annotations

import pytest
from airflow.providers.databricks.exceptions import DatabricksApiError

from cloud_operators.databricks.hooks.compute import DatabricksComputeHook
from tests.unit.cloud_operators.databricks.fake_databricks import FakeDatabricks, Fault

CLUSTER, WAREHOUSE = "0123-456789-abcdefgh", "0123456789abcdef"


def test_what_is_there_is_described(databricks: FakeDatabricks) -> None:
    hook = DatabricksComputeHook()
    cluster, warehouse = hook.get_cluster(CLUSTER), hook.get_warehouse(WAREHOUSE)
    assert cluster is not None
    assert warehouse is not None
    assert (cluster["state"], warehouse["state"]) == ("TERMINATED", "STOPPED")
    assert hook.spark_versions() == ["17.3.x-scala2.13"]


@pytest.mark.usefixtures("databricks")
def test_what_is_not_there_is_none() -> None:
    hook = DatabricksComputeHook()
    assert hook.get_cluster("0999-456789-abcdefgh") is None
    # What could be one's id is not found, what could not is an invalid parameter.
    assert hook.get_warehouse("fedcba9876543210") is None
    assert hook.get_warehouse("starter") is None


@pytest.mark.parametrize("status", [400, 403])
def test_another_refusal_is_raised(databricks: FakeDatabricks, status: int) -> None:
    databricks.faults.append(Fault(status=status, pattern="clusters/get"))
    with pytest.raises(DatabricksApiError) as caught:
        DatabricksComputeHook().get_cluster(CLUSTER)
    assert caught.value.http_status_code == status
