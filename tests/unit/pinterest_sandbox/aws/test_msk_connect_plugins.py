"""Custom plugins: the file decides whether one becomes active."""

from __future__ import annotations

from typing import Any

import pytest

from tests.conformance.msk_connect_surroundings import Surroundings, wait_connector, wait_plugin
from tests.unit.pinterest_sandbox.aws.conftest import BUCKET, Clients, Facade
from tests.unit.pinterest_sandbox.aws.plugin_files import archive, connector_class, plugin_zip

JAR_WITHOUT_CONNECTOR = archive({"a/B.class": b"\xca\xfe\xba\xbe"})


def create(facade: Facade, key: str, content_type: str = "ZIP", **location: str) -> str:
    request: dict[str, Any] = {"bucketArn": f"arn:aws:s3:::{BUCKET}", "fileKey": key, **location}
    made = facade.client.create_custom_plugin(
        name="tried", contentType=content_type, location={"s3Location": request}
    )
    assert made["customPluginState"] == "CREATING"
    return str(made["customPluginArn"])


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (None, "NoSuchKey"),
        (b"no archive at all", "not a valid ZIP"),
        (archive({"README.md": b"x"}), "no class that implements Connector"),
        (archive({"lib/a.jar": JAR_WITHOUT_CONNECTOR}), "no class that implements Connector"),
        (archive({"lib/a.jar": b"broken"}), "not a valid ZIP"),
    ],
    ids=["missing object", "not a zip", "no jar", "no connector class", "broken jar"],
)
def test_useless_file_fails_the_plugin(
    facade: Facade, clients: Clients, plugin_bucket: str, content: bytes | None, says: str
) -> None:
    if content is not None:
        clients.s3.put_object(Bucket=plugin_bucket, Key="tried.zip", Body=content)
    arn = create(facade, "tried.zip" if content is not None else "absent.zip")

    found = wait_plugin(facade.client, arn, "CREATE_FAILED")

    assert says in found["stateDescription"]["message"]
    assert found["stateDescription"]["code"].startswith("InvalidInput.")


def test_missing_bucket_fails_the_plugin(facade: Facade) -> None:
    arn = create(facade, "sink.zip", bucketArn="arn:aws:s3:::no-such-bucket")

    assert "NoSuchBucket" in wait_plugin(facade.client, arn, "CREATE_FAILED")["stateDescription"]["message"]


def test_a_version_of_the_object_is_read(facade: Facade, clients: Clients, plugin_bucket: str) -> None:
    clients.s3.put_bucket_versioning(Bucket=plugin_bucket, VersioningConfiguration={"Status": "Enabled"})
    good = clients.s3.put_object(Bucket=plugin_bucket, Key="versioned.zip", Body=plugin_zip())["VersionId"]
    clients.s3.put_object(Bucket=plugin_bucket, Key="versioned.zip", Body=b"broken")

    wait_plugin(facade.client, create(facade, "versioned.zip", objectVersion=good), "ACTIVE")


def test_a_jar_is_a_plugin(facade: Facade, clients: Clients, plugin_bucket: str) -> None:
    jar = archive(
        {
            "org/x/FileSourceConnector.class": connector_class(
                "org/apache/kafka/connect/source/SourceConnector"
            )
        }
    )
    clients.s3.put_object(Bucket=plugin_bucket, Key="source.jar", Body=jar)

    found = wait_plugin(facade.client, create(facade, "source.jar", "JAR"), "ACTIVE")

    assert found["latestRevision"]["fileDescription"]["fileSize"] == len(jar)


def test_plugin_in_use_is_not_deleted(surroundings: Surroundings) -> None:
    client = surroundings.client
    arn = client.create_connector(**surroundings.connector_request("c"))["connectorArn"]

    with pytest.raises(client.exceptions.BadRequestException, match="in use"):
        client.delete_custom_plugin(customPluginArn=surroundings.plugin_arn)
    with pytest.raises(client.exceptions.BadRequestException, match="in use"):
        client.delete_worker_configuration(workerConfigurationArn=surroundings.worker_arn)

    wait_connector(client, arn, "RUNNING")


def test_name_is_free_again_after_deletion(facade: Facade, plugin_bucket: str) -> None:
    arn = create(facade, "kafka-connect-s3/sink.zip")
    wait_plugin(facade.client, arn, "ACTIVE")

    assert facade.client.delete_custom_plugin(customPluginArn=arn)["customPluginState"] == "DELETING"
    with pytest.raises(facade.client.exceptions.NotFoundException):
        wait_plugin(facade.client, arn, "GONE")

    assert create(facade, "kafka-connect-s3/sink.zip") != arn
