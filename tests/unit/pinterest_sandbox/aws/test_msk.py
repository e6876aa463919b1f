"""MSK: moto's clusters as AWS describes them, and the real broker's address."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from aiohttp import web

from pinterest_sandbox.aws.clients import aws_client
from pinterest_sandbox.aws.msk.clusters import bootstrap_brokers, complete_v1
from pinterest_sandbox.aws.msk.facade import Msk, application
from tests.ports import held_port
from tests.unit.pinterest_sandbox.aws.serving import serving

ADDRESS = "127.0.0.1:19092"
NODES = {
    "InstanceType": "kafka.m7g.large",
    "ClientSubnets": ["subnet-1", "subnet-2"],
    "SecurityGroups": ["sg-1"],
}
UNKNOWN = "arn:aws:kafka:us-east-1:123456789012:cluster/none/00000000-0000-0000-0000-000000000000-1"


@pytest.fixture(scope="module")
def kafka(moto_url: str) -> Iterator[Any]:
    with serving(application(Msk(moto_url, ADDRESS))) as url:
        yield aws_client("kafka", url)


@pytest.fixture(scope="module")
def cluster(kafka: Any) -> str:
    made = kafka.create_cluster(
        ClusterName="unit-cluster",
        KafkaVersion="3.7.x",
        NumberOfBrokerNodes=2,
        BrokerNodeGroupInfo=NODES,
        ClientAuthentication={"Unauthenticated": {"Enabled": True}},
        EncryptionInfo={"EncryptionInTransit": {"ClientBroker": "PLAINTEXT", "InCluster": False}},
        Tags={"made-by": "tests"},
    )
    return str(made["ClusterArn"])


def check_cluster(found: dict[str, Any]) -> None:
    assert found["BrokerNodeGroupInfo"]["ClientSubnets"] == ["subnet-1", "subnet-2"]
    assert found["BrokerNodeGroupInfo"]["SecurityGroups"] == ["sg-1"]
    assert found["ClientAuthentication"] == {"Unauthenticated": {"Enabled": True}}
    assert found["EncryptionInfo"]["EncryptionInTransit"] == {"ClientBroker": "PLAINTEXT", "InCluster": False}
    assert found["NumberOfBrokerNodes"] == 2
    assert found["CurrentBrokerSoftwareInfo"] == {"KafkaVersion": "3.7.x"}


def test_cluster_is_described_in_full(kafka: Any, cluster: str) -> None:
    found = kafka.describe_cluster(ClusterArn=cluster)["ClusterInfo"]

    check_cluster(found)
    assert found["State"] == "ACTIVE"
    assert found["Tags"] == {"made-by": "tests"}
    assert abs((datetime.now(UTC) - found["CreationTime"]).total_seconds()) < 600


def test_cluster_is_described_in_full_by_version_two(kafka: Any, cluster: str) -> None:
    found = kafka.describe_cluster_v2(ClusterArn=cluster)["ClusterInfo"]

    check_cluster(found["Provisioned"])
    assert found["ClusterType"] == "PROVISIONED"
    assert found["State"] == "ACTIVE"


def test_lists_describe_in_full(kafka: Any, cluster: str) -> None:
    [first] = kafka.list_clusters(ClusterNameFilter="unit-cluster")["ClusterInfoList"]
    [second] = kafka.list_clusters_v2(ClusterNameFilter="unit-cluster")["ClusterInfoList"]

    assert first["ClusterArn"] == second["ClusterArn"] == cluster
    check_cluster(first)
    check_cluster(second["Provisioned"])


def test_bootstrap_brokers_are_the_real_ones(kafka: Any, cluster: str) -> None:
    answer = kafka.get_bootstrap_brokers(ClusterArn=cluster)

    answer.pop("ResponseMetadata")
    assert answer == {"BootstrapBrokerString": ADDRESS}


@pytest.mark.parametrize(
    ("transit", "authentication", "fields"),
    [
        ("TLS", {"sasl": {"iam": {"enabled": True}}}, {"BootstrapBrokerStringSaslIam"}),
        ("TLS", {"sasl": {"scram": {"enabled": True}}}, {"BootstrapBrokerStringSaslScram"}),
        ("TLS", {}, {"BootstrapBrokerStringTls"}),
        ("TLS_PLAINTEXT", {}, {"BootstrapBrokerString", "BootstrapBrokerStringTls"}),
        ("PLAINTEXT", {"unauthenticated": {"enabled": True}}, {"BootstrapBrokerString"}),
        (
            "TLS",
            {"sasl": {"iam": {"enabled": True}}, "unauthenticated": {"enabled": True}},
            {"BootstrapBrokerStringSaslIam", "BootstrapBrokerStringTls"},
        ),
    ],
)
def test_bootstrap_fields_fit_the_cluster(
    transit: str, authentication: dict[str, Any], fields: set[str]
) -> None:
    cluster = complete_v1(
        {
            "state": "CREATING",
            "clientAuthentication": authentication,
            "encryptionInfo": {"encryptionInTransit": {"clientBroker": transit}},
        }
    )

    assert set(bootstrap_brokers(cluster, ADDRESS)) == fields


def test_defaults_are_those_of_aws() -> None:
    cluster = complete_v1({"state": "CREATING"})

    assert cluster["encryptionInfo"]["encryptionInTransit"] == {"clientBroker": "TLS", "inCluster": True}
    assert cluster["clientAuthentication"] == {"unauthenticated": {"enabled": True}}


@pytest.mark.parametrize("call", ["describe_cluster", "describe_cluster_v2", "get_bootstrap_brokers"])
def test_unknown_cluster_is_not_found(kafka: Any, call: str) -> None:
    with pytest.raises(kafka.exceptions.NotFoundException):
        getattr(kafka, call)(ClusterArn=UNKNOWN)


@pytest.fixture
def without_moto() -> Iterator[Any]:
    with held_port() as port, serving(application(Msk(f"http://127.0.0.1:{port}", ADDRESS))) as url:
        yield aws_client("kafka", url)


@pytest.mark.parametrize("call", ["create_cluster", "create_cluster_v2"])
def test_without_moto_the_service_is_unavailable(without_moto: Any, call: str) -> None:
    request: dict[str, Any] = {"ClusterName": "unit-other"}
    if call == "create_cluster":
        request |= {"KafkaVersion": "3.7.x", "NumberOfBrokerNodes": 2, "BrokerNodeGroupInfo": NODES}

    with pytest.raises(without_moto.exceptions.ServiceUnavailableException):
        getattr(without_moto, call)(**request)


@pytest.mark.parametrize("call", ["describe_cluster", "get_bootstrap_brokers"])
def test_without_moto_operations_fail_that_can_not_be_unavailable(without_moto: Any, call: str) -> None:
    """MSK's model gives these no ServiceUnavailableException."""
    with pytest.raises(without_moto.exceptions.InternalServerErrorException):
        getattr(without_moto, call)(ClusterArn=UNKNOWN)


@pytest.fixture
def broken_moto() -> Iterator[Any]:
    """MSK over a server that stumbles over everything but a list, in which it answers with what is none."""

    async def answer(request: web.Request) -> web.Response:
        if request.path == "/v1/clusters" and "clusterNameFilter" not in request.query:
            return web.json_response(
                {"clusterInfoList": [{"clusterArn": UNKNOWN, "clusterType": "SERVERLESS"}]}
            )
        if request.path == "/v1/clusters":
            return web.json_response({"clusterInfoList": None})
        return web.Response(status=500, text="<title>500 Internal Server Error</title>")

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answer)
    with serving(app) as moto, serving(application(Msk(moto, ADDRESS))) as url:
        yield aws_client("kafka", url)


@pytest.mark.parametrize("call", ["describe_cluster", "delete_cluster", "get_bootstrap_brokers"])
def test_failure_of_moto_is_no_missing_cluster(broken_moto: Any, call: str) -> None:
    with pytest.raises(broken_moto.exceptions.InternalServerErrorException, match="moto answered 500"):
        getattr(broken_moto, call)(ClusterArn=UNKNOWN)


def test_answer_that_can_not_be_read_is_an_error_of_the_service(broken_moto: Any) -> None:
    with pytest.raises(broken_moto.exceptions.InternalServerErrorException, match="Internal server error"):
        broken_moto.list_clusters(ClusterNameFilter="unit-cluster")


def test_operation_that_is_not_there_says_so(kafka: Any, cluster: str) -> None:
    with pytest.raises(kafka.exceptions.BadRequestException, match="ListTopics"):
        kafka.list_topics(ClusterArn=cluster)


def test_tags_pass_through(kafka: Any, cluster: str) -> None:
    kafka.tag_resource(ResourceArn=cluster, Tags={"a": "b"})
    kafka.untag_resource(ResourceArn=cluster, TagKeys=["a"])

    assert kafka.list_tags_for_resource(ResourceArn=cluster)["Tags"] == {"made-by": "tests"}
