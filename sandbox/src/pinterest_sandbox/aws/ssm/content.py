"""What is in a Command document: its checks, its parameters, its steps. Pure functions.

.. seealso:: https://docs.aws.amazon.com/systems-manager/latest/userguide/documents-syntax-data-elements-parameters.html
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pinterest_sandbox.aws.wire import AwsError

#: Bytes of the longest document.
LONGEST = 64 * 1024
#: The only kind of step that the machine can run.
ACTION = "aws:runShellScript"
_STEP_NAME = re.compile(r"[a-zA-Z0-9_-]{3,128}")
_TYPES = ("String", "StringList", "Boolean", "Integer", "MapList", "StringMap")
#: Seconds of a step that names none.
_STEP_SECONDS = 3600.0


@dataclass(frozen=True, kw_only=True)
class Step:
    """A step that is ready to run.

    :param name: its name in the document.
    :param script: the text that runs, with parameters filled in.
    :param environment: parameters that the document wants in the environment.
    :param seconds: after which it is stopped.
    """

    name: str
    script: str
    environment: dict[str, str]
    seconds: float


def check_content(text: str, kind: str, form: str) -> dict[str, Any]:
    """Read a document's content as CreateDocument and UpdateDocument do.

    :param text: the content.
    :param kind: DocumentType.
    :param form: DocumentFormat.
    :returns: the parsed content.
    :raises AwsError: ``MaxDocumentSizeExceeded``, ``InvalidDocumentSchemaVersion`` or
        ``InvalidDocumentContent``.
    """
    if len(text.encode()) > LONGEST:
        raise AwsError("MaxDocumentSizeExceeded", f"The document is longer than {LONGEST} bytes")
    if (kind, form) != ("Command", "JSON"):
        raise _wrong(f"the sandbox takes documents of type Command in JSON, not {kind} in {form}")
    try:
        content = json.loads(text)
    except ValueError as error:
        raise _wrong(f"JSON not well-formed: {error}") from error
    if not isinstance(content, dict):
        raise _wrong("the document is no JSON object")
    if content.get("schemaVersion") != "2.2":
        raise AwsError("InvalidDocumentSchemaVersion", f"schemaVersion {content.get('schemaVersion')!r}")
    _check_parameters(content.get("parameters", {}))
    _check_steps(content.get("mainSteps"))
    return content


def _check_parameters(declared: Any) -> None:
    if not isinstance(declared, dict):
        raise _wrong("parameters is no object")
    for name, what in declared.items():
        if not re.fullmatch(r"[a-zA-Z0-9]+", name) or not isinstance(what, dict):
            raise _wrong(f"parameter {name!r}")
        if what.get("type") not in _TYPES:
            raise _wrong(f"parameter {name} has type {what.get('type')!r}")
        if what.get("interpolationType", "ENV_VAR") != "ENV_VAR":
            raise _wrong(f"parameter {name} has interpolationType {what['interpolationType']!r}")
        try:
            re.compile(what.get("allowedPattern", ""))
        except re.error as error:
            raise _wrong(f"parameter {name} has a wrong allowedPattern: {error}") from error


def _check_steps(steps: Any) -> None:
    if not isinstance(steps, list) or not steps:
        raise _wrong("mainSteps is missing")
    names = []
    for step in steps:
        if not isinstance(step, dict) or not _STEP_NAME.fullmatch(str(step.get("name", ""))):
            raise _wrong("a step without a proper name")
        names.append(step["name"])
        if step.get("action") != ACTION:
            raise _wrong(f"step {step['name']}: the sandbox runs {ACTION}, not {step.get('action')!r}")
        lines = step.get("inputs", {}).get("runCommand")
        if not isinstance(lines, list) or not all(isinstance(line, str) for line in lines):
            raise _wrong(f"step {step['name']}: runCommand is no list of lines")
    if len(set(names)) < len(names):
        raise _wrong("two steps have the same name")


def resolve_parameters(
    content: Mapping[str, Any], given: Mapping[str, Sequence[str]]
) -> dict[str, list[str]]:
    """The parameters of a command: those given, and the document's defaults.

    :param content: a checked document.
    :param given: as SendCommand has them.
    :raises AwsError: ``InvalidParameters`` naming the parameter.
    """
    declared = content.get("parameters", {})
    for name in given:
        if name not in declared:
            raise AwsError("InvalidParameters", f"The document has no parameter {name}")
    found = {}
    for name, what in declared.items():
        if name in given:
            found[name] = list(given[name])
        elif "default" in what:
            default = what["default"]
            found[name] = [str(item) for item in default] if isinstance(default, list) else [str(default)]
        else:
            raise AwsError("InvalidParameters", f"Parameter {name} is required: it has no default")
        _check_value(name, what, found[name])
    return found


def _check_value(name: str, what: Mapping[str, Any], values: Sequence[str]) -> None:
    if what["type"] == "String" and len(values) != 1:
        raise AwsError("InvalidParameters", f"Parameter {name} is a String: one value expected")
    pattern = what.get("allowedPattern")
    allowed = what.get("allowedValues")
    for value in values:
        if pattern and not re.search(_whole(pattern), value):
            raise AwsError(
                "InvalidParameters", f"Parameter {name} has value {value!r} not matching {pattern}"
            )
        if allowed and value not in allowed:
            raise AwsError("InvalidParameters", f"Parameter {name} has value {value!r}, none of {allowed}")


def _whole(pattern: str) -> str:
    """Java's ``$`` lets a line break at the end pass as Python's does; the service lets it pass nowhere."""
    return pattern[:-1] + r"\Z" if pattern.endswith("$") and not pattern.endswith(r"\$") else pattern


def steps(content: Mapping[str, Any], parameters: Mapping[str, Sequence[str]]) -> list[Step]:
    """The steps that run on Linux, with their parameters.

    :param content: a checked document.
    :param parameters: resolved ones.
    """
    declared = content.get("parameters", {})
    values = {name: ",".join(value) for name, value in parameters.items()}
    in_environment = {name for name, what in declared.items() if what.get("interpolationType") == "ENV_VAR"}
    environment = {f"SSM_{name}": values[name] for name in in_environment}
    found = []
    for step in content["mainSteps"]:
        platform = step.get("precondition", {}).get("StringEquals", ["platformType", "Linux"])
        if "Linux" not in platform:
            continue
        script = "\n".join(step["inputs"]["runCommand"]) + "\n"
        for name in values.keys() - in_environment:
            # In parts, so that nothing in a value is special.
            script = values[name].join(re.split(r"\{\{\s*" + name + r"\s*\}\}", script))
        seconds = str(step["inputs"].get("timeoutSeconds", ""))
        found.append(
            Step(
                name=step["name"],
                script=script,
                environment=environment,
                seconds=float(seconds) if seconds.isdigit() else _STEP_SECONDS,
            )
        )
    return found


def described_parameters(content: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The parameters as DescribeDocument has them."""
    return [
        {
            "Name": name,
            "Type": what["type"] if what["type"] == "StringList" else "String",
            "Description": what.get("description"),
            "DefaultValue": None if "default" not in what else str(what["default"]),
        }
        for name, what in content.get("parameters", {}).items()
    ]


def _wrong(reason: str) -> AwsError:
    return AwsError("InvalidDocumentContent", reason)
