"""Compare wanted MSK Connect resources with what the service describes: pure functions on plain data."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from typing import Any

from cloud_operators.exceptions import Difference

Differences = dict[str, Difference]

# Kafka Connect itself adds the connector's name to the configuration that it shows.
_ADDED_BY_SERVER = frozenset({"name"})
_SECRET_NAME = re.compile(
    r"password|passwd|passphrase|secret|token|credential|jaas\.config|api\.?key|access\.?key", re.IGNORECASE
)
_HIDDEN_VALUE = re.compile(r"\*{3,}|\[hidden\]|<redacted>", re.IGNORECASE)
_SHOWN_SECRET = "***"


def custom_plugin_differences(wanted: Mapping[str, Any], found: Mapping[str, Any]) -> Differences:
    """Compare a CreateCustomPlugin request with a DescribeCustomPlugin answer.

    Where the request names no ``objectVersion``, any version is accepted.
    """
    latest = found.get("latestRevision") or {}
    location = (latest.get("location") or {}).get("s3Location") or {}
    return {
        **_leaves_differences("location", wanted["location"]["s3Location"], location),
        **_value_difference("contentType", wanted["contentType"], latest.get("contentType")),
    }


def worker_configuration_differences(wanted: Mapping[str, Any], found: Mapping[str, Any]) -> Differences:
    """Compare a CreateWorkerConfiguration request with a described one, property by property."""
    latest = found.get("latestRevision") or {}
    return configuration_differences(
        parse_properties(_decoded(wanted["propertiesFileContent"])),
        parse_properties(_decoded(latest.get("propertiesFileContent") or "")),
        label="properties",
    )


def connector_differences(wanted: Mapping[str, Any], found: Mapping[str, Any]) -> Differences:
    """Compare a CreateConnector request with a DescribeConnector answer.

    Not compared: description and tags, which change nothing in how it works, and subnets and security
    groups, which are looked up from the cluster and may have changed there since.
    """
    return {
        **configuration_differences(
            wanted["connectorConfiguration"], found.get("connectorConfiguration") or {}
        ),
        **capacity_differences(wanted["capacity"], found.get("capacity") or {}),
        **_plugin_differences(wanted["plugins"], found.get("plugins") or []),
        **_leaves_differences(
            "workerConfiguration", wanted["workerConfiguration"], found.get("workerConfiguration") or {}
        ),
        **_value_difference(
            "serviceExecutionRoleArn", wanted["serviceExecutionRoleArn"], found.get("serviceExecutionRoleArn")
        ),
        **_value_difference(
            "kafkaConnectVersion", wanted["kafkaConnectVersion"], found.get("kafkaConnectVersion")
        ),
        **_cluster_differences(wanted, found),
        **_leaves_differences("logDelivery", wanted.get("logDelivery") or {}, found.get("logDelivery") or {}),
    }


def configuration_differences(
    wanted: Mapping[str, str], found: Mapping[str, str], label: str = "configuration"
) -> Differences:
    """Compare two flat configurations; values of secret settings are not shown in the result.

    A setting that only the server adds is no difference, nor is a secret that the server shows as hidden.

    :param wanted: setting -> value
    :param found: setting -> value, as the service shows it
    :param label: prefix of the names in the result
    """
    differences: Differences = {}
    for setting in sorted({*wanted, *found}):
        value, existing = wanted.get(setting), found.get(setting)
        if setting in _ADDED_BY_SERVER and value is None:
            continue
        secret = _SECRET_NAME.search(setting) is not None
        if value == existing or (secret and existing and value and _HIDDEN_VALUE.fullmatch(existing)):
            continue
        if secret:
            value = _SHOWN_SECRET if value is not None else None
            # Two different secrets must not look alike in the message.
            existing = f"another {_SHOWN_SECRET}" if existing is not None else None
        differences[f"{label}.{setting}"] = Difference(value, existing)
    return differences


def capacity_differences(wanted: Mapping[str, Any], found: Mapping[str, Any]) -> Differences:
    """Compare a wanted capacity with a described one.

    What the request leaves to the service (scaling thresholds, for example) is not compared.

    :param wanted: with either ``provisionedCapacity`` or ``autoScaling``
    :param found: as DescribeConnector shows it
    """
    differences = _leaves_differences("capacity", wanted, found)
    for kind in ("autoScaling", "provisionedCapacity"):
        if kind not in wanted and found.get(kind):
            differences[f"capacity.{kind}"] = Difference(None, found[kind])
    return differences


def parse_properties(text: str) -> dict[str, str]:
    """Read the text of a Java ``.properties`` file, with comments, continued lines and all three separators.

    :param text: text of the file
    :returns: key -> value, the last one of a repeated key
    """
    properties: dict[str, str] = {}
    joined = re.sub(r"(?<!\\)((?:\\\\)*)\\\r?\n[ \t\f]*", r"\1", text)
    for raw in joined.splitlines():
        line = raw.strip(" \t\f")
        if not line or line[0] in "#!":
            continue
        match = re.match(r"((?:\\.|[^\\=:\s])*)\s*[=:]?\s*(.*)", line)
        key, value = match.groups() if match else (line, "")
        properties[_unescaped(key)] = _unescaped(value)
    return properties


def _unescaped(text: str) -> str:
    def character(match: re.Match[str]) -> str:
        escaped = match[1]
        if len(escaped) > 1:
            return chr(int(escaped[1:], 16))
        return {"t": "\t", "n": "\n", "r": "\r", "f": "\f"}.get(escaped, escaped)

    return re.sub(r"\\(u[0-9a-fA-F]{4}|.)", character, text)


def _decoded(content: str) -> str:
    return base64.b64decode(content).decode("utf-8")


def _value_difference(name: str, wanted: Any, found: Any) -> Differences:
    return {} if wanted == found else {name: Difference(wanted, found)}


def _leaves_differences(name: str, wanted: Any, found: Any) -> Differences:
    """Compare every leaf that is wanted; a missing boolean of the service is ``False``."""
    if isinstance(wanted, Mapping):
        differences: Differences = {}
        for key, value in wanted.items():
            existing = found.get(key) if isinstance(found, Mapping) else None
            differences |= _leaves_differences(f"{name}.{key}", value, existing)
        return differences
    if wanted is False and found is None:
        return {}
    return _value_difference(name, wanted, found)


def _plugin_differences(wanted: list[dict[str, Any]], found: list[dict[str, Any]]) -> Differences:
    def shown(plugins: list[dict[str, Any]]) -> list[str]:
        entries = [plugin["customPlugin"] for plugin in plugins]
        return sorted(f"{entry['customPluginArn']} revision {entry['revision']}" for entry in entries)

    return _value_difference("plugins", shown(wanted), shown(found))


def _cluster_differences(wanted: Mapping[str, Any], found: Mapping[str, Any]) -> Differences:
    differences: Differences = {}
    servers = wanted["kafkaCluster"]["apacheKafkaCluster"]["bootstrapServers"]
    existing = ((found.get("kafkaCluster") or {}).get("apacheKafkaCluster") or {}).get("bootstrapServers")
    # GetBootstrapBrokers names some brokers of a cluster in any order: one in common is the same cluster.
    if not set(servers.split(",")) & set((existing or "").split(",")):
        differences["bootstrapServers"] = Difference(servers, existing)
    for key in ("kafkaClusterClientAuthentication", "kafkaClusterEncryptionInTransit"):
        differences |= _leaves_differences(key, wanted[key], found.get(key) or {})
    return differences
