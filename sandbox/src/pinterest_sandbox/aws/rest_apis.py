"""moto's API Gateway, mended where an API would be open that should want a key.

Of an OpenAPI document moto's PutRestApi drops ``security``. On AWS a method wants a key when its security, or
the document's where it has none of its own, names a scheme of type ``apiKey`` in the header ``x-api-key``.

https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-setup-api-key-with-console.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from moto.apigateway import models

_HEADER = "x-api-key"
_unmended = models.APIGatewayBackend.put_rest_api


def methods_with_keys(document: Mapping[str, Any]) -> Iterator[tuple[str, str, bool]]:
    """Path and method of each operation of an OpenAPI 3 document, and whether it wants a key.

    :param document: its methods are spelled as there.
    """
    schemes = (document.get("components") or {}).get("securitySchemes") or {}
    keys = {
        name
        for name, scheme in schemes.items()
        if (scheme.get("type"), scheme.get("in")) == ("apiKey", "header")
        and str(scheme.get("name")).lower() == _HEADER
    }
    for path, item in document["paths"].items():
        for verb, operation in item.items():
            security = operation.get("security", document.get("security")) or []
            yield path, verb, any(name in keys for requirement in security for name in requirement)


def _put_rest_api(
    backend: models.APIGatewayBackend, function_id: str, api_doc: dict[str, Any], *args: Any, **kwargs: Any
) -> models.RestAPI:
    """Let the methods want a key that the document says want one."""
    api = _unmended(backend, function_id, api_doc, *args, **kwargs)
    # The newest resource of a path has the document's methods.
    resources = {resource.get_path(): resource for resource in api.resources.values()}
    for path, verb, required in methods_with_keys(api_doc):
        resources[path].get_method(verb.upper()).api_key_required = required
    return api


def mend() -> None:
    """Let the moto of this process keep keys; harmless when it does already."""
    models.APIGatewayBackend.put_rest_api = _put_rest_api  # type: ignore[method-assign,assignment]
