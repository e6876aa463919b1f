"""Content types: which bodies are binary, and which template takes a request."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase

from pinterest_sandbox.apigateway.answers import unsupported_media_type
from pinterest_sandbox.apigateway.definitions import Integration

#: What a request without ``Content-Type`` counts as.
DEFAULT_TYPE = "application/json"


def media_type(header: str | None) -> str:
    """The media type of a ``Content-Type`` header, without parameters, in lower case."""
    return (header or "").partition(";")[0].strip().lower() or DEFAULT_TYPE


def is_binary(types: Iterable[str], headers: Mapping[str, str]) -> bool:
    """Whether a body passes untouched.

    :param types: the API's ``binaryMediaTypes``, ``*`` standing for anything.
    :param headers: of the body. An encoded body (gzip, …) is binary whatever its type.
    """
    if headers.get("Content-Encoding", "identity").strip().lower() not in ("", "identity"):
        return True
    kind = media_type(headers.get("Content-Type"))
    return any(fnmatchcase(kind, pattern.strip().lower()) for pattern in types)


def accepts_binary(types: Iterable[str], accept: str | None) -> bool:
    """Whether the first media type of an ``Accept`` header is a binary one."""
    first = (accept or "").partition(",")[0]
    return bool(first.strip()) and is_binary(types, {"Content-Type": first})


def as_text(body: bytes) -> bytes:
    """A body as UTF-8; what is no UTF-8 becomes U+FFFD, as on AWS without a binary media type.

    https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-payload-encodings-workflow.html
    """
    if body.isascii():
        return body
    try:
        body.decode()
    except UnicodeDecodeError:
        return body.decode(errors="replace").encode()
    return body


def response_template(templates: Mapping[str, str], accept: str | None) -> tuple[str, str | None]:
    """Content type and template of a response: what the client accepts, else JSON, else the first there is.

    :param templates: by content type.
    :param accept: the client's ``Accept`` header.
    """
    wanted = [part.partition(";")[0].strip().lower() for part in (accept or "").split(",")]
    for kind in [*wanted, DEFAULT_TYPE, *templates]:
        if kind in templates:
            return kind, templates[kind]
    return DEFAULT_TYPE, None


def request_template(integration: Integration, content_type: str | None) -> str | None:
    """The mapping template for a request; ``None`` when its body passes as it is.

    https://docs.aws.amazon.com/apigateway/latest/developerguide/integration-passthrough-behaviors.html

    :raises GatewayAnswer: 415, when the integration's passthrough behaviour refuses the content type.
    """
    if integration.kind.endswith("_PROXY"):
        return None
    template = integration.request_templates.get(media_type(content_type))
    if template is not None:
        return template
    behaviour = integration.passthrough_behavior
    if behaviour == "NEVER" or (behaviour == "WHEN_NO_TEMPLATES" and integration.request_templates):
        raise unsupported_media_type()
    return None
