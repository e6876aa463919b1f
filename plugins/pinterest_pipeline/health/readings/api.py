"""The API: one request that passes gateway, REST proxy and cluster, and writes nothing."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from pinterest_pipeline import connections
from pinterest_pipeline.health.checks.api import Reading

CONNECT_S = 3
READ_S = 5


def read(memory: Mapping[str, Any]) -> Reading:
    """Ask for the topics.

    :param memory: not needed.
    """
    import requests
    from airflow.sdk import BaseHook
    from airflow.sdk.exceptions import AirflowNotFoundException

    from pinterest_pipeline.provisioning.connection import base_url

    try:
        connection = BaseHook.get_connection(connections.API)
    except AirflowNotFoundException:
        return Reading(no_connection=True)
    if not connection.host:
        return Reading(no_connection=True)
    headers = {"x-api-key": connection.password} if connection.password else {}
    began = time.monotonic()
    try:
        answer = requests.get(
            f"{base_url(connection)}/topics",
            headers=headers,
            timeout=(CONNECT_S, READ_S),
            allow_redirects=False,
        )
    except requests.RequestException as error:
        # The text of these errors holds the address.
        return Reading(trouble=_trouble(error))
    return Reading(
        status=answer.status_code,
        error_type=answer.headers.get("x-amzn-ErrorType", ""),
        latency_s=time.monotonic() - began,
    )


def _trouble(error: Exception) -> str:
    import requests

    kinds = {
        requests.exceptions.ConnectTimeout: "no connection in time",
        requests.exceptions.Timeout: "no answer in time",
        requests.exceptions.SSLError: "its certificate is not good",
        requests.exceptions.ConnectionError: "no connection",
    }
    known = next((text for kind, text in kinds.items() if isinstance(error, kind)), "")
    return known or f"the host of the connection is not good ({type(error).__name__})"
