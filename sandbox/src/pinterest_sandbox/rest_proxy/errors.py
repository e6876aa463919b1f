"""Errors as the REST Proxy answers them: an HTTP status, and a body with ``error_code`` and ``message``.

The codes are those of Confluent's REST Proxy (its API reference and ``KafkaExceptionMapper``).
"""

from __future__ import annotations

KAFKA_AUTHENTICATION = 40101
KAFKA_AUTHORIZATION = 40301
TOPIC_NOT_FOUND = 40401
PARTITION_NOT_FOUND = 40402
KAFKA_ERROR = 50002
KAFKA_RETRIABLE = 50003


class RestError(Exception):
    """An answer that is not a success.

    :param status: HTTP status.
    :param code: ``error_code`` in the body.
    :param message: ``message`` in the body.
    """

    def __init__(self, status: int, code: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message


def bad_request(message: str) -> RestError:
    """The body is not JSON, or has a value of the wrong type in it."""
    return RestError(400, 400, message)


def unprocessable(message: str) -> RestError:
    """The body lacks what the request needs."""
    return RestError(422, 422, message)


def topic_not_found() -> RestError:
    """There is no such topic."""
    return RestError(404, TOPIC_NOT_FOUND, "Topic not found.")


def partition_not_found() -> RestError:
    """The topic has no such partition."""
    return RestError(404, PARTITION_NOT_FOUND, "Partition not found.")


def retriable(message: str) -> RestError:
    """Kafka could not be reached; the request can be sent again."""
    return RestError(500, KAFKA_RETRIABLE, message)


def kafka_error(message: str) -> RestError:
    """Kafka refused for another reason."""
    return RestError(500, KAFKA_ERROR, f"Kafka error: {message}")
