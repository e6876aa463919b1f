"""The Databricks workspace for a look: hooks with the patience of seconds, and what their errors mean."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from pinterest_pipeline import connections

#: For the hooks of Databricks: seconds that a request may take, and how often it is sent.
PATIENCE: dict[str, Any] = {"timeout_seconds": 4, "retry_limit": 1}
_REFUSED = (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN)


def workspace_trouble(error: Exception) -> str:
    """Why the workspace can't be asked at all; nothing when the error is about what was asked.

    :param error: what a hook of Databricks has raised.
    """
    from airflow.providers.databricks.exceptions import DatabricksApiError
    from airflow.sdk.exceptions import AirflowException

    if isinstance(error, DatabricksApiError):
        status = error.http_status_code
        if status in _REFUSED:
            return f"the workspace refuses the connection {connections.DATABRICKS} ({status})"
        return ""
    status = _last_status(error)
    # One that asks for patience is there.
    if not isinstance(error, AirflowException) or status == HTTPStatus.TOO_MANY_REQUESTS:
        return ""
    # The hook's own text may hold the address, with what somebody wrote into it.
    return f"the workspace answers {status}" if status else "the workspace does not answer"


def _last_status(error: BaseException) -> int | None:
    """The HTTP status behind the error of a hook that has sent its request as often as it may."""
    from tenacity import RetryError

    cause = error.__cause__
    last = cause.last_attempt.exception() if isinstance(cause, RetryError) else None
    response = getattr(last, "response", None)
    return None if response is None else int(response.status_code)
