"""Reading the cluster from AWS and from its brokers."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable

import pytest

from pinterest_pipeline.health.checks.cluster import judge
from pinterest_pipeline.health.readings import cluster, patience
from tests.unit.cloud_operators.aws.fake_msk import CLUSTER_ARN, FakeMsk
from tests.unit.pinterest_pipeline.health.readings.brokers import Brokers

pytestmark = pytest.mark.usefixtures("msk", "brokers", "use_settings")


def test_an_active_cluster() -> None:
    found = cluster.read({})
    assert (found.arn, found.state, found.reason) == (CLUSTER_ARN, "ACTIVE", "")
    assert (found.nodes, found.alive, found.trouble) == (3, 3, "")
    assert judge(found, {}).sentence == "cluster demo is ACTIVE, 3 of 3 brokers are alive"


def test_state_and_reason(msk: FakeMsk) -> None:
    msk.cluster |= {"State": "FAILED", "StateInfo": {"Code": "LowDisk", "Message": "no room"}}
    found = cluster.read({})
    assert (found.state, found.reason) == ("FAILED", "LowDisk: no room")


def test_a_broker_is_missing(brokers: Brokers) -> None:
    brokers.alive.remove(2)
    assert cluster.read({}).alive == 2


def test_a_serverless_cluster_has_no_number_of_nodes(msk: FakeMsk) -> None:
    msk.cluster["ClusterType"] = "SERVERLESS"
    found = cluster.read({})
    assert (found.nodes, judge(found, {}).status) == (None, "healthy")


def test_a_cluster_that_is_not_there(use_settings: Callable[..., None], brokers: Brokers) -> None:
    brokers.gone = True
    use_settings(MSK_CLUSTER_ARN=f"{CLUSTER_ARN}9")
    found = cluster.read({})
    assert (found.state, found.trouble) == (None, "")
    assert judge(found, {}).status == "down"


def test_a_missing_setting(use_settings: Callable[..., None], msk: FakeMsk) -> None:
    use_settings(MSK_CLUSTER_ARN="")
    assert cluster.read({}).arn == ""
    assert msk.requests == []


def test_brokers_that_are_gone(brokers: Brokers) -> None:
    brokers.gone = True
    found = cluster.read({})
    assert (found.state, found.alive) == ("ACTIVE", None)
    assert found.trouble == "Kafka at 127.0.0.1:9092 does not answer: Connection refused"


def test_a_port_where_no_broker_listens(monkeypatch: pytest.MonkeyPatch) -> None:
    """With the client itself."""
    from confluent_kafka.admin import AdminClient

    monkeypatch.setattr("cloud_operators.kafka.hooks.admin.AdminClient", AdminClient)
    monkeypatch.setattr(patience, "KAFKA_S", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    connection = {"conn_type": "kafka", "extra": {"bootstrap.servers": f"127.0.0.1:{port}"}}
    monkeypatch.setenv("AIRFLOW_CONN_KAFKA_DEFAULT", json.dumps(connection))
    found = cluster.read({})
    assert found.alive is None
    assert found.trouble.startswith(f"Kafka at 127.0.0.1:{port} does not answer")
    assert judge(found, {}).status == "down"
