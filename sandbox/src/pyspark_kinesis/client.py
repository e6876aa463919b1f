"""The Kinesis client of a process."""

from __future__ import annotations

import os
from functools import cache
from typing import Any

from botocore.config import Config
from botocore.credentials import AssumeRoleCredentialFetcher, DeferredRefreshableCredentials
from botocore.session import Session

from pyspark_kinesis.options import Connection

# Throttling and errors of the service are waited out: the pauses grow up to 20 s, and twelve attempts take a
# minute or longer.
_SETTINGS = Config(
    retries={"mode": "standard", "max_attempts": 12},
    connect_timeout=5,
    read_timeout=60,
    user_agent_extra="spark-kinesis",
)


@cache
def kinesis_client(connection: Connection) -> Any:
    """The client for ``connection``; botocore makes its class at run time, so it has no static type."""
    session = Session()
    if connection.access_key:
        session.set_credentials(connection.access_key, connection.secret_key)
    region = connection.region or session.get_config_variable("region") or os.environ.get("AWS_REGION")
    if connection.role_arn:
        session._credentials = _role(session, connection, region)
    return session.create_client(
        "kinesis", region_name=region, endpoint_url=connection.endpoint, config=_SETTINGS
    )


def _role(session: Session, connection: Connection, region: str | None) -> Any:
    """Credentials of a role, taken anew before they expire."""

    def sts(service: str, **arguments: Any) -> Any:
        return session.create_client(
            service, region_name=region, endpoint_url=connection.sts_endpoint, **arguments
        )

    arguments = {"RoleSessionName": connection.role_session_name}
    if connection.role_external_id:
        arguments["ExternalId"] = connection.role_external_id
    fetcher = AssumeRoleCredentialFetcher(
        sts, session.get_credentials(), connection.role_arn, extra_args=arguments
    )
    return DeferredRefreshableCredentials(fetcher.fetch_credentials, "assume-role")
