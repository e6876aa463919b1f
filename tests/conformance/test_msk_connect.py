"""MSK Connect. https://docs.aws.amazon.com/MSKC/latest/mskc/"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.conformance.msk_connect_cases import CASES, Case, run_case
from tests.conformance.msk_connect_surroundings import (
    WORKER_PROPERTIES,
    KafkaCluster,
    Surroundings,
    encoded,
    prepare_surroundings,
    remove_by_prefix,
    wait_connector,
    wait_gone,
    wait_operation,
    wait_plugin,
)
from tests.conformance.target import Target


def kafka_cluster(target: Target) -> KafkaCluster:
    """The target's MSK cluster, as a connector is given it."""
    msk = target.client("kafka")
    nodes = msk.describe_cluster(ClusterArn=target.cluster_arn)["ClusterInfo"]["BrokerNodeGroupInfo"]
    brokers = msk.get_bootstrap_brokers(ClusterArn=target.cluster_arn)
    iam, tls = brokers.get("BootstrapBrokerStringSaslIam"), brokers.get("BootstrapBrokerStringTls")
    return KafkaCluster(
        bootstrap=iam or tls or brokers["BootstrapBrokerString"],
        subnets=nodes["ClientSubnets"],
        security_groups=nodes["SecurityGroups"],
        authentication="IAM" if iam else "NONE",
        encryption="TLS" if iam or tls else "PLAINTEXT",
    )


@pytest.fixture(scope="module")
def surroundings(target: Target) -> Iterator[Surroundings]:
    client = target.client("kafkaconnect")
    try:
        yield prepare_surroundings(
            client,
            prefix=target.prefix,
            bucket=target.bucket,
            plugin_key=target.plugin_key,
            cluster=kafka_cluster(target),
            configuration={
                "topics": target.topic,
                "topics.dir": target.prefix,
                "s3.bucket.name": target.bucket,
                "s3.region": client.meta.region_name,
                "storage.class": "io.confluent.connect.s3.storage.S3Storage",
                "format.class": "io.confluent.connect.s3.format.json.JsonFormat",
                "partitioner.class": "io.confluent.connect.storage.partitioner.DefaultPartitioner",
                "schema.compatibility": "NONE",
                # More than the cases send: nothing lands.
                "flush.size": "100000",
            },
            role_arn=target.role_arn,
            pace=target.pace,
        )
    finally:
        remove_by_prefix(client, f"{target.prefix}-", target.pace)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_case(case: Case, surroundings: Surroundings) -> None:
    run_case(case, surroundings)


def test_connector_from_creation_to_deletion(surroundings: Surroundings) -> None:
    """One connector for all of it: each costs money and a quarter of an hour on AWS."""
    client, pace = surroundings.client, surroundings.pace
    request = surroundings.connector_request("life")

    made = client.create_connector(**request)
    arn = made["connectorArn"]
    assert made["connectorState"] == "CREATING"
    assert made["connectorName"] == request["connectorName"]
    with pytest.raises(client.exceptions.ConflictException):
        client.create_connector(**request)

    before = wait_connector(client, arn, "RUNNING", pace)
    assert before["connectorConfiguration"] == request["connectorConfiguration"]
    assert before["serviceExecutionRoleArn"] == request["serviceExecutionRoleArn"]
    assert before["capacity"]["provisionedCapacity"]["mcuCount"] == 1
    assert before["plugins"] == request["plugins"]
    listed = client.list_connectors(connectorNamePrefix=request["connectorName"])["connectors"]
    assert [(c["connectorArn"], c["connectorState"]) for c in listed] == [(arn, "RUNNING")]

    update_reaches_a_new_version(surroundings, before)

    deleted = client.delete_connector(connectorArn=arn)
    assert (deleted["connectorArn"], deleted["connectorState"]) == (arn, "DELETING")
    wait_gone(client, arn, pace)


def update_reaches_a_new_version(surroundings: Surroundings, before: dict[str, Any]) -> None:
    client, pace, arn = surroundings.client, surroundings.pace, before["connectorArn"]
    changed = before["connectorConfiguration"] | {"flush.size": "200000"}
    update = {"connectorArn": arn, "connectorConfiguration": changed}

    answer = client.update_connector(**update, currentVersion=before["currentVersion"])
    assert answer["connectorState"] == "UPDATING"
    operation = answer["connectorOperationArn"]
    wait_operation(client, operation, "UPDATE_COMPLETE", pace)
    after = wait_connector(client, arn, "RUNNING", pace)

    assert after["connectorConfiguration"] == changed
    assert after["currentVersion"] != before["currentVersion"]
    [listed] = client.list_connector_operations(connectorArn=arn)["connectorOperations"]
    assert (listed["connectorOperationArn"], listed["connectorOperationType"]) == (
        operation,
        "UPDATE_CONNECTOR_CONFIGURATION",
    )
    told = client.describe_connector_operation(connectorOperationArn=operation)
    assert told["originConnectorConfiguration"] == before["connectorConfiguration"]
    assert told["targetConnectorConfiguration"] == changed
    with pytest.raises(client.exceptions.BadRequestException):
        client.update_connector(**update, currentVersion=before["currentVersion"])


def test_lists_come_in_pages(surroundings: Surroundings) -> None:
    client, prefix = surroundings.client, f"{surroundings.prefix}-page"
    made = [
        client.create_worker_configuration(
            name=f"{prefix}{n}", propertiesFileContent=encoded(WORKER_PROPERTIES)
        )["workerConfigurationArn"]
        for n in range(3)
    ]

    found: list[str] = []
    token: dict[str, str] = {}
    while True:
        page = client.list_worker_configurations(namePrefix=prefix, maxResults=2, **token)
        assert len(page["workerConfigurations"]) <= 2
        found += [entry["workerConfigurationArn"] for entry in page["workerConfigurations"]]
        if "nextToken" not in page:
            break
        token = {"nextToken": page["nextToken"]}
    assert sorted(found) == sorted(made)


def test_worker_configuration_is_deleted(surroundings: Surroundings) -> None:
    client = surroundings.client
    arn = client.create_worker_configuration(
        name=f"{surroundings.prefix}-gone", propertiesFileContent=encoded(WORKER_PROPERTIES)
    )["workerConfigurationArn"]

    answer = client.delete_worker_configuration(workerConfigurationArn=arn)

    assert (answer["workerConfigurationArn"], answer["workerConfigurationState"]) == (arn, "DELETING")


def test_plugin_of_a_missing_file_fails(surroundings: Surroundings) -> None:
    location = {
        "bucketArn": f"arn:aws:s3:::{surroundings.bucket}",
        "fileKey": f"{surroundings.prefix}/absent.zip",
    }

    made = surroundings.client.create_custom_plugin(
        name=f"{surroundings.prefix}-absent", contentType="ZIP", location={"s3Location": location}
    )

    assert made["customPluginState"] == "CREATING"
    failed = wait_plugin(surroundings.client, made["customPluginArn"], "CREATE_FAILED", surroundings.pace)
    assert failed["stateDescription"]["code"]
    assert failed["stateDescription"]["message"]
