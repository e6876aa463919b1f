"""AWS hooks that give up after seconds, where boto3 waits for minutes; for looks beside each other."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from pinterest_pipeline import connections

if TYPE_CHECKING:
    from airflow.providers.amazon.aws.hooks.base_aws import AwsBaseHook

#: Held while a connection is looked up: threads of `airflow dags test` would be given each other's answers.
ONE_AT_A_TIME = threading.Lock()


def hasty_aws_hook[T: AwsBaseHook](
    kind: type[T], *, connect_s: float, read_s: float, attempts: int, **arguments: Any
) -> T:
    """A hook of ``aws_default``; what the connection says of other limits stays.

    :param kind: class of the hook.
    :param connect_s: seconds for each address of an endpoint to be reached in.
    :param read_s: seconds for an answer.
    :param attempts: how often a request is sent at most.
    :param arguments: of the class, beside the connection.
    """
    from botocore.config import Config

    hasty = Config(
        connect_timeout=connect_s,
        read_timeout=read_s,
        retries={"total_max_attempts": attempts, "mode": "standard"},
    )
    with ONE_AT_A_TIME:
        own = kind(aws_conn_id=connections.AWS, **arguments).conn_config.botocore_config
        hook = kind(aws_conn_id=connections.AWS, config=own.merge(hasty) if own else hasty, **arguments)
        _ = hook.conn_config  # keeps the connection
    return hook
