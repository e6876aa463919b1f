"""What mapping templates can name: ``$input``, ``$util``, ``$context`` and ``$stageVariables``.

https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-mapping-template-reference.html
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping
from functools import cached_property
from typing import Any, NoReturn
from urllib.parse import parse_qsl, quote_plus, unquote, unquote_plus

from pinterest_sandbox.apigateway.json_path import MISSING, find
from pinterest_sandbox.apigateway.request import ClientRequest, context_values
from pinterest_sandbox.apigateway.velocity import json_of, text_of

Parameters = Mapping[str, Mapping[str, str]]

_ESCAPES = {
    "\b": "\\b",
    "\t": "\\t",
    "\n": "\\n",
    "\f": "\\f",
    "\r": "\\r",
    '"': '\\"',
    "'": "\\'",
    "/": "\\/",
    "\\": "\\\\",
}
_ESCAPED = re.compile(r"""["'/\\]|[^ -~]""")


class Input:
    """``$input``: a body and the client's parameters. The body is parsed once, however often it is asked for.

    :param body: text.
    :param parameters: ``path``, ``querystring`` and ``header``.
    """

    def __init__(self, body: str, parameters: Parameters) -> None:
        self._body = body
        self._parameters = parameters

    @property
    def body(self) -> str:
        """The text; that of an empty object for an empty one."""
        return self._body or "{}"

    @cached_property
    def _document(self) -> Any:
        try:
            return json.loads(self._body, parse_constant=_no_number)
        except (ValueError, RecursionError):
            return MISSING

    def json(self, path: str) -> str:
        """The value at a path as JSON; an empty JSON string where there is none, or the body is not JSON."""
        found = find(self._document, path)
        return json_of("" if found is MISSING else found)

    def path(self, path: str) -> Any:
        """The value at a path, nothing where there is none."""
        found = find(self._document, path)
        return None if found is MISSING else found

    def params(self, name: str | None = None) -> Any:
        """A parameter of path, query or header, looked for in this order; without a name all of them."""
        if name is None:
            return {place: dict(values) for place, values in self._parameters.items()}
        for values in self._parameters.values():
            if name in values:
                return values[name]
        return ""


class Util:
    """``$util``."""

    def base64Encode(self, value: Any) -> str:
        """The base64 form of a text's UTF-8; half of a surrogate pair becomes ``?`` as in Java."""
        return base64.b64encode(_text(value).encode("utf-8", "replace")).decode()

    def base64Decode(self, value: Any) -> str:
        """The text whose UTF-8 has this base64 form."""
        return base64.b64decode(_text(value)).decode("utf-8", "replace")

    def escapeJavaScript(self, value: Any) -> str | None:
        """A text as it stands in a JavaScript string, with ``\\'`` for a single quote, which JSON has not."""
        return None if value is None else _ESCAPED.sub(lambda found: _escape(found[0]), _text(value))

    def parseJson(self, value: Any) -> Any:
        """The value that a JSON text stands for."""
        return json.loads(_text(value), parse_constant=_no_number)

    def urlEncode(self, value: Any) -> str:
        """A text in the form of ``application/x-www-form-urlencoded``."""
        return quote_plus(_text(value), errors="replace")

    def urlDecode(self, value: Any) -> str:
        """A text from that form."""
        return unquote_plus(_text(value))


def template_variables(request: ClientRequest, body: str) -> dict[str, Any]:
    """The variables of a template.

    :param request: the client's.
    :param body: the client's, or for a response's template the integration's.
    """
    return {
        "input": Input(body, _parameters(request)),
        "util": Util(),
        "context": _nested(context_values(request)),
        "stageVariables": dict(request.stage.variables),
    }


def _parameters(request: ClientRequest) -> Parameters:
    query = parse_qsl(request.query, keep_blank_values=True, errors="replace")
    return {
        "path": {name: unquote(value) for name, value in request.path_parameters.items()},
        "querystring": dict(query),
        "header": request.headers,
    }


def _nested(context: Mapping[str, str]) -> dict[str, Any]:
    """``context.identity.sourceIp`` as maps within maps."""
    nested: dict[str, Any] = {}
    for source, value in context.items():
        *places, name = source.split(".")[1:]
        inner = nested
        for place in places:
            inner = inner.setdefault(place, {})
        inner[name] = value
    return nested


def _text(value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else text_of(value)


def _escape(character: str) -> str:
    units = character.encode("utf-16-be", "surrogatepass")
    written = "".join(f"\\u{units[at]:02X}{units[at + 1]:02X}" for at in range(0, len(units), 2))
    return _ESCAPES.get(character, written)


def _no_number(text: str) -> NoReturn:
    raise ValueError(f"{text} is not JSON")
