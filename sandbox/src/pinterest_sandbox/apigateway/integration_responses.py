"""What a client gets of an integration's answer, where the integration is no proxy.

https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-integration-settings-integration-response.html
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable

from multidict import CIMultiDict

from pinterest_sandbox.apigateway.answers import configuration_error
from pinterest_sandbox.apigateway.content import response_template
from pinterest_sandbox.apigateway.definitions import IntegrationResponse
from pinterest_sandbox.apigateway.integrations.base import Exchange, Outcome
from pinterest_sandbox.apigateway.json_path import WrongPath
from pinterest_sandbox.apigateway.request import ClientRequest, UnknownSource, source_values
from pinterest_sandbox.apigateway.template_variables import Input, template_variables
from pinterest_sandbox.apigateway.text import header_text
from pinterest_sandbox.apigateway.velocity import TemplateFailed, fill_in, text_of

_log = logging.getLogger(__name__)

_HEADER = "method.response.header."
_INTEGRATION = "integration.response."


def client_outcome(exchange: Exchange, answer: Outcome) -> Outcome:
    """An integration's answer as the integration response for its status makes it.

    Only mapped headers reach the client; without a template the body passes.

    :raises GatewayAnswer: 500, when no integration response matches, or it is wrongly defined.
    """
    request, responses = exchange.request, exchange.integration.responses
    api = request.stage.definition.api_id
    try:
        response = selected(responses, answer.status)
        if response is None:
            _log.error(
                "API %s: no integration response for status %s, and none by default", api, answer.status
            )
            raise configuration_error()
        kind, template = response_template(response.templates, request.headers.get("Accept"))
        body = answer.body
        if template:
            text = body.decode("utf-8", "replace")
            body = fill_in(template, template_variables(request, text)).encode("utf-8", "replace")
        headers = CIMultiDict({"Content-Type": kind})
        for name, source in response.parameters.items():
            values = _values(request, answer, source)
            if name.startswith(_HEADER) and values:
                headers[name.removeprefix(_HEADER)] = header_text(",".join(values))
    except (TemplateFailed, UnknownSource, WrongPath, re.error) as error:
        _log.error("API %s, integration response for status %s: %s", api, answer.status, error)
        raise configuration_error() from error
    return Outcome(response.status, headers, body)


def selected(responses: Iterable[IntegrationResponse], status: int) -> IntegrationResponse | None:
    """The first response whose pattern is the whole of ``status``, else the one by default.

    :raises re.error: when a pattern is none.
    """
    by_default = None
    for response in responses:
        if not response.pattern:
            by_default = by_default or response
        elif re.fullmatch(response.pattern, str(status)):
            return response
    return by_default


def _values(request: ClientRequest, answer: Outcome, source: str) -> list[str]:
    """The values of one mapping expression of a response."""
    if not source.startswith(_INTEGRATION):
        return source_values(request, source)
    place, _, name = source.removeprefix(_INTEGRATION).partition(".")
    if place == "header":
        return answer.headers.getall(name, [])[-1:]
    if place == "multivalueheader":
        return answer.headers.getall(name, [])
    if place == "body":
        body = answer.body.decode("utf-8", "replace")
        found = body if not name else Input(body, {}).path(name)
        return [] if found is None else [text_of(found)]
    raise UnknownSource(f"{source} is no source that the sandbox knows")
