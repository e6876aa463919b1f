"""How each service says that it refuses a request: its error codes, and the form of its answer.

- S3: https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
- API Gateway: https://docs.aws.amazon.com/apigateway/latest/developerguide/supported-gateway-response-types.html
- REST proxy: https://docs.confluent.io/platform/current/kafka-rest/api.html, ``KafkaExceptionMapper``
- Kinesis: https://docs.aws.amazon.com/kinesis/latest/APIReference/API_PutRecords.html, ``CommonErrors``
- Databricks: https://docs.databricks.com/api/workspace/introduction
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from xml.sax.saxutils import escape


@dataclass(frozen=True)
class Refusal:
    """One answer that is an error.

    :param status: HTTP status.
    :param code: the service's name or number of the error.
    :param message: for a person.
    """

    status: int
    code: str
    message: str


@dataclass(frozen=True)
class Rendered:
    """A refusal as it goes over the wire."""

    body: bytes
    headers: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class ErrorForm:
    """The errors of one service.

    :param refusals: those it documents; the first with a status stands for that status.
    :param unavailable: the code that it gives when it can't work at all.
    :param plain: makes a refusal of a status that has no code of its own.
    :param render: makes body and headers.
    """

    refusals: tuple[Refusal, ...]
    unavailable: str
    plain: Callable[[HTTPStatus], Refusal]
    render: Callable[[Refusal], Rendered]

    def of_code(self, code: str) -> Refusal:
        """The refusal with this code.

        :raises ValueError: listing the codes, when there is none.
        """
        for refusal in self.refusals:
            if refusal.code == code:
                return refusal
        known = ", ".join(f"{refusal.code} ({refusal.status})" for refusal in self.refusals)
        raise ValueError(f"no error {code}; there are: {known}")

    def of_status(self, status: int) -> Refusal:
        """The refusal that this HTTP status usually comes with.

        :raises ValueError: when it is not the status of an error.
        """
        for refusal in self.refusals:
            if refusal.status == status:
                return refusal
        if not 400 <= status <= 599 or status not in HTTPStatus:
            raise ValueError(f"{status} is not an HTTP status of an error (400 to 511)")
        return self.plain(HTTPStatus(status))


def _s3(refusal: Refusal) -> Rendered:
    request, host = uuid.uuid4().hex[:16].upper(), uuid.uuid4().hex
    body = (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f"<Error><Code>{refusal.code}</Code><Message>{escape(refusal.message)}</Message>"
        f"<RequestId>{request}</RequestId><HostId>{host}</HostId></Error>"
    )
    headers = {"Content-Type": "application/xml", "x-amz-request-id": request, "x-amz-id-2": host}
    return Rendered(body.encode(), headers)


def _api(refusal: Refusal) -> Rendered:
    headers = {
        "Content-Type": "application/json",
        "x-amzn-RequestId": str(uuid.uuid4()),
        "x-amzn-ErrorType": refusal.code,
    }
    return Rendered(json.dumps({"message": refusal.message}).encode(), headers)


def _rest_proxy(refusal: Refusal) -> Rendered:
    content = {"error_code": int(refusal.code), "message": refusal.message}
    body = json.dumps(content, separators=(",", ":")).encode()
    return Rendered(body, {"Content-Type": "application/vnd.kafka.v2+json"})


def _kinesis(refusal: Refusal) -> Rendered:
    body = json.dumps({"__type": refusal.code, "message": refusal.message}).encode()
    headers = {"Content-Type": "application/x-amz-json-1.1", "x-amzn-RequestId": str(uuid.uuid4())}
    return Rendered(body, headers)


def _databricks(refusal: Refusal) -> Rendered:
    body = json.dumps({"error_code": refusal.code, "message": refusal.message}).encode()
    return Rendered(body, {"Content-Type": "application/json"})


S3 = ErrorForm(
    refusals=(
        Refusal(503, "SlowDown", "Please reduce your request rate."),
        Refusal(503, "ServiceUnavailable", "Service is unable to handle request."),
        Refusal(500, "InternalError", "We encountered an internal error. Please try again."),
        Refusal(
            400,
            "RequestTimeout",
            "Your socket connection to the server was not read from or written to within the timeout period.",
        ),
        Refusal(400, "ExpiredToken", "The provided token has expired."),
        Refusal(403, "AccessDenied", "Access Denied"),
        Refusal(404, "NoSuchKey", "The specified key does not exist."),
        Refusal(404, "NoSuchBucket", "The specified bucket does not exist."),
        Refusal(
            409,
            "OperationAborted",
            "A conflicting conditional operation is currently in progress against this resource. Try again.",
        ),
    ),
    unavailable="ServiceUnavailable",
    plain=lambda status: Refusal(status, status.phrase.title().replace(" ", ""), status.phrase),
    render=_s3,
)

API = ErrorForm(
    refusals=(
        Refusal(503, "ServiceUnavailableException", "Service Unavailable"),
        Refusal(429, "TooManyRequestsException", "Too Many Requests"),
        Refusal(429, "LimitExceededException", "Limit Exceeded"),
        Refusal(500, "InternalServerErrorException", "Internal server error"),
        Refusal(504, "IntegrationFailureException", "Network error communicating with endpoint"),
        Refusal(403, "ForbiddenException", "Forbidden"),
        Refusal(403, "MissingAuthenticationTokenException", "Missing Authentication Token"),
        Refusal(413, "RequestTooLargeException", "Request Too Long"),
    ),
    unavailable="ServiceUnavailableException",
    plain=lambda status: Refusal(
        status,
        "InternalServerErrorException" if status >= 500 else "BadRequestException",
        "Internal server error" if status >= 500 else status.phrase,
    ),
    render=_api,
)

REST_PROXY = ErrorForm(
    refusals=(
        Refusal(500, "50003", "Kafka error: the request timed out."),
        Refusal(500, "50002", "Kafka error: the server experienced an unexpected error."),
        Refusal(503, "50302", "Broker not available."),
        Refusal(429, "42901", "Too many requests."),
        Refusal(401, "40101", "Kafka authentication failed."),
        Refusal(403, "40301", "Not authorized to access the topic."),
        Refusal(404, "40401", "Topic not found."),
        Refusal(404, "40402", "Partition not found."),
    ),
    unavailable="50302",
    plain=lambda status: Refusal(status, str(int(status)), f"HTTP {int(status)} {status.phrase}"),
    render=_rest_proxy,
)

KINESIS = ErrorForm(
    refusals=(
        Refusal(400, "ProvisionedThroughputExceededException", "Rate exceeded for a shard of the stream."),
        Refusal(400, "LimitExceededException", "Rate exceeded for the account."),
        Refusal(400, "KMSThrottlingException", "The rate of requests to KMS was exceeded."),
        Refusal(400, "ThrottlingException", "Rate exceeded"),
        Refusal(400, "ResourceNotFoundException", "The stream was not found."),
        Refusal(400, "ResourceInUseException", "The stream is not in the state ACTIVE."),
        Refusal(400, "ExpiredIteratorException", "Iterator expired."),
        Refusal(400, "ExpiredTokenException", "The security token included in the request is expired"),
        Refusal(400, "AccessDeniedException", "The role is not authorized to perform this action."),
        Refusal(500, "InternalFailure", "The request failed because of an unknown error."),
        Refusal(503, "ServiceUnavailable", "The request failed due to a temporary failure of the server."),
    ),
    unavailable="ServiceUnavailable",
    plain=lambda status: Refusal(status, status.phrase.title().replace(" ", ""), status.phrase),
    render=_kinesis,
)

DATABRICKS = ErrorForm(
    refusals=(
        Refusal(503, "TEMPORARILY_UNAVAILABLE", "The service at this path is temporarily under maintenance."),
        Refusal(429, "REQUEST_LIMIT_EXCEEDED", "Your request was rejected: the workspace exceeded its rate."),
        Refusal(429, "RESOURCE_EXHAUSTED", "Too many requests in parallel, or a quota has been exhausted."),
        Refusal(500, "INTERNAL_ERROR", "Internal Server Error"),
        Refusal(504, "DEADLINE_EXCEEDED", "The deadline expired before the operation could complete."),
        Refusal(401, "UNAUTHENTICATED", "The request does not have valid authentication credentials."),
        Refusal(403, "PERMISSION_DENIED", "The caller does not have permission to execute the operation."),
        Refusal(404, "RESOURCE_DOES_NOT_EXIST", "The resource does not exist."),
        Refusal(409, "RESOURCE_CONFLICT", "The request conflicts with the state of the resource."),
    ),
    unavailable="TEMPORARILY_UNAVAILABLE",
    plain=lambda status: Refusal(status, status.name, status.phrase),
    render=_databricks,
)
