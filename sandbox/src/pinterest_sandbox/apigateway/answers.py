"""API Gateway's own answers: what a client reads when no integration answered.

https://docs.aws.amazon.com/apigateway/latest/developerguide/supported-gateway-response-types.html
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(kw_only=True, eq=False)
class GatewayAnswer(Exception):
    """An answer of the gateway itself.

    :param response_type: AWS's gateway response type, by which an API may have its own form of it.
    :param status: HTTP status.
    :param message: the body's ``message``.
    :param kind: the exception's name in the ``x-amzn-ErrorType`` header.
    """

    response_type: str
    status: int
    message: str
    kind: str

    def __post_init__(self) -> None:
        super().__init__(self.message)


def forbidden() -> GatewayAnswer:
    """There is no such API or stage, or a key is missing or wrong."""
    return GatewayAnswer(
        response_type="INVALID_API_KEY", status=403, message="Forbidden", kind="ForbiddenException"
    )


def missing_authentication_token() -> GatewayAnswer:
    """The API has no such path or method."""
    return GatewayAnswer(
        response_type="MISSING_AUTHENTICATION_TOKEN",
        status=403,
        message="Missing Authentication Token",
        kind="MissingAuthenticationTokenException",
    )


def throttled() -> GatewayAnswer:
    """A bucket of the usage plan, the stage or the account is empty."""
    return GatewayAnswer(
        response_type="THROTTLED", status=429, message="Too Many Requests", kind="TooManyRequestsException"
    )


def quota_exceeded() -> GatewayAnswer:
    """The key has used up its plan's quota for this period."""
    return GatewayAnswer(
        response_type="QUOTA_EXCEEDED", status=429, message="Limit Exceeded", kind="LimitExceededException"
    )


def bad_request_parameters(missing: list[str]) -> GatewayAnswer:
    """Parameters that the method requires are missing or blank."""
    return GatewayAnswer(
        response_type="BAD_REQUEST_PARAMETERS",
        status=400,
        message=f"Missing required request parameters: [{', '.join(missing)}]",
        kind="BadRequestException",
    )


def bad_request_body() -> GatewayAnswer:
    """The body does not fit the model of its content type."""
    return GatewayAnswer(
        response_type="BAD_REQUEST_BODY",
        status=400,
        message="Invalid request body",
        kind="BadRequestException",
    )


def bad_request() -> GatewayAnswer:
    """The body could not be read as HTTP."""
    return GatewayAnswer(
        response_type="DEFAULT_4XX", status=400, message="Bad Request", kind="BadRequestException"
    )


def unsupported_media_type() -> GatewayAnswer:
    """No template takes the content type, and the integration lets nothing else through."""
    return GatewayAnswer(
        response_type="UNSUPPORTED_MEDIA_TYPE",
        status=415,
        message="Unsupported Media Type",
        kind="BadRequestException",
    )


def request_too_large() -> GatewayAnswer:
    """The request's body is above the limit."""
    return GatewayAnswer(
        response_type="REQUEST_TOO_LARGE",
        status=413,
        message="Request Too Long",
        kind="RequestTooLargeException",
    )


def integration_failure() -> GatewayAnswer:
    """The integration could not be reached, or broke off."""
    return GatewayAnswer(
        response_type="INTEGRATION_FAILURE",
        status=504,
        message="Network error communicating with endpoint",
        kind="IntegrationFailureException",
    )


def bad_integration_answer() -> GatewayAnswer:
    """The integration answered with what is no HTTP, or with too much."""
    return GatewayAnswer(
        response_type="DEFAULT_5XX",
        status=502,
        message="Internal server error",
        kind="InternalServerErrorException",
    )


def integration_timeout() -> GatewayAnswer:
    """The integration took longer than its limit."""
    return GatewayAnswer(
        response_type="INTEGRATION_TIMEOUT",
        status=504,
        message="Endpoint request timed out",
        kind="InternalServerErrorException",
    )


def configuration_error(message: str = "Internal server error") -> GatewayAnswer:
    """The API's own definition is wrong."""
    return GatewayAnswer(
        response_type="API_CONFIGURATION_ERROR",
        status=500,
        message=message,
        kind="InternalServerErrorException",
    )
