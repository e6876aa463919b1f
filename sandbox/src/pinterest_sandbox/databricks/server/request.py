"""What every endpoint takes: the token, and the values of query string and JSON body together."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import Depends, Request

from pinterest_sandbox.databricks.errors import ApiError, InvalidParameter


async def read_values(request: Request) -> dict[str, Any]:
    """Query string and JSON body as one object; clients send a ``GET``'s values either way.

    :raises ApiError: ``MALFORMED_REQUEST`` when the body is no JSON object.
    """
    body = await request.body()
    try:
        values = json.loads(body) if body.strip() else {}
    except ValueError as error:
        raise ApiError(
            "MALFORMED_REQUEST", f"Invalid JSON given in the body of the request: {error}"
        ) from None
    if not isinstance(values, dict):
        raise ApiError("MALFORMED_REQUEST", "Invalid JSON given in the body of the request - expected a map")
    return {**request.query_params, **values}


Values = Annotated[dict[str, Any], Depends(read_values)]


def check_token(request: Request) -> None:
    """Refuse a request without the workspace's bearer token.

    :raises ApiError: 401 without one, 403 with a wrong one.
    """
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        message = "Credential was not sent or was of an unsupported type for this API."
        raise ApiError("401", message, status=401)
    if not secrets.compare_digest(token.strip().encode(), request.app.state.token.encode()):
        raise ApiError("403", "Invalid access token.", status=403)


def required(values: Mapping[str, Any], name: str) -> str:
    """A value as text.

    :raises InvalidParameter: when it is missing or empty.
    """
    value = values.get(name)
    if value is None or value == "":
        raise InvalidParameter(f"Missing required field: {name}")
    if not isinstance(value, str | int):
        raise InvalidParameter(f"Field {name} must be text or a number")
    return str(value)


def number(values: Mapping[str, Any], name: str, default: int | None = None) -> int:
    """A value as a whole number.

    :raises InvalidParameter: when it is none, or missing without ``default``.
    """
    if default is not None and values.get(name) in (None, ""):
        return default
    text = required(values, name)
    try:
        return int(text)
    except ValueError:
        raise InvalidParameter(f"Field {name} must be a whole number, not {text!r}") from None


def flag(values: Mapping[str, Any], name: str) -> bool:
    """A value as yes or no; missing is no."""
    return str(values.get(name, "false")).lower() == "true"
