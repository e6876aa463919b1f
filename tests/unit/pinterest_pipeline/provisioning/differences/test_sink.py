"""Which changes of the S3 sink are made in place, and which need it to be made again."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from pinterest_pipeline.entities import Names
from pinterest_pipeline.provisioning.changes import Action, Change
from pinterest_pipeline.provisioning.differences import sink

NAMES = Names(user_id="demo", catalog="c", schema="s", state_root="s3://b/_state")
CLUSTER = {
    "kafkaCluster": {"apacheKafkaCluster": {"bootstrapServers": "b-1:9098,b-2:9098"}},
    "kafkaClusterClientAuthentication": {"authenticationType": "IAM"},
    "kafkaClusterEncryptionInTransit": {"encryptionType": "TLS"},
}
WANTED = {
    "connectorConfiguration": {"connector.class": "Sink", "flush.size": "1000", "tasks.max": "1"},
    "capacity": {"provisionedCapacity": {"mcuCount": 1, "workerCount": 1}},
    "serviceExecutionRoleArn": "arn:role",
    "kafkaConnectVersion": "3.7.x",
    "plugins": [{"customPlugin": {"customPluginArn": "arn:plugin", "revision": 1}}],
    "workerConfiguration": {"workerConfigurationArn": "arn:worker", "revision": 1},
    **CLUSTER,
}


def connector(**changed: Any) -> dict[str, Any]:
    """As DescribeConnector has it."""
    return {"connectorState": "RUNNING", **WANTED, **changed}


def rows(found: dict[str, Any] | None, **wanted: Any) -> list[tuple[Action, str]]:
    changes = sink.connector_changes("c", {**WANTED, **wanted}, found, parts_replaced=False)
    return [(change.action, change.field) for change in changes]


def test_a_connector_as_wanted() -> None:
    assert rows(connector()) == []


@pytest.mark.parametrize("found", [None, connector(connectorState="DELETING")])
def test_a_connector_that_is_not_there(found: dict[str, Any] | None) -> None:
    assert rows(found) == [(Action.CREATE, "")]


def test_configuration_and_capacity_change_in_place() -> None:
    configuration = {**WANTED["connectorConfiguration"], "flush.size": "7", "rotate.interval.ms": "1"}
    capacity = {"provisionedCapacity": {"mcuCount": 2, "workerCount": 1}}
    assert rows(connector(), connectorConfiguration=configuration, capacity=capacity) == [
        (Action.UPDATE, "configuration.flush.size"),
        (Action.UPDATE, "configuration.rotate.interval.ms"),
        (Action.UPDATE, "capacity.provisionedCapacity.mcuCount"),
    ]


@pytest.mark.parametrize(
    ("wanted", "field"),
    [
        ({"serviceExecutionRoleArn": "arn:other"}, "serviceExecutionRoleArn"),
        ({"kafkaConnectVersion": "2.7.1"}, "kafkaConnectVersion"),
        (
            {"connectorConfiguration": {**WANTED["connectorConfiguration"], "connector.class": "Other"}},
            "configuration.connector.class",
        ),
        ({"plugins": []}, "plugins"),
        (
            {"workerConfiguration": {"workerConfigurationArn": "arn:w2", "revision": 1}},
            "workerConfiguration.workerConfigurationArn",
        ),
        (
            {"kafkaCluster": {"apacheKafkaCluster": {"bootstrapServers": "other:9098"}}},
            "bootstrapServers",
        ),
    ],
)
def test_all_else_needs_a_new_connector_which_goes_on_at_the_offsets(
    wanted: dict[str, Any], field: str
) -> None:
    assert rows(connector(), **wanted) == [(Action.REPLACE, field)]
    (change,) = sink.connector_changes("c", {**WANTED, **wanted}, connector(), parts_replaced=False)
    assert "keeps the offsets" in change.note


def test_a_failed_connector_is_made_again() -> None:
    found = connector(connectorState="FAILED", stateDescription={"message": "no access to the bucket"})
    (change,) = sink.connector_changes("c", WANTED, found, parts_replaced=False)
    assert (change.action, change.field, change.found) == (Action.REPLACE, "state", "FAILED")
    assert change.note.startswith("no access to the bucket; ")


def test_a_connector_is_made_again_with_its_parts() -> None:
    wanted = {**WANTED, "plugins": [], "workerConfiguration": {}}
    changes = sink.connector_changes("c", wanted, connector(), parts_replaced=True)
    assert [(change.action, change.field) for change in changes] == [(Action.REPLACE, "")]


def test_sizes_stay_as_they_are_unless_a_param_asks_for_others() -> None:
    found = {
        "connectorConfiguration": {"tasks.max": "3", "flush.size": "7", "rotate.schedule.interval.ms": "9"}
    }
    assert sink.sink_sizes({}, None) == {"tasks": 1, "flush_size": 1000, "rotate_interval_ms": 1000}
    assert sink.sink_sizes({"flush_size": 50, "tasks": None}, found) == {
        "tasks": 3,
        "flush_size": 50,
        "rotate_interval_ms": 9,
    }


def test_the_capacity_stays_unless_a_param_asks_for_another() -> None:
    scaling = {"autoScaling": {"minWorkerCount": 1, "maxWorkerCount": 2, "mcuCount": 1}}
    assert sink.sink_capacity({}, None) == {"provisionedCapacity": {"mcuCount": 1, "workerCount": 1}}
    assert sink.sink_capacity({}, connector(capacity=scaling)) == scaling
    found = connector(capacity={"provisionedCapacity": {"mcuCount": 4, "workerCount": 2}})
    assert sink.sink_capacity({"worker_count": 3}, found) == {
        "provisionedCapacity": {"mcuCount": 4, "workerCount": 3}
    }
    assert sink.sink_capacity({"mcu_count": 2}, connector(capacity=scaling)) == {
        "autoScaling": {"minWorkerCount": 1, "maxWorkerCount": 2, "mcuCount": 2}
    }
    assert sink.sink_capacity({"worker_count": 2}, connector(capacity=scaling)) == {
        "provisionedCapacity": {"mcuCount": 1, "workerCount": 2}
    }


PLUGIN = {
    "customPluginState": "ACTIVE",
    "latestRevision": {
        "contentType": "ZIP",
        "location": {"s3Location": {"bucketArn": "arn:b", "fileKey": "sink.zip"}},
    },
}


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (None, [(Action.CREATE, "")]),
        ({**PLUGIN, "customPluginState": "DELETING"}, [(Action.CREATE, "")]),
        (PLUGIN, []),
        ({**PLUGIN, "customPluginState": "CREATE_FAILED"}, [(Action.REPLACE, "state")]),
    ],
)
def test_custom_plugins(found: dict[str, Any] | None, expected: list[Any]) -> None:
    wanted = {"contentType": "ZIP", "location": PLUGIN["latestRevision"]["location"]}  # type: ignore[index]
    changes = sink.custom_plugin_changes("p", wanted, found)
    assert [(change.action, change.field) for change in changes] == expected


def test_another_file_needs_another_custom_plugin() -> None:
    wanted = {"contentType": "JAR", "location": {"s3Location": {"bucketArn": "arn:b", "fileKey": "sink.jar"}}}
    changes = sink.custom_plugin_changes("p", wanted, PLUGIN)
    assert {(change.action, change.field) for change in changes} == {
        (Action.REPLACE, "contentType"),
        (Action.REPLACE, "location.fileKey"),
    }


def test_worker_configurations() -> None:
    content = base64.b64encode(b"# a comment\nkey.converter=K\noffset.flush=1\n").decode()
    found = {"workerConfigurationState": "ACTIVE", "latestRevision": {"propertiesFileContent": content}}
    assert sink.worker_configuration_changes("w", "offset.flush = 1\nkey.converter = K", found) == []
    (change,) = sink.worker_configuration_changes("w", "offset.flush=2\nkey.converter=K", found)
    assert (change.action, change.field, change.found, change.wanted) == (
        Action.REPLACE,
        "properties.offset.flush",
        "1",
        "2",
    )
    (created,) = sink.worker_configuration_changes("w", "a=1", None)
    assert created.action is Action.CREATE


def change(kind: str, name: str, action: Action) -> Change:
    return Change(kind=kind, name=name, action=action)


def test_what_is_replaced_is_named_once() -> None:
    plan = [change("connector", "c", Action.REPLACE)] * 2 + [change("topic", "t", Action.CREATE)]
    assert sink.replaced_names(plan) == {("connector", "c")}


@pytest.mark.parametrize(
    ("actions", "updated"),
    [
        ([], False),
        ([Action.CREATE], False),
        ([Action.UPDATE, Action.UPDATE], True),
        ([Action.UPDATE, Action.REPLACE], False),
    ],
)
def test_a_connector_is_updated_unless_it_is_made_again(actions: list[Action], updated: bool) -> None:
    plan = [change("connector", NAMES.connector, action) for action in actions]
    assert sink.updates_connector([*plan, change("stream", "s", Action.UPDATE)], NAMES) is updated
