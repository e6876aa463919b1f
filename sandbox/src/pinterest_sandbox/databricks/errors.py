"""Exceptions in words, and refusals of the REST API in Databricks' form ``{"error_code", "message"}``.

https://docs.databricks.com/api/workspace/introduction
"""

from __future__ import annotations


def describe(error: BaseException) -> str:
    """Type and message of any exception, also of one that can't tell its message."""
    try:
        message = str(error)
    except Exception:
        # As Python's own tracebacks have it.
        message = "<exception str() failed>"
    return f"{type(error).__name__}: {message}"


class ApiError(Exception):
    """A request is refused.

    :param code: Databricks' error code.
    :param message: for the caller.
    :param status: HTTP status.
    """

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.status = status


class NotFound(ApiError):
    """What is asked for does not exist."""

    def __init__(self, message: str, code: str = "RESOURCE_DOES_NOT_EXIST") -> None:
        super().__init__(code, message, 404)


class InvalidParameter(ApiError):
    """A value of the request can't be used."""

    def __init__(self, message: str) -> None:
        super().__init__("INVALID_PARAMETER_VALUE", message)


class NotSupported(Exception):
    """A notebook asked for what Databricks has and the sandbox has not; the message names it."""
