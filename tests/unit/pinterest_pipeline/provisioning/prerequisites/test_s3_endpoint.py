"""The way from the cluster's network to S3."""

from __future__ import annotations

import pytest

from pinterest_pipeline import connections
from tests.unit.pinterest_pipeline.provisioning.customer_account import (
    Network,
)
from tests.unit.pinterest_pipeline.provisioning.prerequisites.looking import (
    COMMANDS,
    look,
)


@pytest.mark.usefixtures("versioned")
def test_a_vpc_without_an_endpoint_is_a_warning(network: Network, caplog: pytest.LogCaptureFixture) -> None:
    connections.aws_client("ec2").delete_vpc_endpoints(VpcEndpointIds=[network.endpoint])
    row = look()["S3 endpoint"]
    assert (row["status"], row["required"]) == ("missing", False)
    assert row["found"] == f"{network.vpc} has no endpoint for S3"
    (command,) = COMMANDS.findall(row["remedy"])
    assert f"--vpc-id {network.vpc} --service-name com.amazonaws.us-east-1.s3" in command
    warned = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
    assert any(line.startswith("S3 endpoint (optional, missing)") for line in warned)


@pytest.mark.usefixtures("versioned")
def test_an_endpoint_that_no_route_leads_to(network: Network) -> None:
    ec2 = connections.aws_client("ec2")
    (found,) = ec2.describe_vpc_endpoints(VpcEndpointIds=[network.endpoint])["VpcEndpoints"]
    ec2.modify_vpc_endpoint(VpcEndpointId=network.endpoint, RemoveRouteTableIds=found["RouteTableIds"])
    row = look()["S3 endpoint"]
    assert (row["status"], row["required"]) == ("wrong", False)
    assert "is bound to no route table" in row["found"]


@pytest.mark.usefixtures("versioned")
def test_without_a_cluster_nobody_knows_its_vpc() -> None:
    row = look()["S3 endpoint"]
    assert (row["status"], row["required"]) == ("unknown", False)
