"""The network of the customer's account: the cluster's VPC, with a way to S3."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pinterest_sandbox.config import REGION

NAME = "pinterest"
_CIDR = "10.20.0.0/16"
_SUBNET_CIDR = "10.20.1.0/24"


@dataclass(frozen=True, kw_only=True)
class Network:
    """Ids of what is there.

    :param subnet_id: the subnet of the cluster's broker.
    :param security_group_id: the VPC's own security group.
    """

    subnet_id: str
    security_group_id: str


def prepare_network(ec2: Any) -> Network:
    """Make what is missing; harmless when all is there.

    :param ec2: a boto3 EC2 client.
    """
    vpc = _vpc(ec2)
    in_vpc = [{"Name": "vpc-id", "Values": [vpc]}]
    subnets = ec2.describe_subnets(Filters=in_vpc)["Subnets"]
    subnet = subnets[0] if subnets else ec2.create_subnet(VpcId=vpc, CidrBlock=_SUBNET_CIDR)["Subnet"]
    if not ec2.describe_vpc_endpoints(Filters=in_vpc)["VpcEndpoints"]:
        tables = ec2.describe_route_tables(Filters=in_vpc)["RouteTables"]
        ec2.create_vpc_endpoint(
            VpcId=vpc,
            ServiceName=f"com.amazonaws.{REGION}.s3",
            VpcEndpointType="Gateway",
            RouteTableIds=[table["RouteTableId"] for table in tables],
        )
    (group,) = ec2.describe_security_groups(Filters=in_vpc)["SecurityGroups"]
    return Network(subnet_id=str(subnet["SubnetId"]), security_group_id=str(group["GroupId"]))


def _vpc(ec2: Any) -> str:
    found = ec2.describe_vpcs(Filters=[{"Name": "tag:Name", "Values": [NAME]}])["Vpcs"]
    if found:
        return str(found[0]["VpcId"])
    tags = [{"ResourceType": "vpc", "Tags": [{"Key": "Name", "Value": NAME}]}]
    return str(ec2.create_vpc(CidrBlock=_CIDR, TagSpecifications=tags)["Vpc"]["VpcId"])
