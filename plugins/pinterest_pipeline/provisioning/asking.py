"""Ask an API that was just deployed: errors without its URL, and patience while the deployment spreads."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import requests
import tenacity

from pinterest_pipeline.errors import PipelineError

#: A new deployment is not seen by all of API Gateway at once.
SETTLE_SECONDS = 60.0


def ask_api(session: requests.Session, method: str, url: str, path: str, **content: Any) -> requests.Response:
    """Send one request.

    :param session: carries the key of the API, if it wants one.
    :param method: HTTP method.
    :param url: the API's invoke URL.
    :param path: path below it, with its first slash.
    :param content: body and headers, as ``requests`` takes them.
    :raises PipelineError: when there is no answer.
    """
    try:
        return session.request(method, f"{url}{path}", timeout=(5, 30), allow_redirects=False, **content)
    except requests.RequestException as error:
        # Not chained: the text of these errors holds the URL.
        raise PipelineError(f"{method} {path}: no answer from the API ({type(error).__name__})") from None


def until_settled[T](deadline: float, attempt: Callable[[], T]) -> T:
    """Try again with growing pauses while an attempt fails.

    :param deadline: moment of ``time.monotonic()`` from which on the error of an attempt is final.
    :param attempt: raises ``PipelineError`` when the API does not answer as it should.
    """
    return tenacity.Retrying(
        retry=tenacity.retry_if_exception_type(PipelineError),
        wait=tenacity.wait_exponential_jitter(initial=0.2, max=5, jitter=0.2),
        stop=lambda _state: time.monotonic() >= deadline,
        reraise=True,
    )(attempt)
