from __future__ import annotations

from typing import Any

import pytest

from cloud_operators.aws.links.msk_connect import MskConnectConnectorLink
from cloud_operators.aws.operators.msk_connect import MskConnectDeleteConnectorOperator
from cloud_operators.exceptions import ResourceDiffers, ServiceFailed
from tests.unit.cloud_operators.aws.fake_msk import FakeMsk
from tests.unit.cloud_operators.aws.operators.msk_connect.conftest import (
    CAPACITY,
    CONFIGURATION,
    CreateConnector,
)
from tests.unit.cloud_operators.running import run

LOGS = {"workerLogDelivery": {"cloudWatchLogs": {"enabled": True, "logGroup": "/msk/connect"}}}


def test_creates(
    msk: FakeMsk, create_connector: CreateConnector, way: dict[str, Any], context: Any, xcoms: dict[str, Any]
) -> None:
    arn = run(create_connector(log_delivery=LOGS, description="The sink", **way), context)

    (plugin,), (worker,) = msk.plugins, msk.workers
    (connector,) = msk.connectors.values()
    shown = dict(connector.body)
    waited = way["deferrable"] or way["wait_for_completion"]
    assert shown.pop("connectorState") == ("RUNNING" if waited else "CREATING")
    assert shown == {
        "connectorArn": arn,
        "connectorName": "demo-connector",
        "connectorDescription": "The sink",
        "connectorConfiguration": CONFIGURATION,
        "capacity": CAPACITY,
        "kafkaConnectVersion": "3.7.x",
        "serviceExecutionRoleArn": "arn:aws:iam::123456789012:role/connector",
        "plugins": [{"customPlugin": {"customPluginArn": plugin, "revision": 1}}],
        "workerConfiguration": {"workerConfigurationArn": worker, "revision": 3},
        "kafkaCluster": {
            "apacheKafkaCluster": {
                "bootstrapServers": "b-1.demo:9098,b-2.demo:9098",
                "vpc": {"subnets": ["subnet-1", "subnet-2"], "securityGroups": ["sg-1"]},
            }
        },
        "kafkaClusterClientAuthentication": {"authenticationType": "IAM"},
        "kafkaClusterEncryptionInTransit": {"encryptionType": "TLS"},
        "logDelivery": LOGS,
        "currentVersion": "K1",
    }
    assert xcoms["action"] == "created"
    assert xcoms[MskConnectConnectorLink.key]["arn"] == arn


@pytest.mark.parametrize(
    ("brokers", "servers", "authentication", "encryption"),
    [
        (["BootstrapBrokerString", "BootstrapBrokerStringTls"], "b-1.demo:9094,b-2.demo:9094", "NONE", "TLS"),
        (["BootstrapBrokerString"], "b-1.demo:9092,b-2.demo:9092", "NONE", "PLAINTEXT"),
    ],
    ids=["tls", "plaintext"],
)
def test_speaks_to_a_cluster_without_iam(
    msk: FakeMsk,
    create_connector: CreateConnector,
    context: Any,
    brokers: list[str],
    servers: str,
    authentication: str,
    encryption: str,
) -> None:
    msk.brokers = {name: msk.brokers[name] for name in brokers}
    msk.cluster["ClientAuthentication"] = {}

    run(create_connector(), context)

    (connector,) = (resource.body for resource in msk.connectors.values())
    assert connector["kafkaCluster"]["apacheKafkaCluster"]["bootstrapServers"] == servers
    assert connector["kafkaClusterClientAuthentication"]["authenticationType"] == authentication
    assert connector["kafkaClusterEncryptionInTransit"]["encryptionType"] == encryption


def test_adopts_an_equal_one(
    msk: FakeMsk,
    create_connector: CreateConnector,
    connector_arn: str,
    way: dict[str, Any],
    context: Any,
    xcoms: dict[str, Any],
) -> None:
    # What the service adds by itself, and another order of the brokers, are no differences.
    body = msk.connectors[connector_arn].body
    body["connectorConfiguration"] = {**CONFIGURATION, "name": "demo-connector"}
    body["kafkaCluster"]["apacheKafkaCluster"]["bootstrapServers"] = "b-3.demo:9098,b-1.demo:9098"

    assert run(create_connector(**way), context) == connector_arn
    assert len(msk.connectors) == 1
    assert xcoms["action"] == "adopted"


def test_waits_for_an_adopted_one_that_is_created_just_now(
    msk: FakeMsk, create_connector: CreateConnector, waiting: dict[str, Any], context: Any
) -> None:
    arn = run(create_connector(wait_for_completion=False), context)
    assert msk.connectors[arn].state == "CREATING"

    assert run(create_connector(**waiting), context) == arn
    assert msk.connectors[arn].state == "RUNNING"


def test_lists_all_differences(
    msk: FakeMsk, create_connector: CreateConnector, connector_arn: str, way: dict[str, Any], context: Any
) -> None:
    wanted = create_connector(
        configuration={
            "connector.class": CONFIGURATION["connector.class"],
            "tasks.max": "1",
            "flush.size": "10",
        },
        capacity={
            "autoScaling": {
                "mcuCount": 1,
                "minWorkerCount": 1,
                "maxWorkerCount": 2,
                "scaleInPolicy": {"cpuUtilizationPercentage": 20},
                "scaleOutPolicy": {"cpuUtilizationPercentage": 80},
            }
        },
        service_execution_role_arn="arn:aws:iam::123456789012:role/other",
        kafka_connect_version="2.7.1",
        **way,
    )

    with pytest.raises(ResourceDiffers) as raised:
        run(wanted, context)

    assert str(raised.value).splitlines() == [
        "Connector 'demo-connector' exists and differs from what was asked for; nothing was changed.",
        "  capacity.autoScaling.maxWorkerCount: wanted 2, found nothing",
        "  capacity.autoScaling.mcuCount: wanted 1, found nothing",
        "  capacity.autoScaling.minWorkerCount: wanted 1, found nothing",
        "  capacity.autoScaling.scaleInPolicy.cpuUtilizationPercentage: wanted 20, found nothing",
        "  capacity.autoScaling.scaleOutPolicy.cpuUtilizationPercentage: wanted 80, found nothing",
        "  capacity.provisionedCapacity: wanted nothing, found {'mcuCount': 1, 'workerCount': 1}",
        "  configuration.flush.size: wanted '10', found nothing",
        "  configuration.tasks.max: wanted '1', found '3'",
        "  configuration.topics.regex: wanted nothing, found '^demo\\\\.(pin|geo|user)$'",
        "  kafkaConnectVersion: wanted '2.7.1', found '3.7.x'",
        "  serviceExecutionRoleArn: wanted 'arn:aws:iam::123456789012:role/other', "
        "found 'arn:aws:iam::123456789012:role/connector'",
    ]
    assert msk.connectors[connector_arn].body["connectorConfiguration"] == CONFIGURATION


def test_reports_why_the_creation_failed(
    msk: FakeMsk, create_connector: CreateConnector, waiting: dict[str, Any], context: Any
) -> None:
    msk.failures["connector"] = ("FAILED", "UnknownError.Unknown", "The role cannot be assumed")

    with pytest.raises(ServiceFailed) as raised:
        run(create_connector(**waiting), context)

    assert (raised.value.state, raised.value.code, raised.value.service_message) == (
        "FAILED",
        "UnknownError.Unknown",
        "The role cannot be assumed",
    )


def test_adopts_what_another_created_meanwhile(
    msk: FakeMsk, create_connector: CreateConnector, way: dict[str, Any], context: Any
) -> None:
    others: list[str] = []
    request = create_connector().request()
    msk.before_create = lambda: others.append(msk._connector("POST", [], {}, request)["connectorArn"])

    assert [run(create_connector(**way), context)] == others
    assert len(msk.connectors) == 1


def test_needs_an_active_plugin(msk: FakeMsk, create_connector: CreateConnector, context: Any) -> None:
    (plugin,) = msk.plugins.values()
    plugin.body |= {
        "customPluginState": "CREATE_FAILED",
        "stateDescription": {"code": "Bad", "message": "no"},
    }

    with pytest.raises(
        ServiceFailed, match=r"needs an ACTIVE custom plugin, but .* is CREATE_FAILED \(Bad: no\)"
    ):
        run(create_connector(), context)

    assert msk.connectors == {}


def test_waits_for_a_deletion_and_creates_anew(
    msk: FakeMsk,
    create_connector: CreateConnector,
    connector_arn: str,
    waiting: dict[str, Any],
    context: Any,
    xcoms: dict[str, Any],
) -> None:
    msk._connector("DELETE", [connector_arn], {}, {})

    new = run(create_connector(**waiting), context)

    assert new != connector_arn
    assert list(msk.connectors) == [new]
    assert xcoms["action"] == "created"


def test_deletes(msk: FakeMsk, connector_arn: str, way: dict[str, Any], context: Any) -> None:
    delete = MskConnectDeleteConnectorOperator(task_id="delete", connector_arn=connector_arn, **way)

    assert run(delete, context) == connector_arn
    waited = way["deferrable"] or way["wait_for_completion"]
    assert [connector.state for connector in msk.connectors.values()] == ([] if waited else ["DELETING"])


def test_deletes_what_is_gone(msk: FakeMsk, connector_arn: str, way: dict[str, Any], context: Any) -> None:
    msk.connectors.clear()

    delete = MskConnectDeleteConnectorOperator(task_id="delete", connector_arn=connector_arn, **way)

    assert run(delete, context) == connector_arn


def test_reports_a_failed_deletion(
    msk: FakeMsk, connector_arn: str, waiting: dict[str, Any], context: Any
) -> None:
    msk.failures["deletion"] = ("FAILED", "", "")

    delete = MskConnectDeleteConnectorOperator(task_id="delete", connector_arn=connector_arn, **waiting)

    with pytest.raises(ServiceFailed, match="is FAILED; the service gave no reason"):
        run(delete, context)


def test_does_not_wait_for_a_paused_one(
    msk: FakeMsk, create_connector: CreateConnector, connector_arn: str, waiting: dict[str, Any], context: Any
) -> None:
    msk.connectors[connector_arn].body["connectorState"] = "PAUSED"

    with pytest.raises(ServiceFailed, match="is PAUSED"):
        run(create_connector(**waiting), context)
