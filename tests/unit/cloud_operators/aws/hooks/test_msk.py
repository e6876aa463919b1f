from __future__ import annotations

from typing import Any

import pytest

from cloud_operators.aws.hooks.msk import MskHook
from tests.unit.cloud_operators.aws.fake_msk import CLUSTER_ARN, FakeMsk


def test_reads_the_cluster(msk: FakeMsk) -> None:
    hook = MskHook(aws_conn_id=None)

    assert hook.describe_cluster(CLUSTER_ARN)["BrokerNodeGroupInfo"]["ClientSubnets"] == [
        "subnet-1",
        "subnet-2",
    ]
    assert hook.broker_count(CLUSTER_ARN) == 3


IAM = {"Sasl": {"Iam": {"Enabled": True}}, "Unauthenticated": {"Enabled": False}}
OPEN = {"Unauthenticated": {"Enabled": True}, "Sasl": {"Iam": {"Enabled": False}}}


@pytest.mark.parametrize(
    ("authentication", "names", "servers"),
    [
        (IAM, ["SaslIam", "Tls"], "b-1.demo:9098,b-2.demo:9098"),
        (OPEN, ["Tls", ""], "b-1.demo:9094,b-2.demo:9094"),
        (None, [""], "b-1.demo:9092,b-2.demo:9092"),
        ({}, ["", "Tls"], "b-1.demo:9094,b-2.demo:9094"),
    ],
    ids=["iam", "tls", "plaintext", "nothing said"],
)
def test_chooses_the_best_brokers(
    msk: FakeMsk, authentication: dict[str, Any] | None, names: list[str], servers: str
) -> None:
    msk.brokers = {
        f"BootstrapBrokerString{name}": msk.brokers[f"BootstrapBrokerString{name}"] for name in names
    }
    if authentication is None:
        msk.cluster.pop("ClientAuthentication")
    else:
        msk.cluster["ClientAuthentication"] = authentication

    assert MskHook(aws_conn_id=None).get_bootstrap_brokers(CLUSTER_ARN) == servers


@pytest.mark.parametrize(
    "authentication",
    [{"Tls": {"Enabled": True}}, {"Sasl": {"Scram": {"Enabled": True}}}],
    ids=["mutual tls", "scram"],
)
def test_refuses_ways_that_need_secrets(msk: FakeMsk, authentication: dict[str, Any]) -> None:
    msk.cluster["ClientAuthentication"] = authentication
    msk.brokers = {"BootstrapBrokerStringTls": "b-1:9094", "BootstrapBrokerStringSaslScram": "b-1:9096"}

    with pytest.raises(
        ValueError, match=r"neither IAM nor unauthenticated access \(it answered BootstrapBrokerString"
    ):
        MskHook(aws_conn_id=None).get_bootstrap_brokers(CLUSTER_ARN)
