"""The parts of an integration request that come from mappings: path parameters, query and headers."""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import quote, urlencode

from pinterest_sandbox.apigateway.integrations.base import Exchange
from pinterest_sandbox.apigateway.request import UnknownSource, source_values

_STAGE_VARIABLE = re.compile(r"\$\{stageVariables\.([A-Za-z0-9_]+)\}")
_PATH_PARAMETER = re.compile(r"\{([A-Za-z0-9_.:-]+)\+?\}")
_SLASHES = re.compile(r"/{2,}")


def with_stage_variables(text: str, variables: Mapping[str, str]) -> str:
    """Put stage variables into ``text``; those not set become empty, as on AWS."""
    return _STAGE_VARIABLE.sub(lambda found: variables.get(found[1], ""), text)


def integration_url(exchange: Exchange) -> str:
    """The integration's URI with stage variables and mapped path parameters in it, slashes single.

    :raises UnknownSource: when a path parameter of the URI is not mapped.
    """
    uri = with_stage_variables(exchange.integration.uri, exchange.request.stage.variables)
    values = {name: _for_path(exchange, source) for name, source in _mappings(exchange, "path")}

    def value(found: re.Match[str]) -> str:
        if values.get(found[1]) is None:
            raise UnknownSource(f"integration.request.path.{found[1]} is not mapped in requestParameters")
        return str(values[found[1]])

    scheme, separator, rest = _PATH_PARAMETER.sub(value, uri).partition("://")
    return scheme + separator + _SLASHES.sub("/", rest)


def mapped_query(exchange: Exchange) -> str:
    """Mapped query parameters: of a request that does not take over the client's."""
    mapped = {
        name: source_values(exchange.request, source) for name, source in _mappings(exchange, "querystring")
    }
    return urlencode(mapped, doseq=True, errors="replace")


def proxied_query(exchange: Exchange) -> str:
    """The client's query string as sent, followed by mapped parameters."""
    return "&".join(part for part in (exchange.request.query, mapped_query(exchange)) if part)


def mapped_headers(exchange: Exchange) -> dict[str, str]:
    """Mapped headers; they replace the client's own."""
    mapped = {name: source_values(exchange.request, source) for name, source in _mappings(exchange, "header")}
    return {name: ",".join(values) for name, values in mapped.items() if values}


def _mappings(exchange: Exchange, place: str) -> list[tuple[str, str]]:
    prefix = f"integration.request.{place}."
    return [
        (name.removeprefix(prefix), source)
        for name, source in exchange.integration.request_parameters.items()
        if name.startswith(prefix)
    ]


def _for_path(exchange: Exchange, source: str) -> str | None:
    """A value as it stands in a path: path parameters as they were sent, all others encoded."""
    values = source_values(exchange.request, source)
    if not values:
        return None
    if source.startswith("method.request.path."):
        return values[0]
    return quote(values[0], safe="/:", errors="replace")
