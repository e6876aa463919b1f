"""Text of the wire made fit to be sent on: what a client put into a path or header never breaks a request."""

from __future__ import annotations

import re
from urllib.parse import quote

_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
#: All of ASCII that may stand in a request line, so that only other characters are encoded.
_KEPT = "".join(chr(code) for code in range(0x21, 0x7F))


def header_text(value: str) -> str:
    """A header's value without control characters; bytes that are no UTF-8 become U+FFFD."""
    return _CONTROL.sub("", _utf8(value))


def url_text(url: str) -> str:
    """A URL whose blanks, control and non-ASCII characters are percent-encoded, the rest as it is."""
    return quote(url, safe=_KEPT, encoding="utf-8", errors="surrogateescape")


def log_text(value: str, length: int = 200) -> str:
    """A text for one line of a log, shortened."""
    shown = value if len(value) <= length else f"{value[:length]}…"
    return shown.encode("ascii", "backslashreplace").decode().translate({code: "?" for code in range(0x20)})


def _utf8(value: str) -> str:
    return value.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
