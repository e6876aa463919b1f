"""The MSK cluster: there, ACTIVE, provisioned."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.cloud_operators.aws.fake_msk import CLUSTER_ARN, FakeMsk
from tests.unit.pinterest_pipeline.provisioning.prerequisites.looking import (
    refused,
)


@pytest.mark.usefixtures("versioned")
@pytest.mark.parametrize(
    ("state", "remedy"),
    [("CREATING", "wait until"), ("UPDATING", "wait until"), ("FAILED", "make a new cluster")],
)
def test_a_cluster_that_is_not_active(msk: FakeMsk, state: str, remedy: str) -> None:
    msk.cluster |= {"State": state, "StateInfo": {"Code": "LowDisk", "Message": "no room"}}
    message, row = refused()
    assert row["status"] == "wrong"
    assert f"demo is {state}, not ACTIVE (LowDisk: no room)" in message
    assert row["remedy"].startswith(remedy)


@pytest.mark.usefixtures("versioned")
def test_a_serverless_cluster(msk: FakeMsk) -> None:
    msk.cluster["ClusterType"] = "SERVERLESS"
    assert "demo is SERVERLESS" in refused()[0]


@pytest.mark.usefixtures("versioned")
@pytest.mark.parametrize(
    ("arn", "status", "found"),
    [
        (f"{CLUSTER_ARN}9", "missing", "there is no cluster"),
        (
            CLUSTER_ARN.replace("us-east-1", "eu-west-1"),
            "wrong",
            "is in eu-west-1, the connection aws_default",
        ),
    ],
)
def test_a_cluster_that_is_not_there(configured: Any, arn: str, status: str, found: str) -> None:
    configured(MSK_CLUSTER_ARN=arn)
    message, row = refused()
    assert (row["name"], row["status"]) == ("MSK cluster", status)
    assert found in message
    assert "PINTEREST_MSK_CLUSTER_ARN" in row["remedy"]
