"""Hooks for looks that end within seconds, where the clients' own limits are minutes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pinterest_pipeline import connections
from pinterest_pipeline.provisioning.prerequisites.clients import ONE_AT_A_TIME

if TYPE_CHECKING:
    from airflow.providers.amazon.aws.hooks.base_aws import AwsBaseHook

    from cloud_operators.kafka.hooks.admin import KafkaAdminHook

#: AWS's endpoints have several addresses, and each is tried for as long.
CONNECT_S = 2
READ_S = 4
KAFKA_S = 4


def aws_hook[T: AwsBaseHook](kind: type[T], *, attempts: int = 2, **arguments: Any) -> T:
    """A hook of ``aws_default`` with little patience.

    :param kind: class of the hook.
    :param attempts: how often a request is sent at most.
    :param arguments: of the class, beside the connection.
    """
    from botocore.config import Config

    hasty = Config(
        connect_timeout=CONNECT_S,
        read_timeout=READ_S,
        retries={"total_max_attempts": attempts, "mode": "standard"},
    )
    with ONE_AT_A_TIME:
        own = kind(aws_conn_id=connections.AWS, **arguments).conn_config.botocore_config
        hook = kind(aws_conn_id=connections.AWS, config=own.merge(hasty) if own else hasty, **arguments)
        _ = hook.conn_config  # keeps the connection
    return hook


def aws_client(service: str, *, attempts: int = 2) -> Any:
    """A boto3 client of ``aws_default`` with little patience.

    :param service: boto3's name of the service.
    :param attempts: how often a request is sent at most.
    """
    from airflow.providers.amazon.aws.hooks.base_aws import AwsBaseHook

    return aws_hook(AwsBaseHook, attempts=attempts, client_type=service).conn


def kafka_hook[T: KafkaAdminHook](kind: type[T]) -> T:
    """A hook of ``kafka_default`` with little patience.

    :param kind: class of the hook.
    :raises ValueError: when the connection lacks ``bootstrap.servers``.
    """
    hook = kind(kafka_conn_id=connections.KAFKA, request_timeout=KAFKA_S)
    with ONE_AT_A_TIME:
        _ = hook.client  # reads the connection
    return hook
