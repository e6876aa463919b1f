"""MSK: clusters and their bootstrap brokers. https://docs.aws.amazon.com/msk/1.0/apireference/"""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.conformance.target import Target

_BROKER = re.compile(r"[A-Za-z0-9.-]+:\d+")


@pytest.fixture(scope="module")
def msk(target: Target) -> Any:
    return target.client("kafka")


def unknown_arn(target: Target) -> str:
    """A well-formed ARN of a cluster that the account does not have."""
    start = target.cluster_arn.partition(":cluster/")[0]
    return f"{start}:cluster/{target.prefix}-none/00000000-0000-0000-0000-000000000000-1"


def test_cluster_is_described(target: Target, msk: Any) -> None:
    cluster = msk.describe_cluster(ClusterArn=target.cluster_arn)["ClusterInfo"]

    assert cluster["ClusterArn"] == target.cluster_arn
    assert cluster["State"] == "ACTIVE"
    assert cluster["CurrentVersion"]
    subnets = cluster["BrokerNodeGroupInfo"]["ClientSubnets"]
    assert subnets
    # Brokers are spread evenly over the subnets.
    assert cluster["NumberOfBrokerNodes"] % len(subnets) == 0
    assert cluster["EncryptionInfo"]["EncryptionInTransit"]["ClientBroker"] in (
        "TLS",
        "TLS_PLAINTEXT",
        "PLAINTEXT",
    )


def test_both_versions_describe_the_same_cluster(target: Target, msk: Any) -> None:
    first = msk.describe_cluster(ClusterArn=target.cluster_arn)["ClusterInfo"]
    second = msk.describe_cluster_v2(ClusterArn=target.cluster_arn)["ClusterInfo"]

    assert second["ClusterType"] == "PROVISIONED"
    for name in ("ClusterArn", "ClusterName", "State", "CurrentVersion", "CreationTime"):
        assert second[name] == first[name], name
    for name in ("NumberOfBrokerNodes", "BrokerNodeGroupInfo", "EnhancedMonitoring"):
        assert second["Provisioned"][name] == first[name], name


def test_bootstrap_brokers_fit_the_cluster_s_encryption(target: Target, msk: Any) -> None:
    cluster = msk.describe_cluster(ClusterArn=target.cluster_arn)["ClusterInfo"]
    brokers = msk.get_bootstrap_brokers(ClusterArn=target.cluster_arn)
    brokers.pop("ResponseMetadata")

    assert brokers
    for name, text in brokers.items():
        assert all(_BROKER.fullmatch(broker) for broker in text.split(",")), name
    client_broker = cluster["EncryptionInfo"]["EncryptionInTransit"]["ClientBroker"]
    assert ("BootstrapBrokerString" in brokers) == (client_broker != "TLS")
    assert any(name != "BootstrapBrokerString" for name in brokers) == (client_broker != "PLAINTEXT")


def test_clusters_are_listed_by_name(target: Target, msk: Any) -> None:
    name = msk.describe_cluster(ClusterArn=target.cluster_arn)["ClusterInfo"]["ClusterName"]

    for operation, filtered in (
        ("list_clusters", {"ClusterNameFilter": name}),
        ("list_clusters_v2", {"ClusterNameFilter": name, "ClusterTypeFilter": "PROVISIONED"}),
    ):
        pages = msk.get_paginator(operation).paginate(**filtered)
        found = [cluster for page in pages for cluster in page["ClusterInfoList"]]
        assert target.cluster_arn in [cluster["ClusterArn"] for cluster in found]
        assert all(cluster["ClusterName"].startswith(name) for cluster in found)
        absent = getattr(msk, operation)(ClusterNameFilter=f"{target.prefix}-none")
        assert absent["ClusterInfoList"] == []


@pytest.mark.parametrize("operation", ["describe_cluster", "describe_cluster_v2", "get_bootstrap_brokers"])
def test_unknown_cluster(target: Target, msk: Any, operation: str) -> None:
    with pytest.raises(msk.exceptions.NotFoundException) as caught:
        getattr(msk, operation)(ClusterArn=unknown_arn(target))

    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 404
