"""The S3 sink on MSK Connect: configuration and capacity change in place, all else is made again."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping
from typing import Any

from cloud_operators.aws.compare import (
    connector_differences,
    custom_plugin_differences,
    worker_configuration_differences,
)
from pinterest_pipeline.entities import Names
from pinterest_pipeline.provisioning.changes import Action, Change, changes_of
from pinterest_pipeline.provisioning.differences.choices import chosen

CONNECTOR = "connector"
CUSTOM_PLUGIN = "custom_plugin"
WORKER_CONFIGURATION = "worker_configuration"
#: Parts of a connector that the service changes while it runs.
_IN_PLACE = ("configuration.", "capacity.")
#: Never changed by an update, says UpdateConnector.
_CLASS = "configuration.connector.class"
_OFFSETS = "the consumer group keeps the offsets, so the new connector goes on where this one stopped"
_DEFAULTS = {"tasks": 1, "flush_size": 1000, "rotate_interval_ms": 1000}
_SETTINGS = {
    "tasks": "tasks.max",
    "flush_size": "flush.size",
    "rotate_interval_ms": "rotate.schedule.interval.ms",
}


def sink_sizes(params: Mapping[str, Any], connector: Mapping[str, Any] | None) -> dict[str, int]:
    """Tasks, flush size and rotation of the sink.

    :param params: the DAG's params ``tasks``, ``flush_size`` and ``rotate_interval_ms``.
    :param connector: the connector that is there, as DescribeConnector shows it.
    """
    configuration = (connector or {}).get("connectorConfiguration") or {}
    found = {name: configuration.get(setting) for name, setting in _SETTINGS.items()}
    return {
        name: chosen(params.get(name), _number(found[name]), default) for name, default in _DEFAULTS.items()
    }


def sink_capacity(params: Mapping[str, Any], connector: Mapping[str, Any] | None) -> dict[str, Any]:
    """Capacity of the sink, as CreateConnector takes it.

    Automatic scaling that somebody has set stays unless a param asks for a number of workers.

    :param params: the DAG's params ``mcu_count`` and ``worker_count``.
    :param connector: the connector that is there, as DescribeConnector shows it.
    """
    found = (connector or {}).get("capacity") or {}
    asked = {"mcuCount": params.get("mcu_count"), "workerCount": params.get("worker_count")}
    if (scaling := found.get("autoScaling")) and asked["workerCount"] is None:
        return {"autoScaling": {**scaling, "mcuCount": chosen(asked["mcuCount"], scaling.get("mcuCount"), 1)}}
    provisioned = found.get("provisionedCapacity") or {}
    return {
        "provisionedCapacity": {
            member: chosen(value, provisioned.get(member), 1) for member, value in asked.items()
        }
    }


def log_delivery(log_group: str, connector: Mapping[str, Any] | None) -> dict[str, Any]:
    """Where the workers' logs go, as CreateConnector takes it.

    :param log_group: the log group that is asked for; empty for what the connector has.
    :param connector: the connector that is there, as DescribeConnector shows it.
    """
    if not log_group:
        return dict((connector or {}).get("logDelivery") or {})
    return {"workerLogDelivery": {"cloudWatchLogs": {"enabled": True, "logGroup": log_group}}}


def custom_plugin_changes(
    name: str, wanted: Mapping[str, Any], found: Mapping[str, Any] | None
) -> list[Change]:
    """Compare the custom plugin, but for the file that it was made of.

    :param name: its name.
    :param wanted: request of CreateCustomPlugin.
    :param found: answer of DescribeCustomPlugin.
    """
    if found is None or found["customPluginState"] == "DELETING":
        return [Change(kind=CUSTOM_PLUGIN, name=name, action=Action.CREATE)]
    if broken := _broken(CUSTOM_PLUGIN, name, found, "customPluginState", "ACTIVE"):
        return [broken]
    return changes_of(CUSTOM_PLUGIN, name, custom_plugin_differences(wanted, found), Action.REPLACE)


def worker_configuration_changes(name: str, properties: str, found: Mapping[str, Any] | None) -> list[Change]:
    """Compare the worker configuration.

    :param name: its name.
    :param properties: text of the properties that are wanted.
    :param found: answer of DescribeWorkerConfiguration.
    """
    if found is None or found.get("workerConfigurationState") == "DELETING":
        return [Change(kind=WORKER_CONFIGURATION, name=name, action=Action.CREATE)]
    wanted = {"propertiesFileContent": base64.b64encode(properties.encode()).decode()}
    differences = worker_configuration_differences(wanted, found)
    return changes_of(WORKER_CONFIGURATION, name, differences, Action.REPLACE)


def connector_changes(
    name: str, wanted: Mapping[str, Any], found: Mapping[str, Any] | None, *, parts_replaced: bool
) -> list[Change]:
    """Compare the connector.

    :param name: its name.
    :param wanted: ``connectorConfiguration``, ``capacity``, ``logDelivery``, ``serviceExecutionRoleArn``,
        ``kafkaConnectVersion``, ``plugins``, ``workerConfiguration`` and what the cluster says, as
        CreateConnector takes them.
    :param found: answer of DescribeConnector.
    :param parts_replaced: whether its custom plugin or worker configuration is made again.
    """
    if found is None or found["connectorState"] == "DELETING":
        return [Change(kind=CONNECTOR, name=name, action=Action.CREATE)]
    if broken := _broken(CONNECTOR, name, found, "connectorState", "RUNNING", _OFFSETS):
        return [broken]
    rows = []
    if parts_replaced:
        note = f"it uses what is replaced; {_OFFSETS}"
        rows.append(Change(kind=CONNECTOR, name=name, action=Action.REPLACE, note=note))
    # What is made again has another ARN then: that is told by the row above.
    own = {key: found[key] for key in ("plugins", "workerConfiguration") if parts_replaced}
    request = {**wanted, **own}
    for field, difference in connector_differences(request, found).items():
        in_place = field.startswith(_IN_PLACE) and field != _CLASS
        rows += changes_of(
            CONNECTOR,
            name,
            {field: difference},
            Action.UPDATE if in_place else Action.REPLACE,
            "" if in_place else _OFFSETS,
        )
    return rows


def replaced_names(changes: Iterable[Change]) -> set[tuple[str, str]]:
    """Kind and name of what has to be deleted and made again.

    :param changes: the plan.
    """
    return {(change.kind, change.name) for change in changes if change.action is Action.REPLACE}


def makes_connector(changes: Iterable[Change], names: Names) -> bool:
    """Whether the connector is made, for the first time or again.

    :param changes: the plan.
    :param names: names of the resources.
    """
    making = {Action.CREATE, Action.REPLACE}
    return any(
        (change.kind, change.name) == (CONNECTOR, names.connector) and change.action in making
        for change in changes
    )


def updates_connector(changes: Iterable[Change], names: Names) -> bool:
    """Whether the connector is changed while it runs.

    :param changes: the plan.
    :param names: names of the resources.
    """
    own = [change for change in changes if (change.kind, change.name) == (CONNECTOR, names.connector)]
    return bool(own) and all(change.action is Action.UPDATE for change in own)


def _broken(
    kind: str, name: str, found: Mapping[str, Any], key: str, wanted: str, note: str = ""
) -> Change | None:
    """A resource that has failed and does not become well by itself."""
    state = found[key]
    if not state.endswith("FAILED"):
        return None
    reason = (found.get("stateDescription") or {}).get("message", "the service gave no reason")
    return Change(
        kind=kind,
        name=name,
        action=Action.REPLACE,
        field="state",
        found=state,
        wanted=wanted,
        note="; ".join(filter(None, [reason, note])),
    )


def _number(text: str | None) -> int | None:
    return int(text) if text and text.isascii() and text.isdigit() else None
