"""AWS's REST-JSON protocol, server side, from botocore's own service models.

Requests are read and answers written by the shapes of the model that boto3 uses. Every answer is checked
twice before it leaves: its values against the output shape, and its bytes by parsing them again with the
client-side parser of botocore. So a facade can't answer what AWS could not.
"""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, unquote

from botocore.loaders import Loader
from botocore.model import OperationModel, ServiceModel
from botocore.parsers import create_parser
from botocore.validate import ParamValidator

from pinterest_sandbox.aws.shapes import read_request, to_json

_LABEL = re.compile(r"\{(\w+)\}")


class AwsError(Exception):
    """An error in the service's own form.

    :param code: an exception of the service's model, e.g. ``NotFoundException``.
    :param message: what the caller reads.
    :param invalid_parameter: the parameter at fault, for services that name it.
    """

    def __init__(self, code: str, message: str, invalid_parameter: str | None = None) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.invalid_parameter = invalid_parameter


class WrongAnswer(Exception):
    """An answer that the service's model does not allow: a fault of the facade, never of its caller."""


@dataclass(frozen=True)
class HttpAnswer:
    """What goes back over HTTP."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class Call:
    """A request, understood: the operation and its parameters by botocore's member names."""

    operation: OperationModel
    parameters: dict[str, Any]


class RestJsonService:
    """Parses requests of one service and builds its answers.

    :param service_name: botocore's name, e.g. ``kafkaconnect``.
    """

    def __init__(self, service_name: str) -> None:
        description = Loader().load_service_model(service_name, "service-2")
        self.model = ServiceModel(description, service_name)
        self._errors = {shape.name: shape for shape in self.model.error_shapes}
        self._routes = sorted(
            (self._route(name) for name in self.model.operation_names), key=lambda route: -route[0]
        )

    def _route(self, name: str) -> tuple[int, str, re.Pattern[str], OperationModel]:
        operation = self.model.operation_model(name)
        method, uri = operation.http["method"], operation.http["requestUri"].partition("?")[0]
        # Clients send an ARN's slashes encoded or plain; routes with more fixed text are tried first.
        pattern = re.compile(
            "".join(
                re.escape(part) if i % 2 == 0 else f"(?P<{part}>.+)"
                for i, part in enumerate(_LABEL.split(uri))
            )
        )
        return len(_LABEL.sub("", uri)), method, pattern, operation

    def match(self, method: str, raw_path: str) -> tuple[OperationModel, dict[str, str]] | None:
        """The operation of a request line, and its path parameters.

        :param method: HTTP method.
        :param raw_path: the path as sent (percent-encoded), with or without a query string.
        """
        path = raw_path.partition("?")[0]
        for _, expected, pattern, operation in self._routes:
            found = pattern.fullmatch(path) if method == expected else None
            if found:
                return operation, {name: unquote(value) for name, value in found.groupdict().items()}
        return None

    def parse(self, method: str, raw_path: str, body: bytes) -> Call:
        """Understand a request.

        :param method: HTTP method.
        :param raw_path: the path as sent, with its query string.
        :param body: the bytes of the body.
        :raises AwsError: ``NotFoundException`` when there is no such operation, ``BadRequestException`` when
            a parameter is missing or of a wrong type.
        """
        matched = self.match(method, raw_path)
        if matched is None:
            raise AwsError("NotFoundException", f"No operation of the service matches {method} {raw_path}.")
        operation, labels = matched
        query = parse_qs(raw_path.partition("?")[2], keep_blank_values=True)
        try:
            parameters = read_request(operation, labels, query, json.loads(body or b"{}"))
        except (ValueError, TypeError, AttributeError) as error:
            raise AwsError("BadRequestException", f"The request can't be read: {error}") from error
        self._check_request(operation, parameters)
        return Call(operation, parameters)

    def _check_request(self, operation: OperationModel, parameters: dict[str, Any]) -> None:
        shape = operation.input_shape
        if shape is None:
            return
        report = ParamValidator().validate(parameters, shape)
        problems = report.generate_report() or "; ".join(wrong_enums(parameters, shape, ""))
        if problems:
            raise AwsError("BadRequestException", f"Invalid request: {problems}")

    def answer(self, operation: OperationModel, values: Mapping[str, Any]) -> HttpAnswer:
        """Serialise and check an answer.

        :param values: by botocore's member names; members that are ``None`` are left out.
        :raises WrongAnswer: when the values or the bytes do not fit the operation's output shape.
        """
        given = without_none(values)
        shape = operation.output_shape
        if shape is not None:
            report = ParamValidator().validate(given, shape)
            problems = report.generate_report() or "; ".join(wrong_enums(given, shape, ""))
            if problems:
                raise WrongAnswer(f"{operation.name}: {problems}")
        body = json.dumps(to_json(shape, given) if shape is not None else {}).encode()
        headers = {"Content-Type": "application/json", "x-amzn-RequestId": str(uuid.uuid4())}
        answer = HttpAnswer(operation.http.get("responseCode", 200), headers, body)
        if shape is not None:
            self._check_bytes(operation, given, answer)
        return answer

    def _check_bytes(self, operation: OperationModel, given: Mapping[str, Any], answer: HttpAnswer) -> None:
        parser = create_parser("rest-json")
        parsed = parser.parse(
            {"status_code": answer.status, "headers": answer.headers, "body": answer.body},
            operation.output_shape,
        )
        parsed.pop("ResponseMetadata", None)
        if parsed != given:
            raise WrongAnswer(f"{operation.name}: a client would read {parsed!r} instead of {given!r}")

    def error(self, error: AwsError) -> HttpAnswer:
        """Serialise an error as the service does: type in a header, message in the body.

        :raises WrongAnswer: when the service has no such error.
        """
        shape = self._errors.get(error.code)
        if shape is None:
            raise WrongAnswer(f"{self.model.service_name} has no error {error.code}")
        status = int(shape.metadata["error"]["httpStatusCode"])
        body: dict[str, Any] = {"message": error.message}
        if "InvalidParameter" in shape.members and error.invalid_parameter:
            body["invalidParameter"] = error.invalid_parameter
        headers = {
            "Content-Type": "application/json",
            "x-amzn-errortype": error.code,
            "x-amzn-RequestId": str(uuid.uuid4()),
        }
        return HttpAnswer(status, headers, json.dumps(body).encode())


def without_none(value: Any) -> Any:
    """A value without the members that are ``None``."""
    if isinstance(value, Mapping):
        return {key: without_none(item) for key, item in value.items() if item is not None}
    if isinstance(value, list | tuple):
        return [without_none(item) for item in value]
    return value


def wrong_enums(value: Any, shape: Any, path: str) -> list[str]:
    """Places where a string is none of the shape's values: botocore's validator does not look at enums."""
    if shape.type_name == "structure":
        return [
            problem
            for name, member in shape.members.items()
            if name in value
            for problem in wrong_enums(value[name], member, f"{path}.{name}")
        ]
    if shape.type_name == "list":
        return [problem for item in value for problem in wrong_enums(item, shape.member, f"{path}[]")]
    allowed = getattr(shape, "enum", None) if shape.type_name == "string" else None
    return (
        [f"{path.lstrip('.')}: {value!r} is none of {list(allowed)}"]
        if allowed and value not in allowed
        else []
    )
