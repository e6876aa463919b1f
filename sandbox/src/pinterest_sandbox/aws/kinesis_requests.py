"""What Kinesis refuses by the form of a request alone. moto takes most of that, and breaks at some.

boto3 sends little of it; whoever writes requests by hand, as clients of an API do, may send anything.
"""

from __future__ import annotations

import binascii
import json
import re
from collections.abc import Iterator
from functools import cache
from typing import Any

from botocore.loaders import Loader
from botocore.model import OperationNotFoundError, ServiceModel, Shape, StructureShape

#: Python's types for those of the model.
_TYPES: dict[str, Any] = {
    "structure": dict,
    "map": dict,
    "list": list,
    "string": str,
    "blob": str,
    "integer": int,
    "long": int,
    "boolean": bool,
    "timestamp": (int, float),
}
#: JSON can write what is no Unicode text, and moto can't store that.
_SURROGATE = re.compile("[\ud800-\udfff]")


class RefusedRequest(Exception):
    """Kinesis answers a request with an error, status 400.

    :param code: the error's ``__type``.
    :param message: for the client.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message


def check_request(action: str, body: bytes) -> None:
    """Check a request against Kinesis's own model.

    :param action: such as ``PutRecords``.
    :param body: JSON.
    :raises RefusedRequest: when there is no such action, or the body is not as the action wants it.
    """
    try:
        shape = _model().operation_model(action).input_shape
    except OperationNotFoundError:
        raise RefusedRequest("UnknownOperationException", f"{action} is no action of Kinesis") from None
    try:
        document = json.loads(body or b"{}")
    except (ValueError, RecursionError) as error:
        raise RefusedRequest("SerializationException", f"the body is not JSON: {error}") from error
    problems = [
        f"{where} failed to satisfy constraint: Member must {what}"
        for where, what in _problems(shape, document, "")
    ]
    if problems:
        plural = "s" if len(problems) > 1 else ""
        message = f"{len(problems)} validation error{plural} detected: {'; '.join(problems)}"
        raise RefusedRequest("ValidationException", message)


@cache
def _model() -> ServiceModel:
    return ServiceModel(Loader().load_service_model("kinesis", "service-2"), "kinesis")


def _problems(shape: Shape, value: Any, place: str) -> Iterator[tuple[str, str]]:
    """What is wrong with a value, and what it should be instead, in AWS's words.

    :param place: the value's, in AWS's spelling: ``records.1.member.data``.
    :raises RefusedRequest: when it has another type.
    """
    kind = shape.type_name
    if not isinstance(value, _TYPES[kind]) or (isinstance(value, bool) and kind != "boolean"):
        raise RefusedRequest("SerializationException", f"{place or 'the body'} is no {kind}")
    if isinstance(value, str) and not value.isascii() and _SURROGATE.search(value):
        raise RefusedRequest("SerializationException", f"{place} has half of a surrogate pair")
    if kind == "structure":
        yield from _problems_of_members(shape, value, place)
    elif kind == "list":
        yield from _outside(shape, len(value), f"Value at '{place}'", "length")
        for number, item in enumerate(value, 1):
            yield from _problems(shape.member, item, f"{place}.{number}.member")
    elif kind == "blob":
        yield from _outside(shape, _size(value, place), f"Value at '{place}'", "length")
    elif kind == "string":
        yield from _problems_of_text(shape, value, f"Value '{value}' at '{place}'")
    elif kind in ("integer", "long"):
        yield from _outside(shape, value, f"Value '{value}' at '{place}'", "value")


def _problems_of_members(
    shape: StructureShape, value: dict[str, Any], place: str
) -> Iterator[tuple[str, str]]:
    for name, member in shape.members.items():
        spelt = f"{place}.{name[0].lower()}{name[1:]}".lstrip(".")
        if value.get(name) is not None:
            yield from _problems(member, value[name], spelt)
        elif name in shape.required_members:
            yield f"Value null at '{spelt}'", "not be null"


def _problems_of_text(shape: Shape, text: str, where: str) -> Iterator[tuple[str, str]]:
    yield from _outside(shape, len(text), where, "length")
    pattern, values = shape.metadata.get("pattern"), shape.metadata.get("enum")
    if pattern and not re.fullmatch(pattern, text):
        yield where, f"satisfy regular expression pattern: {pattern}"
    if values and text not in values:
        yield where, f"satisfy enum value set: [{', '.join(values)}]"


def _outside(shape: Shape, number: int, where: str, measure: str) -> Iterator[tuple[str, str]]:
    least, most = shape.metadata.get("min"), shape.metadata.get("max")
    if least is not None and number < least:
        yield where, f"have {measure} greater than or equal to {least}"
    if most is not None and number > most:
        yield where, f"have {measure} less than or equal to {most}"


def _size(text: str, place: str) -> int:
    """Bytes that a base64 text stands for."""
    try:
        return len(binascii.a2b_base64(text, strict_mode=True))
    except ValueError as error:
        raise RefusedRequest("SerializationException", f"{place} is no base64: {error}") from error
