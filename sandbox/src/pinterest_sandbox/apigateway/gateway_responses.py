"""The gateway's own answers as HTTP, in the API's own form where it has one.

https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-gatewayResponse-definition.html
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable

from aiohttp import web
from multidict import CIMultiDict

from pinterest_sandbox.apigateway.answers import GatewayAnswer
from pinterest_sandbox.apigateway.content import DEFAULT_TYPE, response_template
from pinterest_sandbox.apigateway.definitions import GatewayResponse
from pinterest_sandbox.apigateway.request import ClientRequest, UnknownSource, context_values, source_values
from pinterest_sandbox.apigateway.text import header_text

_HEADER = "gatewayresponse.header."
#: These templates know no statements of the template language, only variables.
_VARIABLE = re.compile(r"\$\{?((?:context|stageVariables|method\.request)(?:\.[A-Za-z0-9_-]+)+)\}?")


def gateway_response(answer: GatewayAnswer, request: ClientRequest | None) -> web.Response:
    """An answer of the gateway as HTTP.

    :param request: what it answers; ``None`` when no stage was found for it.
    """
    form = customised(answer, request) if request is not None else None
    headers = CIMultiDict({"Content-Type": DEFAULT_TYPE, "x-amzn-ErrorType": answer.kind})
    if request is None or form is None:
        return web.Response(status=answer.status, body=_default_body(answer), headers=headers)
    look_up = _variables(answer, request)
    kind, template = response_template(form.templates, request.headers.get("Accept"))
    body = (
        _default_body(answer) if template is None else _VARIABLE.sub(_replacement(look_up), template).encode()
    )
    headers["Content-Type"] = kind
    for name, source in form.parameters.items():
        value = look_up(source)
        if name.startswith(_HEADER) and value is not None:
            headers[name.removeprefix(_HEADER)] = header_text(value)
    return web.Response(status=form.status or answer.status, body=body, headers=headers)


def customised(answer: GatewayAnswer, request: ClientRequest) -> GatewayResponse | None:
    """The API's form of an answer: that of its type, else that of all 4xx or 5xx."""
    forms = request.stage.definition.gateway_responses
    return forms.get(answer.response_type) or forms.get(f"DEFAULT_{answer.status // 100}XX")


def _variables(answer: GatewayAnswer, request: ClientRequest) -> Callable[[str], str | None]:
    context = {
        **context_values(request),
        "context.error.message": answer.message,
        "context.error.messageString": json.dumps(answer.message),
        "context.error.responseType": answer.response_type,
    }

    def look_up(source: str) -> str | None:
        if source in context:
            return context[source]
        try:
            values = source_values(request, source)
        except UnknownSource:
            return None
        return ",".join(values) if values else None

    return look_up


def _replacement(look_up: Callable[[str], str | None]) -> Callable[[re.Match[str]], str]:
    return lambda found: look_up(found[1]) or ""


def _default_body(answer: GatewayAnswer) -> bytes:
    return json.dumps({"message": answer.message}, separators=(",", ":")).encode()
