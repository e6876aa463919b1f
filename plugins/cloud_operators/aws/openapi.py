"""Compare an OpenAPI document with the resources of a REST API: pure functions on plain data.

Both sides are brought to one form, ``{path: {method: settings}}``, in which what API Gateway fills in by
default and how it spells names makes no difference.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from typing import Any

Methods = dict[str, dict[str, Any]]
Routes = dict[str, Methods]

_ANY = "x-amazon-apigateway-any-method"
INTEGRATION = "x-amazon-apigateway-integration"
HTTP_METHODS = frozenset({"get", "put", "post", "delete", "options", "head", "patch", _ANY})
#: Outside a document's paths all but these decides how the API behaves.
NOT_BEHAVIOUR = frozenset({"paths", "info", "tags", "openapi", "externalDocs"})
#: API Gateway knows no others: https://docs.aws.amazon.com/apigateway/latest/api/API_Integration.html
INTEGRATION_TYPES = frozenset({"AWS", "AWS_PROXY", "HTTP", "HTTP_PROXY", "MOCK"})
_DEFAULTS: dict[str, Any] = {
    "passthroughBehavior": "WHEN_NO_MATCH",
    "connectionType": "INTERNET",
    "timeoutInMillis": 29000,
}


def wanted_routes(specification: Mapping[str, Any]) -> Routes:
    """Bring the paths of an OpenAPI document to the common form.

    :param specification: OpenAPI 3 document with ``x-amazon-apigateway-integration`` in its operations
    :raises ValueError: the document has no paths, or a method of it has no integration that the service knows
    """
    paths = specification.get("paths")
    if not paths:
        raise ValueError("The OpenAPI document has no paths.")
    default_security = specification.get("security") or []
    return {
        path: {
            method_name(method): _wanted_method(f"{method_name(method)} {path}", operation, default_security)
            for method, operation in item.items()
            if method in HTTP_METHODS
        }
        for path, item in paths.items()
    }


def found_routes(resources: Iterable[Mapping[str, Any]]) -> Routes:
    """Bring the answer of GetResources (with methods embedded) to the common form.

    Where a path appears twice, the last one counts. Resources without methods, which only lead to others,
    are left out.

    :param resources: the items of GetResources
    """
    routes: Routes = {}
    for resource in resources:
        if methods := resource.get("resourceMethods"):
            routes[resource["path"]] = {
                method_name(name): _found_method(method) for name, method in methods.items()
            }
    return routes


def differing_methods(wanted: Routes, found: Routes, *, exact: bool = False) -> list[str]:
    """Name the methods in which an API differs from what is wanted.

    :param wanted: routes of a document
    :param found: routes of an API
    :param exact: methods that are not wanted count too
    :returns: sorted, as ``"PUT /streams/{stream-name}"``
    """
    differing = {
        f"{method} {path}"
        for path, methods in wanted.items()
        for method, settings in methods.items()
        if found.get(path, {}).get(method) != settings
    }
    if exact:
        differing |= {
            f"{method} {path}"
            for path, methods in found.items()
            for method in methods
            if method not in wanted.get(path, {})
        }
    return sorted(differing)


def fingerprint(resources: Iterable[Mapping[str, Any]], specification: Mapping[str, Any] | None) -> str:
    """Compute the sha256 of what a deployment of an API would publish.

    It covers all methods of the API as they are, so that DAGs which each apply a part of one API agree, and
    the parts of the document outside its paths (gateway responses, components). As in :func:`found_routes`
    the last one of a path counts, whatever its id: a document that is applied again changes nothing.

    :param resources: the items of GetResources
    :param specification: the document that was applied, if known
    :returns: 64 hexadecimal digits
    """
    published = {
        resource["path"]: {name: _without_id(method, resource["id"]) for name, method in methods.items()}
        for resource in resources
        if (methods := resource.get("resourceMethods"))
    }
    around = {key: value for key, value in (specification or {}).items() if key not in NOT_BEHAVIOUR}
    content = [published, around]
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def _without_id(method: Mapping[str, Any], resource_id: str) -> dict[str, Any]:
    integration = method.get("methodIntegration") or {}
    # The resource's id, unless it was set.
    own = integration.get("cacheNamespace") == resource_id
    return {
        **method,
        "methodIntegration": {
            key: value for key, value in integration.items() if not (own and key == "cacheNamespace")
        },
    }


def method_name(method: str) -> str:
    """Spell a method as API Gateway does."""
    # In documents and in moto the method of all methods has this long name.
    return "ANY" if method.lower() == _ANY else method.upper()


def _wanted_method(name: str, operation: Mapping[str, Any], default_security: list[Any]) -> dict[str, Any]:
    security = operation.get("security", default_security) or []
    integration = operation.get(INTEGRATION) or {}
    kind = integration.get("type")
    if str(kind).upper() not in INTEGRATION_TYPES:
        known = ", ".join(sorted(INTEGRATION_TYPES))
        raise ValueError(f"{name}: {INTEGRATION}.type is {kind!r}, and has to be one of {known}")
    responses = {
        str(response["statusCode"]): response_form(response, "" if pattern == "default" else pattern)
        for pattern, response in (integration.get("responses") or {}).items()
    }
    return {
        "apiKeyRequired": any("api_key" in scheme for scheme in security),
        "integration": integration_form(integration, responses),
    }


def _found_method(method: Mapping[str, Any]) -> dict[str, Any]:
    integration = method.get("methodIntegration") or {}
    responses = {
        str(status): response_form(response, response.get("selectionPattern") or "")
        for status, response in (integration.get("integrationResponses") or {}).items()
    }
    return {
        "apiKeyRequired": bool(method.get("apiKeyRequired")),
        "integration": integration_form(integration, responses),
    }


def integration_form(integration: Mapping[str, Any], responses: dict[str, Any]) -> dict[str, Any]:
    """Bring an integration to the common form.

    :param integration: as a document or GetResources has it
    :param responses: its responses in the common form
    """
    kind = str(integration.get("type") or "").upper()
    common = {
        "type": kind,
        "uri": integration.get("uri"),
        "credentials": integration.get("credentials"),
        "requestParameters": integration.get("requestParameters") or {},
        "requestTemplates": integration.get("requestTemplates") or {},
        "contentHandling": integration.get("contentHandling"),
        "connectionId": integration.get("connectionId"),
        "responses": responses,
    }
    # A mock integration calls nothing; API Gateway drops its method.
    common["httpMethod"] = None if kind == "MOCK" else _upper(integration.get("httpMethod"))
    for key, default in _DEFAULTS.items():
        value = integration.get(key) or default
        common[key] = _upper(value)
    return common


def response_form(response: Mapping[str, Any], pattern: str) -> dict[str, Any]:
    """Bring an integration's response to the common form.

    :param response: as a document or GetResources has it
    :param pattern: what it is chosen by
    """
    # An empty template and none at all are the same to API Gateway, which stores null for an empty one.
    templates = {kind: text or None for kind, text in (response.get("responseTemplates") or {}).items()}
    return {
        "selectionPattern": pattern,
        "responseTemplates": templates,
        "responseParameters": response.get("responseParameters") or {},
        "contentHandling": response.get("contentHandling"),
    }


def _upper(value: Any) -> Any:
    return value.upper() if isinstance(value, str) else value
