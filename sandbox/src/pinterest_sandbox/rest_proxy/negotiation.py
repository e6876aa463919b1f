"""Content types: what a client sends, and what it takes."""

from __future__ import annotations

from aiohttp import web

from pinterest_sandbox.rest_proxy.embedded import EMBEDDED_TYPES, UNSUPPORTED_TYPES, Embedded
from pinterest_sandbox.rest_proxy.errors import RestError, format_mismatch

CONTENT_TYPE = "application/vnd.kafka.v2+json"
_GENERAL_TYPES = {CONTENT_TYPE, "application/vnd.kafka+json", "application/json", "application/*", "*/*"}


def check_accept(request: web.Request) -> None:
    """Refuse a client that takes none of our answers.

    The consumer API takes the embedded formats in every request, so that clients can always send the same.

    :raises RestError: 406.
    """
    acceptable = _GENERAL_TYPES
    if request.path.lstrip("/").startswith("consumers/"):
        acceptable = _GENERAL_TYPES | EMBEDDED_TYPES
    if not acceptable.intersection(_accepted(request)):
        raise not_acceptable()


def not_acceptable() -> RestError:
    """No answer of ours is of a type that the client takes."""
    return RestError(406, 406, "HTTP 406 Not Acceptable")


def accepted_records(request: web.Request) -> tuple[Embedded, str]:
    """The format that records are asked for in, and the content type of the answer.

    Confluent's proxy takes a client that names no format for one that wants binary records.

    :raises RestError: 40601 for a format that no instance here has.
    """
    for name in _accepted(request):
        if name in UNSUPPORTED_TYPES:
            raise format_mismatch()
        if name in EMBEDDED_TYPES:
            return Embedded(name), name
        if name in ("*/*", "application/*"):
            return Embedded.BINARY, Embedded.BINARY.value
        if name in _GENERAL_TYPES:
            return Embedded.BINARY, CONTENT_TYPE
    raise not_acceptable()


def _accepted(request: web.Request) -> list[str]:
    """The types of the ``Accept`` headers, the most wanted first."""
    ranked = []
    for part in ",".join(request.headers.getall("Accept", ["*/*"])).split(","):
        name, *parameters = (piece.strip().lower() for piece in part.split(";"))
        quality = next((_number(found[2:]) for found in parameters if found.startswith("q=")), 1.0)
        if quality > 0:
            ranked.append((-quality, name))
    return [name for _, name in sorted(ranked, key=lambda entry: entry[0])]


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return 1.0


def sent_records(request: web.Request) -> Embedded:
    """The format of the records in a body.

    :raises RestError: 415 for any other content type.
    """
    name = _sent(request)
    if name in UNSUPPORTED_TYPES:
        raise unsupported(f"format {UNSUPPORTED_TYPES[name]} needs a schema registry; this proxy has none")
    try:
        return Embedded(name)
    except ValueError:
        raise unsupported() from None


def check_sent(request: web.Request, body: bytes) -> None:
    """Refuse a body of the consumer API in another content type than its own or an embedded format's.

    :raises RestError: 415.
    """
    if body and _sent(request) not in {CONTENT_TYPE, *EMBEDDED_TYPES}:
        raise unsupported()


def unsupported(why: str = "") -> RestError:
    """The body is of a type that is not read here."""
    return RestError(415, 415, "HTTP 415 Unsupported Media Type" + (f": {why}" if why else ""))


def _sent(request: web.Request) -> str:
    return request.content_type if "Content-Type" in request.headers else ""
