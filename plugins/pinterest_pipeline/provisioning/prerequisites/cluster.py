"""The MSK cluster, and the way from its VPC to S3."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial
from typing import Any

from pinterest_pipeline.provisioning.prerequisites.clients import aws_client, aws_hook
from pinterest_pipeline.provisioning.prerequisites.findings import Outcome, Status
from pinterest_pipeline.provisioning.prerequisites.looking import Check

SETTING = "PINTEREST_MSK_CLUSTER_ARN"
_UNLESS = "unless the cluster's subnets reach S3 another way, such as NAT: without any, nothing is written"
#: States that pass by themselves.
_PASSING = {"CREATING", "HEALING", "MAINTENANCE", "REBOOTING_BROKER", "UPDATING"}


def cluster_check(cluster_arn: str) -> Check:
    """The check of the cluster.

    :param cluster_arn: its ARN.
    """
    return Check(
        name="MSK cluster", required=True, service="kafka", look=partial(_look_at_cluster, cluster_arn)
    )


def s3_endpoint_check(cluster_arn: str) -> Check:
    """The check of the way to S3.

    A connector runs in the cluster's subnets without a public address, so it reaches S3 by an endpoint of
    the VPC or by NAT. NAT may lie behind route tables, transit gateways and firewalls of others, so that a
    missing endpoint does not prove that there is no way: it is a warning.

    .. seealso:: https://docs.aws.amazon.com/msk/latest/developerguide/msk-connect-internet-access.html

    :param cluster_arn: ARN of the cluster.
    """
    return Check(
        name="S3 endpoint", required=False, service="ec2", look=partial(_look_at_endpoint, cluster_arn)
    )


def judge_cluster(cluster_arn: str, region: str, found: Mapping[str, Any] | None) -> Outcome:
    """What is to be said of the cluster.

    :param cluster_arn: as the setting has it.
    :param region: that of the connection.
    :param found: ``ClusterInfo`` of DescribeClusterV2; ``None`` when there is none.
    """
    own = cluster_arn.split(":")[3]
    if own != region:
        return Outcome(
            status=Status.WRONG,
            found=f"{SETTING} is in {own}, the connection aws_default in {region}",
            remedy=f"set {SETTING} to a cluster in {region}, or the region of aws_default to {own}.",
        )
    if found is None:
        return Outcome(
            status=Status.MISSING,
            found=f"there is no cluster {cluster_arn}",
            remedy=f"set {SETTING} to the ARN that 'aws kafka list-clusters-v2' shows, or make the cluster.",
        )
    name, kind, state = found["ClusterName"], found["ClusterType"], found["State"]
    if kind != "PROVISIONED":
        return Outcome(
            status=Status.WRONG,
            found=f"{name} is {kind}; a PROVISIONED cluster is needed, whose brokers can be counted",
            remedy=f"set {SETTING} to a provisioned cluster.",
        )
    if state != "ACTIVE":
        info = found.get("StateInfo") or {}
        reason = ": ".join(info[part] for part in ("Code", "Message") if info.get(part))
        return Outcome(
            status=Status.WRONG,
            found=f"{name} is {state}, not ACTIVE" + (f" ({reason})" if reason else ""),
            remedy="wait until 'aws kafka describe-cluster-v2' shows ACTIVE, and clear this task."
            if state in _PASSING
            else f"make a new cluster, set {SETTING} to it, and clear this task.",
        )
    return Outcome(status=Status.THERE, found=f"{name} is ACTIVE")


def judge_endpoints(vpc: str, region: str, endpoints: Iterable[Mapping[str, Any]]) -> Outcome:
    """What is to be said of the way to S3.

    :param vpc: id of the cluster's VPC.
    :param region: that of the connection.
    :param endpoints: ``VpcEndpoints`` of DescribeVpcEndpoints.
    """
    to_s3 = [
        each
        for each in endpoints
        # EC2 shows for a while those that are gone.
        if each["ServiceName"].endswith(f".{region}.s3") and not each["State"].lower().startswith("delet")
    ]
    problems = {each["VpcEndpointId"]: _problem(each) for each in to_s3}
    if good := [name for name, problem in problems.items() if not problem]:
        return Outcome(status=Status.THERE, found=f"{good[0]} in {vpc}")
    if problems:
        return Outcome(
            status=Status.WRONG,
            found="; ".join(f"{name} in {vpc} {problem}" for name, problem in problems.items()),
            remedy=f"mend it, {_UNLESS}.",
        )
    return Outcome(
        status=Status.MISSING,
        found=f"{vpc} has no endpoint for S3",
        remedy=f"make one, {_UNLESS}:\n"
        f"aws ec2 create-vpc-endpoint --region {region} --vpc-id {vpc} "
        f"--service-name com.amazonaws.{region}.s3 --route-table-ids <those of the cluster's subnets>",
    )


def _problem(endpoint: Mapping[str, Any]) -> str:
    """What keeps an endpoint from being of use."""
    if endpoint["State"].lower() != "available":
        return f"is {endpoint['State']}"
    if endpoint["VpcEndpointType"] == "Gateway":
        return "" if endpoint.get("RouteTableIds") else "is bound to no route table"
    return "" if endpoint.get("PrivateDnsEnabled") else "is not what S3's own name leads to: no private DNS"


def _describe(cluster_arn: str) -> tuple[str, dict[str, Any] | None]:
    from cloud_operators.aws.hooks.msk import MskHook

    client = aws_hook(MskHook).conn
    region = str(client.meta.region_name)
    if cluster_arn.split(":")[3] != region:
        return region, None
    try:
        return region, client.describe_cluster_v2(ClusterArn=cluster_arn)["ClusterInfo"]
    except client.exceptions.NotFoundException:
        return region, None


def _look_at_cluster(cluster_arn: str) -> Outcome:
    return judge_cluster(cluster_arn, *_describe(cluster_arn))


def _look_at_endpoint(cluster_arn: str) -> Outcome:
    region, cluster = _describe(cluster_arn)
    subnets = ((cluster or {}).get("Provisioned") or {}).get("BrokerNodeGroupInfo", {}).get("ClientSubnets")
    if not subnets:
        return Outcome(
            status=Status.UNKNOWN,
            found="without the cluster nobody knows its VPC",
            remedy="mend what is said of the cluster, and clear this task.",
        )
    ec2 = aws_client("ec2")
    # The subnets of a cluster are all in one VPC.
    vpc = ec2.describe_subnets(SubnetIds=subnets[:1])["Subnets"][0]["VpcId"]
    pages = ec2.get_paginator("describe_vpc_endpoints").paginate(
        Filters=[{"Name": "vpc-id", "Values": [vpc]}]
    )
    return judge_endpoints(vpc, region, [each for page in pages for each in page["VpcEndpoints"]])
