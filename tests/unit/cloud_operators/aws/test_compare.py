from __future__ import annotations

import pytest

from cloud_operators.aws.compare import (
    capacity_differences,
    configuration_differences,
    connector_differences,
    parse_properties,
)
from cloud_operators.exceptions import Difference


@pytest.mark.parametrize(
    ("text", "properties"),
    [
        # The examples of the format in the documentation of java.util.Properties.load.
        ("Truth = Beauty", {"Truth": "Beauty"}),
        ("    Truth:Beauty", {"Truth": "Beauty"}),
        ("Truth                    :Beauty", {"Truth": "Beauty"}),
        (
            "fruits                           apple, banana, pear, \\\n"
            "                                 cantaloupe, watermelon, \\\n"
            "                                 kiwi, mango",
            {"fruits": "apple, banana, pear, cantaloupe, watermelon, kiwi, mango"},
        ),
        ("cheeses", {"cheeses": ""}),
        ("\\:\\=", {":=": ""}),
        ("# one\n! two\n\n", {}),
        ("a=1\na=2", {"a": "2"}),
        ("path=c:\\\\temp", {"path": "c:\\temp"}),
        ("tab=a\\tb", {"tab": "a\tb"}),
        ("umlaut=\\u00fc", {"umlaut": "ü"}),
        ("a=b\r\nc=d\r\n", {"a": "b", "c": "d"}),
        ("a=ends with backslash \\\\\nb=c", {"a": "ends with backslash \\", "b": "c"}),
    ],
)
def test_parse_properties(text: str, properties: dict[str, str]) -> None:
    assert parse_properties(text) == properties


@pytest.mark.parametrize(
    ("wanted", "found", "differences"),
    [
        ({"a": "1"}, {"a": "1", "name": "demo"}, {}),
        ({"a": "1", "name": "x"}, {"a": "1", "name": "y"}, {"configuration.name": Difference("x", "y")}),
        ({"a": "1"}, {"b": "1"}, {"configuration.a": ("1", None), "configuration.b": (None, "1")}),
        ({"db.password": "x"}, {"db.password": "y"}, {"configuration.db.password": ("***", "another ***")}),
        ({"db.password": "x"}, {"db.password": "****"}, {}),
        ({"db.password": "x"}, {"db.password": "[hidden]"}, {}),
        ({"db.password": "x"}, {}, {"configuration.db.password": ("***", None)}),
        ({"a": "x"}, {"a": "****"}, {"configuration.a": ("x", "****")}),
    ],
    ids=[
        "name added by the server",
        "name given",
        "missing and surplus",
        "another secret",
        "masked secret",
        "hidden secret",
        "missing secret",
        "stars that are no secret",
    ],
)
def test_configuration_differences(
    wanted: dict[str, str], found: dict[str, str], differences: dict[str, Difference]
) -> None:
    assert configuration_differences(wanted, found) == differences


def test_capacity_leaves_defaults_to_the_service() -> None:
    wanted = {"autoScaling": {"mcuCount": 1, "minWorkerCount": 1, "maxWorkerCount": 2}}
    found = {
        "autoScaling": {
            **wanted["autoScaling"],
            "scaleInPolicy": {"cpuUtilizationPercentage": 20},
            "scaleOutPolicy": {"cpuUtilizationPercentage": 80},
        }
    }

    assert capacity_differences(wanted, found) == {}
    assert capacity_differences({"autoScaling": {"mcuCount": 2}}, found) == {
        "capacity.autoScaling.mcuCount": Difference(2, 1)
    }


WANTED = {
    "connectorConfiguration": {},
    "capacity": {},
    "plugins": [{"customPlugin": {"customPluginArn": "plugin", "revision": 1}}],
    "workerConfiguration": {"workerConfigurationArn": "worker", "revision": 3},
    "serviceExecutionRoleArn": "role",
    "kafkaConnectVersion": "3.7.x",
    "kafkaCluster": {"apacheKafkaCluster": {"bootstrapServers": "b-1:9098,b-2:9098"}},
    "kafkaClusterClientAuthentication": {"authenticationType": "IAM"},
    "kafkaClusterEncryptionInTransit": {"encryptionType": "TLS"},
    "logDelivery": {"workerLogDelivery": {"cloudWatchLogs": {"enabled": True}, "s3": {"enabled": False}}},
}


@pytest.mark.parametrize(
    ("change", "differences"),
    [
        ({}, {}),
        (
            {"plugins": [{"customPlugin": {"customPluginArn": "plugin", "revision": 2}}]},
            {"plugins": (["plugin revision 1"], ["plugin revision 2"])},
        ),
        (
            {"workerConfiguration": {"workerConfigurationArn": "worker", "revision": 2}},
            {"workerConfiguration.revision": (3, 2)},
        ),
        (
            {"kafkaCluster": {"apacheKafkaCluster": {"bootstrapServers": "other:9098"}}},
            {"bootstrapServers": ("b-1:9098,b-2:9098", "other:9098")},
        ),
        (
            {"kafkaClusterClientAuthentication": {"authenticationType": "NONE"}},
            {"kafkaClusterClientAuthentication.authenticationType": ("IAM", "NONE")},
        ),
        (
            {"logDelivery": None},
            {"logDelivery.workerLogDelivery.cloudWatchLogs.enabled": (True, None)},
        ),
        ({"connectorDescription": "another"}, {}),
        (
            {"logDelivery": {"workerLogDelivery": {"cloudWatchLogs": {"enabled": True}}}},
            {},
        ),
    ],
    ids=["equal", "plugin", "worker", "cluster", "authentication", "no logs", "description", "log default"],
)
def test_connector_differences(change: dict[str, object], differences: dict[str, Difference]) -> None:
    assert connector_differences(WANTED, {**WANTED, **change}) == differences
