"""Embedded formats: how keys and values are written inside of requests and answers."""

from __future__ import annotations

from enum import Enum

_TYPE = "application/vnd.kafka.{}.v2+json"

#: Formats of Confluent's proxy that need a schema registry, which is not here.
UNSUPPORTED = ("avro", "jsonschema", "protobuf")
UNSUPPORTED_TYPES = {_TYPE.format(name): name for name in UNSUPPORTED}


class Embedded(Enum):
    """A format, by its content type."""

    JSON = _TYPE.format("json")
    BINARY = _TYPE.format("binary")


#: The content types of all of them.
EMBEDDED_TYPES = {*(embedded.value for embedded in Embedded), *UNSUPPORTED_TYPES}
