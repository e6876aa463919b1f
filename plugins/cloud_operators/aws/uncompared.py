"""What an OpenAPI document asks for that a comparison with the resources of a REST API does not see.

Gateway responses, models, validators, the headers that a method requires: the service keeps them apart from
the resources, or shows them in another form than the document has. So that nothing is overlooked, whatever
is not known to be compared belongs to them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cloud_operators.aws.openapi import (
    HTTP_METHODS,
    INTEGRATION,
    NOT_BEHAVIOUR,
    integration_form,
    method_name,
    response_form,
)

_REMARKS = frozenset({"summary", "description", "tags", "operationId", "externalDocs", "deprecated"})
# A method that asks for this scheme shows that it requires a key, and the scheme says nothing more.
_KEY = "api_key"
_KEY_SCHEME = {"type": "apiKey", "name": "x-api-key", "in": "header"}
_OF_INTEGRATION = frozenset(integration_form({}, {}))
_OF_RESPONSE = frozenset({"statusCode", *response_form({}, "")})


def uncompared_parts(specification: Mapping[str, Any]) -> list[str]:
    """Name what a document asks for that the comparison does not see.

    :param specification: OpenAPI 3 document
    :returns: sorted, as ``"components.schemas"`` or ``"requestBody of POST /records"``
    """
    parts = [
        key
        for key, value in specification.items()
        if key not in NOT_BEHAVIOUR and key != "components" and not _is_compared(key, value)
    ]
    for kind, entries in (specification.get("components") or {}).items():
        if entries and not (kind == "securitySchemes" and entries == {_KEY: _KEY_SCHEME}):
            parts.append(f"components.{kind}")
    for path, item in specification["paths"].items():
        for key, value in item.items():
            if key in HTTP_METHODS:
                parts += [f"{part} of {method_name(key)} {path}" for part in _of_method(value)]
            elif not _is_compared(key, value):
                parts.append(f"{key} of {path}")
    return sorted(parts)


def _of_method(operation: Mapping[str, Any]) -> set[str]:
    integration = operation.get(INTEGRATION) or {}
    responses = (integration.get("responses") or {}).values()
    return {
        *(key for key, value in operation.items() if not _is_compared(key, value)),
        *(f"integration.{key}" for key in integration.keys() - _OF_INTEGRATION),
        *(f"integration.responses.{key}" for response in responses for key in response.keys() - _OF_RESPONSE),
    }


def _is_compared(key: str, value: Any) -> bool:
    """Whether something of a document, a path or a method shows in the routes, or changes nothing."""
    if key == "security":
        return all(scheme.keys() <= {_KEY} for scheme in value or [])
    if key == "parameters":
        # Those of the path follow from it; the mappings that use them are compared.
        return all(parameter.get("in") == "path" for parameter in value)
    if key == "responses":
        # An integration answers with none that its own responses do not name, and those are compared.
        return all(response.keys() <= {"description"} for response in value.values())
    return value in (None, "", [], {}) or key == INTEGRATION or key in _REMARKS
