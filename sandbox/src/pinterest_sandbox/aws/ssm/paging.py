"""Lists in pages, with opaque tokens."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import Any

from pinterest_sandbox.aws.wire import AwsError

#: Most entries in one answer, also when the caller names no number.
PAGE = 50


def page[Item](items: Sequence[Item], request: dict[str, Any]) -> tuple[Sequence[Item], str | None]:
    """The part of ``items`` that is asked for, and the token of the next part.

    :param request: ``MaxResults`` and ``NextToken``, both optional.
    :raises AwsError: ``InvalidNextToken`` for a token that was not given out.
    """
    try:
        start = int(base64.urlsafe_b64decode(request.get("NextToken") or "MA=="))
    except ValueError as error:
        raise AwsError("InvalidNextToken", "The specified token isn't valid.") from error
    end = start + int(request.get("MaxResults") or PAGE)
    token = base64.urlsafe_b64encode(str(end).encode()).decode() if end < len(items) else None
    return items[start:end], token
