"""The key of the pipeline's API, from where provisioning keeps it: the secret of the connection."""

from __future__ import annotations

import json

from pinterest_sandbox.airflow.settings import CONNECTIONS_PREFIX
from pinterest_sandbox.aws.clients import aws_client
from pinterest_sandbox.config import Config

_SECRET = f"{CONNECTIONS_PREFIX}/pinterest_api"


def read_api_key(config: Config) -> str:
    """The value that a request needs in ``x-api-key``.

    :param config: the sandbox; its moto must answer.
    :raises ValueError: when the API is not provisioned, or wants no key.
    """
    client = aws_client("secretsmanager", config.url("moto"))
    try:
        text = client.get_secret_value(SecretId=_SECRET)["SecretString"]
    except client.exceptions.ResourceNotFoundException:
        raise ValueError(
            "the API has no key yet: run pinterest_provision_batch or pinterest_provision_stream"
        ) from None
    key = json.loads(text).get("password")
    if not key:
        raise ValueError("the API was provisioned with PINTEREST_REQUIRE_API_KEY=false: it wants no key")
    return str(key)
