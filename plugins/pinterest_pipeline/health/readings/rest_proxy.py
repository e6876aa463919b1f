"""Asks the Kafka REST proxy for the topics, which it has to ask the brokers for."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from pinterest_pipeline.health.checks.rest_proxy import Reading
from pinterest_pipeline.settings import settings

if TYPE_CHECKING:
    import requests

CONNECT_S = 3
READ_S = 5


def read(memory: Mapping[str, Any]) -> Reading:
    """Ask once.

    :param memory: not needed.
    """
    import requests

    address = settings().rest_proxy_address
    if not address:
        return Reading(address="")
    began = time.monotonic()
    try:
        answer = requests.get(
            f"http://{address}/topics",
            headers={"Accept": "application/vnd.kafka.v2+json, application/json"},
            timeout=(CONNECT_S, READ_S),
            allow_redirects=False,
        )
    except (requests.ConnectionError, requests.Timeout, requests.exceptions.ChunkedEncodingError) as error:
        return Reading(address=address, trouble=_trouble(error))
    seconds = time.monotonic() - began
    body = _json(answer)
    code = body.get("error_code") if isinstance(body, dict) else None
    return Reading(
        address=address,
        status=answer.status_code,
        error_code=code if isinstance(code, int) else None,
        lists_topics=isinstance(body, list),
        seconds=seconds,
    )


def _json(answer: requests.Response) -> Any:
    try:
        return answer.json()
    except ValueError:
        return None


def _trouble(error: Exception) -> str:
    """Why there is no answer. The client's own text names addresses of memory."""
    import requests
    from urllib3.exceptions import NameResolutionError, NewConnectionError

    if isinstance(error, requests.ConnectTimeout):
        return f"can't be reached within {CONNECT_S} s"
    if isinstance(error, requests.Timeout):
        return f"does not answer within {READ_S} s"
    reason = getattr(error.args[0] if error.args else None, "reason", None)
    if isinstance(reason, NameResolutionError):
        return "can't be reached: its name is not known"
    if isinstance(reason, NewConnectionError):
        return f"can't be reached: {str(reason).rpartition('] ')[2].rpartition(': ')[2]}"
    return "breaks the connection off"
