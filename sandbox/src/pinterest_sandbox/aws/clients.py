"""boto3 clients with the sandbox's keys and explicit endpoints, free of the caller's own AWS settings."""

from __future__ import annotations

from typing import Any

import boto3
from botocore.config import Config as BotoConfig

from pinterest_sandbox.config import ACCESS_KEY, REGION, SECRET_KEY


def aws_client(service_name: str, endpoint: str) -> Any:
    """A boto3 client.

    :param service_name: botocore's name of the service, e.g. ``s3``.
    :param endpoint: URL of the server that answers for it.
    :returns: the client; botocore makes its class at run time, so it has no static type.
    """
    session = boto3.session.Session(
        aws_access_key_id=ACCESS_KEY, aws_secret_access_key=SECRET_KEY, region_name=REGION
    )
    settings = BotoConfig(
        connect_timeout=5,
        read_timeout=60,
        retries={"max_attempts": 3, "mode": "standard"},
        s3={"addressing_style": "path"},
    )
    return session.client(service_name, endpoint_url=endpoint, config=settings)
