"""What moto's answers about clusters lack, and which bootstrap brokers fit a cluster."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

#: Text that moto invents where it knows nothing.
_INVENTED = ("activeOperationArn", "stateInfo", "zookeeperConnectString", "zookeeperConnectStringTls")


def complete_v1(cluster: Mapping[str, Any]) -> dict[str, Any]:
    """A ``ClusterInfo`` (DescribeCluster, ListClusters) as AWS gives it.

    :param cluster: moto's, by names on the wire.
    """
    return {**_provisioned(cluster), "state": _state(cluster)}


def complete_v2(cluster: Mapping[str, Any]) -> dict[str, Any]:
    """A ``Cluster`` (DescribeClusterV2, ListClustersV2) as AWS gives it.

    :param cluster: moto's, by names on the wire.
    """
    completed = {**_kept(cluster), "state": _state(cluster)}
    if cluster.get("clusterType") == "PROVISIONED":
        completed["provisioned"] = _provisioned(cluster["provisioned"])
    return completed


def bootstrap_brokers(cluster: Mapping[str, Any], address: str) -> dict[str, str]:
    """The fields of GetBootstrapBrokers that a cluster has: by encryption and authentication, as on AWS.

    :param cluster: a completed ``ClusterInfo``.
    :param address: ``host:port`` of the real broker.
    """
    client_broker = cluster["encryptionInfo"]["encryptionInTransit"]["clientBroker"]
    authentication = cluster["clientAuthentication"]
    sasl = authentication.get("sasl", {})
    found: dict[str, str] = {}
    if client_broker in ("PLAINTEXT", "TLS_PLAINTEXT"):
        found["BootstrapBrokerString"] = address
    if client_broker in ("TLS", "TLS_PLAINTEXT"):
        if _enabled(authentication, "unauthenticated") or _enabled(authentication, "tls"):
            found["BootstrapBrokerStringTls"] = address
        if _enabled(sasl, "iam"):
            found["BootstrapBrokerStringSaslIam"] = address
        if _enabled(sasl, "scram"):
            found["BootstrapBrokerStringSaslScram"] = address
    return found


def _enabled(authentication: Mapping[str, Any], kind: str) -> bool:
    return bool(authentication.get(kind, {}).get("enabled"))


def _state(cluster: Mapping[str, Any]) -> str:
    """moto leaves clusters in CREATING for ever; here they are there at once."""
    return "ACTIVE" if cluster["state"] == "CREATING" else str(cluster["state"])


def _kept(cluster: Mapping[str, Any]) -> dict[str, Any]:
    kept = {name: value for name, value in cluster.items() if name not in _INVENTED and value is not None}
    if "creationTime" in kept:
        # moto writes its local time without a zone; a client could not tell the moment from it.
        kept["creationTime"] = datetime.fromisoformat(kept["creationTime"]).astimezone(UTC).isoformat()
    return kept


def _provisioned(cluster: Mapping[str, Any]) -> dict[str, Any]:
    """Defaults of a provisioned cluster: https://docs.aws.amazon.com/msk/1.0/apireference/clusters.html"""
    completed = _kept(cluster)
    brokers = dict(completed.get("brokerNodeGroupInfo") or {})
    brokers.setdefault("brokerAZDistribution", "DEFAULT")
    brokers.setdefault("storageInfo", {"ebsStorageInfo": {"volumeSize": 1000}})
    completed["brokerNodeGroupInfo"] = brokers
    completed["enhancedMonitoring"] = completed.get("enhancedMonitoring") or "DEFAULT"
    completed["storageMode"] = completed.get("storageMode") or "LOCAL"
    for name in ("openMonitoring", "loggingInfo", "customerActionStatus"):
        if not completed.get(name):
            completed.pop(name, None)
    software = dict(completed.get("currentBrokerSoftwareInfo") or {})
    if software.get("configurationArn") == "string":  # moto's own text: no configuration was given
        software = {"kafkaVersion": software.get("kafkaVersion")}
    completed["currentBrokerSoftwareInfo"] = software
    encryption = dict(completed.get("encryptionInfo") or {})
    transit = {"clientBroker": "TLS", "inCluster": True, **(encryption.get("encryptionInTransit") or {})}
    completed["encryptionInfo"] = {**encryption, "encryptionInTransit": transit}
    authentication = dict(completed.get("clientAuthentication") or {})
    chosen = any(_enabled(authentication, kind) for kind in ("tls", "unauthenticated")) or any(
        _enabled(authentication.get("sasl", {}), kind) for kind in ("iam", "scram")
    )
    if not chosen:
        authentication["unauthenticated"] = {"enabled": True}
    completed["clientAuthentication"] = authentication
    return completed
