"""A client's request, and what of it mappings and templates can name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import parse_qsl, unquote

from multidict import CIMultiDictProxy

from pinterest_sandbox.apigateway.catalog import Stage
from pinterest_sandbox.apigateway.definitions import Resource


class UnknownSource(Exception):
    """A parameter mapping names a source that there is not."""


@dataclass(frozen=True, kw_only=True)
class ClientRequest:
    """What a client sent, without its body.

    :param verb: the client's HTTP method.
    :param path: what follows the stage, as sent (percent-encoded).
    :param query: the query string as sent, without ``?``.
    :param headers: the client's headers.
    :param source: the client's address.
    :param request_id: id of this request (``x-amzn-RequestId``).
    :param extended_id: its other id (``x-amz-apigw-id``).
    :param received: when it came, with time zone.
    :param stage: the stage that is executed.
    :param resource: the resource that takes the request, once it is found.
    :param path_parameters: as sent, percent-encoded.
    """

    verb: str
    path: str
    query: str
    headers: CIMultiDictProxy[str]
    source: str
    request_id: str
    extended_id: str
    received: datetime
    stage: Stage
    resource: Resource | None = None
    path_parameters: Mapping[str, str] = field(default_factory=dict)

    def query_values(self, name: str) -> list[str]:
        """The values of a query parameter, decoded, in the order sent."""
        pairs = parse_qsl(self.query, keep_blank_values=True, errors="replace")
        return [value for key, value in pairs if key == name]


def source_values(request: ClientRequest, source: str) -> list[str]:
    """The values of one mapping expression; empty when the client sent none.

    Of a repeated query parameter or header, ``method.request.querystring`` and ``.header`` take the last,
    the ``multivalue`` forms take all.

    https://docs.aws.amazon.com/apigateway/latest/developerguide/request-response-data-mappings.html

    :raises UnknownSource: when there is no such source.
    """
    if len(source) >= 2 and source[0] == source[-1] == "'":
        return [source[1:-1]]
    if source.startswith("method.request."):
        return _parameter(request, source)
    if source.startswith("stageVariables."):
        value = request.stage.variables.get(source.removeprefix("stageVariables."))
        return [] if value is None else [value]
    context = context_values(request)
    if source not in context:
        raise UnknownSource(f"{source} is no source that the sandbox knows")
    return [context[source]]


def _parameter(request: ClientRequest, source: str) -> list[str]:
    place, _, name = source.removeprefix("method.request.").partition(".")
    if place == "path":
        return [request.path_parameters[name]] if name in request.path_parameters else []
    if place in ("querystring", "multivaluequerystring"):
        values = request.query_values(name)
    elif place in ("header", "multivalueheader"):
        values = request.headers.getall(name, [])
    else:
        raise UnknownSource(f"{source} is no source that the sandbox knows")
    return values if place.startswith("multivalue") else values[-1:]


def context_values(request: ClientRequest) -> dict[str, str]:
    """The ``context`` variables of a request.

    https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-mapping-template-reference.html
    """
    return {
        "context.apiId": request.stage.definition.api_id,
        "context.domainName": request.headers.get("Host", ""),
        "context.extendedRequestId": request.extended_id,
        "context.httpMethod": request.verb,
        "context.identity.sourceIp": request.source,
        "context.identity.userAgent": request.headers.get("User-Agent", ""),
        "context.path": f"/{request.stage.name}{unquote(request.path)}",
        "context.protocol": "HTTP/1.1",
        "context.requestId": request.request_id,
        "context.requestTime": request.received.strftime("%d/%b/%Y:%H:%M:%S %z"),
        "context.requestTimeEpoch": str(int(request.received.timestamp() * 1000)),
        "context.resourcePath": request.resource.path if request.resource is not None else "",
        "context.stage": request.stage.name,
    }
