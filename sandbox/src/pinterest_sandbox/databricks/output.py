"""What a cell gives: printed text, tables and HTML, in the order in which they came."""

from __future__ import annotations

import contextlib
import io
import json
import sys
from collections.abc import Iterator
from typing import Any

#: One piece, as it is sent to the server and kept:
#: ``{"kind": "text" | "error" | "html" | "table" | "notebook", ...}``.
Part = dict[str, Any]

#: What a cell prints is cut after so many characters.
OUTPUT_LIMIT = 200_000
#: What a cell displays is left out when all of it would be longer, in characters as JSON.
DISPLAY_LIMIT = 5_000_000
#: Stands where something was left out.
CUT = "\n... output cut\n"


class Output(io.TextIOBase):
    """Takes what a cell prints and displays, up to a limit."""

    def __init__(self) -> None:
        self.parts: list[Part] = []
        self._text_room = OUTPUT_LIMIT
        self._display_room = DISPLAY_LIMIT

    def write(self, text: str) -> int:
        """Keep ``text`` as far as there is room."""
        if self._text_room >= 0:
            self._add_text(text[: self._text_room])
            self._text_room -= len(text)
            if self._text_room < 0:
                self._add_text(CUT)
        return len(text)

    def writable(self) -> bool:
        """It is for writing."""
        return True

    def show(self, part: Part) -> None:
        """Keep ``part`` when there is room."""
        if part["kind"] == "text":
            self.write(part["text"])
        elif self._display_room >= 0:
            self._display_room -= len(json.dumps(part))
            if self._display_room >= 0:
                self.parts.append(part)
            else:
                self._add_text(CUT)

    def reserve(self, values: Part) -> bool:
        """Take the room of what is displayed for ``values``, which are kept elsewhere.

        :returns: whether there was enough; otherwise none is taken.
        """
        size = len(json.dumps(values))
        if size > self._display_room:
            return False
        self._display_room -= size
        return True

    def _add_text(self, text: str) -> None:
        if not text:
            return
        if self.parts and self.parts[-1]["kind"] == "text":
            self.parts[-1]["text"] += text
        else:
            self.parts.append({"kind": "text", "text": text})


@contextlib.contextmanager
def captured_output() -> Iterator[Output]:
    """Collect what the body prints to standard output and error, and what it displays."""
    output = Output()
    with contextlib.redirect_stdout(output), contextlib.redirect_stderr(output):
        yield output


def show(part: Part) -> None:
    """Display ``part`` in the present cell; where there is none, in a thread that outlasts it, print it."""
    if isinstance(sys.stdout, Output):
        sys.stdout.show(part)
    else:
        print(as_text(part))


def as_text(part: Part) -> str:
    """``part`` for those who see only text."""
    if part["kind"] == "table":
        lines = [part["columns"], *part["rows"]]
        return "\n".join("\t".join("null" if value is None else value for value in line) for line in lines)
    return str(part["html"] if part["kind"] == "html" else part["text"])
