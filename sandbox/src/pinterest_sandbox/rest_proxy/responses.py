"""The form of answers: content type, errors, and paths with slashes too many."""

from __future__ import annotations

import json
import logging

from aiohttp import web
from aiohttp.typedefs import Handler

from pinterest_sandbox.rest_proxy.errors import RestError
from pinterest_sandbox.rest_proxy.negotiation import CONTENT_TYPE, check_accept

log = logging.getLogger(__name__)


def answer(body: object, status: int = 200) -> web.Response:
    """A JSON answer in the proxy's content type."""
    return answer_text(json.dumps(body, separators=(",", ":")), status=status)


def answer_text(text: str, content_type: str = CONTENT_TYPE, status: int = 200) -> web.Response:
    """An answer whose JSON is written already."""
    return web.Response(text=text, status=status, content_type=content_type)


def tolerant(path: str) -> str:
    """A route pattern for ``path`` that also matches doubled and trailing slashes.

    :param path: like ``/topics/{topic}``.
    """
    first, *others = path.strip("/").split("/")
    pattern = "/{_0:/*}" + _segment(first)
    for number, segment in enumerate(others, 1):
        pattern += f"{{_{number}:/+}}" + _segment(segment)
    return pattern + "{_end:/*}"


def _segment(segment: str) -> str:
    return segment.replace("}", ":[^/]+}") if segment.startswith("{") else segment


@web.middleware
async def errors_in_our_form(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer every error, the framework's own too, with ``error_code`` and ``message``."""
    try:
        check_accept(request)
        return await handler(request)
    except RestError as error:
        return answer({"error_code": error.code, "message": error.message}, error.status)
    except web.HTTPException as error:
        return answer(
            {"error_code": error.status, "message": f"HTTP {error.status} {error.reason}"}, error.status
        )
    except Exception:
        log.exception("%s %s failed", request.method, request.path)
        return answer({"error_code": 500, "message": "Internal Server Error"}, 500)
