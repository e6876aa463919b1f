"""AWS's JSON protocol, server side, from botocore's own service models.

Every answer is checked twice before it leaves, as :mod:`pinterest_sandbox.aws.wire` does it.
"""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Iterator, Mapping
from typing import Any

from botocore.loaders import Loader
from botocore.model import OperationModel, ServiceModel, Shape
from botocore.parsers import create_parser
from botocore.validate import ParamValidator

from pinterest_sandbox.aws.shapes import from_json, to_json
from pinterest_sandbox.aws.wire import AwsError, Call, HttpAnswer, WrongAnswer, without_none, wrong_enums

#: What means something else in Java's patterns: classes, and groups that took no part.
_OF_JAVA = re.compile(r"\\p\{|\\[1-9]")
#: Errors that every service has, though its model does not name them.
_COMMON = frozenset({"ValidationException", "UnknownOperationException", "SerializationException"})


class JsonService:
    """Parses requests of one service and builds its answers.

    :param service_name: botocore's name, e.g. ``ssm``.
    """

    def __init__(self, service_name: str) -> None:
        self.model = ServiceModel(Loader().load_service_model(service_name, "service-2"), service_name)
        self._errors = {shape.name: shape for shape in self.model.error_shapes}

    def parse(self, target: str, body: bytes) -> Call:
        """Understand a request.

        :param target: of the header ``X-Amz-Target``, e.g. ``AmazonSSM.GetDocument``.
        :param body: the bytes of the body.
        :raises AwsError: ``UnknownOperationException``, ``SerializationException`` for what is no JSON object
            of the operation, ``ValidationException`` for what is missing or breaks a rule of the model.
        """
        prefix, _, name = target.partition(".")
        if prefix != self.model.metadata["targetPrefix"] or name not in self.model.operation_names:
            raise AwsError("UnknownOperationException", f"{target!r} is no operation of this service")
        operation = self.model.operation_model(name)
        shape = operation.input_shape
        try:
            parameters = from_json(shape, json.loads(body or b"{}")) if shape is not None else {}
        except (ValueError, TypeError, AttributeError) as error:
            raise AwsError("SerializationException", f"The request can't be read: {error}") from error
        if shape is not None:
            report = ParamValidator().validate(parameters, shape).generate_report()
            problems = (
                [report] if report else [*wrong_enums(parameters, shape, ""), *_broken(parameters, shape)]
            )
            if problems:
                raise AwsError("ValidationException", "; ".join(problems))
        return Call(operation, parameters)

    def answer(self, operation: OperationModel, values: Mapping[str, Any]) -> HttpAnswer:
        """Serialise and check an answer.

        :param values: by botocore's member names; members that are ``None`` are left out.
        :raises WrongAnswer: when the values or the bytes do not fit the operation's output shape.
        """
        given, shape = without_none(values), operation.output_shape
        if shape is None:
            return _http(200, {})
        report = ParamValidator().validate(given, shape).generate_report()
        problems = [report] if report else [*wrong_enums(given, shape, ""), *_broken(given, shape)]
        if problems:
            raise WrongAnswer(f"{operation.name}: {'; '.join(problems)}")
        answer = _http(200, to_json(shape, given))
        parsed = create_parser("json").parse(
            {"status_code": answer.status, "headers": answer.headers, "body": answer.body}, shape
        )
        parsed.pop("ResponseMetadata", None)
        if parsed != given:
            raise WrongAnswer(f"{operation.name}: a client would read {parsed!r} instead of {given!r}")
        return answer

    def error(self, error: AwsError) -> HttpAnswer:
        """Serialise an error as the service does: its type and message in the body.

        :raises WrongAnswer: when the service has no such error.
        """
        if error.code not in self._errors and error.code not in _COMMON:
            raise WrongAnswer(f"{self.model.service_name} has no error {error.code}")
        shape = self._errors.get(error.code)
        word = "Message" if shape is not None and "Message" in shape.members else "message"
        status = 500 if error.code == "InternalServerError" else 400
        return _http(status, {"__type": error.code, word: error.message})


def _http(status: int, content: Mapping[str, Any]) -> HttpAnswer:
    headers = {"Content-Type": "application/x-amz-json-1.1", "x-amzn-RequestId": str(uuid.uuid4())}
    return HttpAnswer(status, headers, json.dumps(content).encode())


def _broken(value: Any, shape: Shape, path: str = "") -> Iterator[str]:
    """Strings that break their shape's pattern or are too long: botocore's validator looks at neither."""
    if shape.type_name == "structure":
        for name, item in value.items():
            yield from _broken(item, shape.members[name], f"{path}.{name}")
    elif shape.type_name == "list":
        for item in value:
            yield from _broken(item, shape.member, f"{path}[]")
    elif shape.type_name == "string":
        pattern, longest = shape.metadata.get("pattern"), shape.metadata.get("max")
        if longest is not None and len(value) > longest:
            yield f"{path.lstrip('.')}: {len(value)} characters are more than {longest}"
        if pattern and not _OF_JAVA.search(pattern) and not re.search(rf"^(?:{pattern})$", value):
            yield f"{path.lstrip('.')}: {value!r} does not match {pattern}"
