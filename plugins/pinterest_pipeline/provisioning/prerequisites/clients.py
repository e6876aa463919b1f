"""Clients for looks: those of the connection, but with little patience."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pinterest_pipeline.hasty_hooks import hasty_aws_hook

if TYPE_CHECKING:
    from airflow.providers.amazon.aws.hooks.base_aws import AwsBaseHook

CONNECT_SECONDS = 5
READ_SECONDS = 10
ATTEMPTS = 2


def aws_hook[T: AwsBaseHook](kind: type[T], **arguments: Any) -> T:
    """A hook of ``aws_default`` that gives up after seconds.

    :param kind: class of the hook.
    :param arguments: of the class, beside the connection.
    """
    return hasty_aws_hook(
        kind, connect_s=CONNECT_SECONDS, read_s=READ_SECONDS, attempts=ATTEMPTS, **arguments
    )


def aws_client(service: str) -> Any:
    """A boto3 client of ``aws_default`` that gives up after seconds.

    :param service: boto3's name of the service.
    """
    from airflow.providers.amazon.aws.hooks.base_aws import AwsBaseHook

    return aws_hook(AwsBaseHook, client_type=service).conn
