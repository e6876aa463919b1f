"""Where the parts of an integration request come from: path parameters, stage variables, query, headers."""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import parse_qsl, quote, urlencode

from pinterest_sandbox.apigateway.integrations.base import Exchange

_STAGE_VARIABLE = re.compile(r"\$\{stageVariables\.([A-Za-z0-9_]+)\}")
_PATH_PARAMETER = re.compile(r"\{([A-Za-z0-9_.:-]+)\+?\}")
_SLASHES = re.compile(r"/{2,}")


class UnknownSource(Exception):
    """A parameter mapping names a source that there is not."""


def with_stage_variables(text: str, variables: Mapping[str, str]) -> str:
    """Put stage variables into ``text``; those not set become empty, as on AWS."""
    return _STAGE_VARIABLE.sub(lambda found: variables.get(found[1], ""), text)


def integration_url(exchange: Exchange) -> str:
    """The integration's URI with stage variables and mapped path parameters in it, slashes single.

    :raises UnknownSource: when a path parameter of the URI is not mapped.
    """
    uri = with_stage_variables(exchange.integration.uri, exchange.stage.variables)
    values = _mapped(exchange, "path")

    def value(found: re.Match[str]) -> str:
        if found[1] not in values:
            raise UnknownSource(f"integration.request.path.{found[1]} is not mapped in requestParameters")
        return values[found[1]]

    scheme, separator, rest = _PATH_PARAMETER.sub(value, uri).partition("://")
    return scheme + separator + _SLASHES.sub("/", rest)


def mapped_query(exchange: Exchange) -> str:
    """The client's query string, followed by mapped parameters."""
    mapped = _mapped(exchange, "querystring")
    return "&".join(part for part in (exchange.query, urlencode(mapped)) if part)


def mapped_headers(exchange: Exchange) -> dict[str, str]:
    """Mapped headers; they replace the client's own."""
    return _mapped(exchange, "header")


def _mapped(exchange: Exchange, place: str) -> dict[str, str]:
    prefix = f"integration.request.{place}."
    found = {
        name.removeprefix(prefix): _value(exchange, source)
        for name, source in exchange.integration.request_parameters.items()
        if name.startswith(prefix)
    }
    return {name: value for name, value in found.items() if value is not None}


def _value(exchange: Exchange, source: str) -> str | None:
    """The value of one mapping expression; ``None`` when the client sent none.

    https://docs.aws.amazon.com/apigateway/latest/developerguide/request-response-data-mappings.html
    """
    if len(source) >= 2 and source[0] == source[-1] == "'":
        return source[1:-1]
    kind, _, name = source.rpartition(".")
    if kind == "method.request.path":
        return exchange.path_parameters.get(name)
    if kind == "method.request.querystring":
        return dict(parse_qsl(exchange.query, keep_blank_values=True)).get(name)
    if kind == "method.request.header":
        return exchange.headers.get(name)
    if kind == "stageVariables":
        return quote(exchange.stage.variables.get(name, ""), safe="/:")
    context = {
        "context.apiId": exchange.stage.definition.api_id,
        "context.stage": exchange.stage.name,
        "context.httpMethod": exchange.verb,
        "context.requestId": exchange.request_id,
        "context.identity.sourceIp": exchange.source,
    }
    if source not in context:
        raise UnknownSource(f"{source} is no source that the sandbox knows")
    return context[source]
