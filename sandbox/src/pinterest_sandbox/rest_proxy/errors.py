"""Errors as the REST Proxy answers them: an HTTP status, and a body with ``error_code`` and ``message``.

The codes are those of Confluent's REST Proxy (its API reference and ``KafkaExceptionMapper``).
"""

from __future__ import annotations

CONFIG_OUT_OF_RANGE = 40001
KAFKA_BAD_REQUEST = 40002
KAFKA_AUTHENTICATION = 40101
KAFKA_AUTHORIZATION = 40301
TOPIC_NOT_FOUND = 40401
PARTITION_NOT_FOUND = 40402
INSTANCE_NOT_FOUND = 40403
FORMAT_MISMATCH = 40601
UNREADABLE_RECORD = 40801
INSTANCE_EXISTS = 40902
ILLEGAL_STATE = 40903
INVALID_CONSUMER_CONFIG = 42204
KAFKA_ERROR = 50002
KAFKA_RETRIABLE = 50003
NO_CONSUMER_AVAILABLE = 50301


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


def not_found(what: str) -> RestError:
    """A part of the address is not of the type it should have, which JAX-RS takes as another address."""
    return RestError(404, 404, f"HTTP 404 Not Found: {what}")


def instance_not_found() -> RestError:
    """There is no such consumer instance, or no longer."""
    return RestError(404, INSTANCE_NOT_FOUND, "Consumer instance not found.")


def instance_exists() -> RestError:
    """The group has a consumer instance of that name."""
    message = "Consumer with specified consumer ID already exists in the specified consumer group."
    return RestError(409, INSTANCE_EXISTS, message)


def too_many_instances(limit: int) -> RestError:
    """No more consumer instances are opened."""
    return RestError(
        503, NO_CONSUMER_AVAILABLE, f"{limit} consumer instances are open. The request can be retried."
    )


def illegal_state(message: str) -> RestError:
    """The consumer instance can't do that in the state it is in."""
    return RestError(409, ILLEGAL_STATE, f"Illegal state: {message}")


def invalid_consumer_config(message: str) -> RestError:
    """An option of a consumer instance has a value that Kafka's consumer does not know."""
    return RestError(422, INVALID_CONSUMER_CONFIG, f"Invalid consumer configuration: {message}")


def config_out_of_range(message: str) -> RestError:
    """An option of a consumer instance is too small or too large."""
    return RestError(
        422,
        CONFIG_OUT_OF_RANGE,
        f"Invalid consumer configuration. It does not abide by the constraints: {message}",
    )


def format_mismatch() -> RestError:
    """Records are asked for in another format than the consumer instance has."""
    return RestError(
        406,
        FORMAT_MISMATCH,
        "The requested embedded data format does not match the deserializer for this consumer instance",
    )


def unreadable_record(message: str) -> RestError:
    """A record is not in the format of the consumer instance."""
    return RestError(408, UNREADABLE_RECORD, message)
