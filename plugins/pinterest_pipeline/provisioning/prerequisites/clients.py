"""Hooks for looks: those of the connection, but with little patience."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from pinterest_pipeline import connections

if TYPE_CHECKING:
    from airflow.providers.amazon.aws.hooks.base_aws import AwsBaseHook

#: Held while a connection is looked up: threads of `airflow dags test` would be given each other's answers.
ONE_AT_A_TIME = threading.Lock()
CONNECT_SECONDS = 5
READ_SECONDS = 10
ATTEMPTS = 2


def aws_hook(kind: type[AwsBaseHook], **arguments: Any) -> AwsBaseHook:
    """A hook of ``aws_default`` that gives up after seconds, where boto3 waits for minutes.

    :param kind: class of the hook.
    :param arguments: of the class, beside the connection.
    """
    from botocore.config import Config

    hasty = Config(
        connect_timeout=CONNECT_SECONDS,
        read_timeout=READ_SECONDS,
        retries={"total_max_attempts": ATTEMPTS, "mode": "standard"},
    )
    with ONE_AT_A_TIME:
        own = kind(aws_conn_id=connections.AWS, **arguments).conn_config.botocore_config
        hook = kind(aws_conn_id=connections.AWS, config=own.merge(hasty) if own else hasty, **arguments)
        _ = hook.conn_config  # keeps the connection
    return hook


def aws_client(service: str) -> Any:
    """A boto3 client of ``aws_default`` that gives up after seconds.

    :param service: boto3's name of the service.
    """
    from airflow.providers.amazon.aws.hooks.base_aws import AwsBaseHook

    return aws_hook(AwsBaseHook, client_type=service).conn
