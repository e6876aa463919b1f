"""Hooks for looks that end within seconds, where the clients' own limits are minutes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pinterest_pipeline import connections
from pinterest_pipeline.hasty_hooks import ONE_AT_A_TIME, hasty_aws_hook

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
    return hasty_aws_hook(kind, connect_s=CONNECT_S, read_s=READ_S, attempts=attempts, **arguments)


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
