"""Hook for Amazon MSK: what a client of a cluster needs to know."""

from __future__ import annotations

from typing import Any, Literal, NamedTuple

from cloud_operators.aws.base import AwsBaseHook

Authentication = Literal["IAM", "NONE"]
Encryption = Literal["TLS", "PLAINTEXT"]


class BootstrapBrokers(NamedTuple):
    """How a client inside the VPC reaches a cluster.

    :param servers: comma-separated ``host:port`` pairs
    :param authentication: ``IAM`` or ``NONE``, as MSK Connect names them
    :param encryption: ``TLS`` or ``PLAINTEXT``
    """

    servers: str
    authentication: Authentication
    encryption: Encryption


# The way with the best protection first. SASL/SCRAM and mutual TLS are not among them: MSK Connect has
# neither.
_WAYS: tuple[tuple[str, Authentication, Encryption], ...] = (
    ("BootstrapBrokerStringSaslIam", "IAM", "TLS"),
    ("BootstrapBrokerStringTls", "NONE", "TLS"),
    ("BootstrapBrokerString", "NONE", "PLAINTEXT"),
)


class MskHook(AwsBaseHook):
    """Interact with Amazon MSK, a thin wrapper around the ``kafka`` client of boto3.

    .. seealso:: https://docs.aws.amazon.com/msk/1.0/apireference/what-is-msk.html
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs["client_type"] = "kafka"
        super().__init__(*args, **kwargs)

    def describe_cluster(self, cluster_arn: str) -> dict[str, Any]:
        """Describe a provisioned cluster.

        :param cluster_arn: ARN of the cluster
        :returns: ``ClusterInfo`` of DescribeCluster
        """
        info: dict[str, Any] = self.conn.describe_cluster(ClusterArn=cluster_arn)["ClusterInfo"]
        return info

    def broker_count(self, cluster_arn: str) -> int:
        """Count the brokers of a cluster, the upper limit of a topic's replication factor.

        :param cluster_arn: ARN of the cluster
        """
        return int(self.describe_cluster(cluster_arn)["NumberOfBrokerNodes"])

    def get_bootstrap_brokers(self, cluster_arn: str) -> str:
        """Look up the bootstrap servers of a cluster: IAM when it is enabled, else TLS, else plaintext.

        :param cluster_arn: ARN of the cluster
        :returns: comma-separated ``host:port`` pairs
        :raises ValueError: the cluster offers none of the three ways
        """
        return self.choose_bootstrap_brokers(cluster_arn, self.describe_cluster(cluster_arn)).servers

    def choose_bootstrap_brokers(self, cluster_arn: str, cluster: dict[str, Any]) -> BootstrapBrokers:
        """Look up the bootstrap servers of a cluster together with how they are spoken to.

        :param cluster_arn: ARN of the cluster
        :param cluster: the cluster's ``ClusterInfo``
        :raises ValueError: the cluster offers neither IAM nor unauthenticated access
        """
        offered = self.conn.get_bootstrap_brokers(ClusterArn=cluster_arn)
        anonymous = _allows_unauthenticated(cluster)
        for key, authentication, encryption in _WAYS:
            if offered.get(key) and (authentication == "IAM" or anonymous):
                return BootstrapBrokers(offered[key], authentication, encryption)
        answered = ", ".join(sorted(key for key in offered if key.startswith("Bootstrap"))) or "no brokers"
        raise ValueError(
            f"Cluster {cluster_arn} offers neither IAM nor unauthenticated access (it answered {answered})."
        )

    def connect_settings(self, cluster_arn: str) -> dict[str, Any]:
        """Build what MSK Connect has to know of a cluster.

        :param cluster_arn: ARN of the cluster
        :returns: ``kafkaCluster``, ``kafkaClusterClientAuthentication`` and
            ``kafkaClusterEncryptionInTransit`` of a CreateConnector request
        :raises ValueError: the cluster offers neither IAM nor unauthenticated access
        """
        cluster = self.describe_cluster(cluster_arn)
        brokers = self.choose_bootstrap_brokers(cluster_arn, cluster)
        nodes = cluster["BrokerNodeGroupInfo"]
        return {
            "kafkaCluster": {
                "apacheKafkaCluster": {
                    "bootstrapServers": brokers.servers,
                    "vpc": {
                        "subnets": nodes["ClientSubnets"],
                        "securityGroups": nodes.get("SecurityGroups") or [],
                    },
                }
            },
            "kafkaClusterClientAuthentication": {"authenticationType": brokers.authentication},
            "kafkaClusterEncryptionInTransit": {"encryptionType": brokers.encryption},
        }


def _allows_unauthenticated(cluster: dict[str, Any]) -> bool:
    """A cluster without any client authentication is open; with one, ``Unauthenticated`` says so."""
    authentication = cluster.get("ClientAuthentication") or {}
    unauthenticated = authentication.get("Unauthenticated")
    if unauthenticated is not None:
        return bool(unauthenticated.get("Enabled"))
    sasl = authentication.get("Sasl") or {}
    others = [*sasl.values(), authentication.get("Tls") or {}]
    return not any(other.get("Enabled") for other in others)
