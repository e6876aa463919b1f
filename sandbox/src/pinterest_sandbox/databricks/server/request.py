"""What every endpoint takes: the token, and the values of query string and JSON body together."""

from __future__ import annotations

import json
import math
import secrets
from typing import Annotated, Any

from fastapi import Depends, Request

from pinterest_sandbox.databricks.errors import ApiError
from pinterest_sandbox.databricks.fields import Fields, read_fields

#: Objects and lists may be so deep inside each other, as in protobuf's JSON.
DEPTH = 100


async def read_values(request: Request) -> dict[str, Any]:
    """Query string and JSON body as one object; clients send a ``GET``'s values either way.

    :raises ApiError: ``MALFORMED_REQUEST`` when the body is no JSON object.
    """
    body = await request.body()
    try:
        values = _json(body) if body.strip() else {}
    except (ValueError, RecursionError) as error:
        raise ApiError(
            "MALFORMED_REQUEST", f"Invalid JSON given in the body of the request: {error}"
        ) from None
    if not isinstance(values, dict):
        raise ApiError("MALFORMED_REQUEST", "Invalid JSON given in the body of the request - expected a map")
    return {**request.query_params, **values}


Values = Annotated[dict[str, Any], Depends(read_values)]


def read[Model: Fields](model: type[Model]) -> Any:
    """A dependency: the request's values in ``model``.

    :raises ApiError: when they do not fit.
    """

    async def values_in_model(values: Values) -> Model:
        return read_fields(model, values)

    return Depends(values_in_model)


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


def _json(body: bytes) -> Any:
    """JSON as others read it too: Python's own reader also takes infinite numbers.

    :raises ValueError: when it is none, or too deep.
    """
    values = json.loads(body, parse_constant=_no_number, parse_float=_finite)
    level = [values]
    for _ in range(DEPTH):
        level = [below for value in level for below in _below(value)]
        if not level:
            return values
    raise ValueError(f"more than {DEPTH} levels")


def _below(value: Any) -> Any:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()


def _no_number(text: str) -> float:
    raise ValueError(f"{text} is no number in JSON")


def _finite(text: str) -> float:
    value = float(text)
    if math.isinf(value):
        raise ValueError(f"{text} is too large a number")
    return value
