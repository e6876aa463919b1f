"""API Gateway's own answers: what a client reads when no integration answered.

https://docs.aws.amazon.com/apigateway/latest/developerguide/supported-gateway-response-types.html
"""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass

from aiohttp import web


@dataclass(frozen=True)
class GatewayAnswer(Exception):
    """An answer of the gateway itself.

    :param status: HTTP status.
    :param message: the body's ``message``.
    :param kind: the exception's name in the ``x-amzn-ErrorType`` header.
    """

    status: int
    message: str
    kind: str

    def response(self) -> web.Response:
        """As an HTTP response."""
        return web.Response(
            status=self.status,
            body=json.dumps({"message": self.message}).encode(),
            headers={
                "Content-Type": "application/json",
                "x-amzn-RequestId": str(uuid.uuid4()),
                "x-amzn-ErrorType": self.kind,
            },
        )


def forbidden() -> GatewayAnswer:
    """There is no such API or stage, or a key is missing or wrong."""
    return GatewayAnswer(403, "Forbidden", "ForbiddenException")


def missing_authentication_token() -> GatewayAnswer:
    """The API has no such path or method."""
    return GatewayAnswer(403, "Missing Authentication Token", "MissingAuthenticationTokenException")


def request_too_large() -> GatewayAnswer:
    """The request's body is above the limit."""
    return GatewayAnswer(413, "Request Too Long", "RequestTooLargeException")


def integration_failure() -> GatewayAnswer:
    """The integration could not be reached, or broke off."""
    return GatewayAnswer(504, "Network error communicating with endpoint", "IntegrationFailureException")


def bad_integration_answer() -> GatewayAnswer:
    """The integration answered with what is no HTTP, or with too much."""
    return GatewayAnswer(502, "Internal server error", "InternalServerErrorException")


def integration_timeout() -> GatewayAnswer:
    """The integration took longer than its limit."""
    return GatewayAnswer(504, "Endpoint request timed out", "InternalServerErrorException")


def configuration_error(message: str = "Internal server error") -> GatewayAnswer:
    """The API's own definition is wrong."""
    return GatewayAnswer(500, message, "InternalServerErrorException")
