"""Messages between the server and a worker: one JSON object a line over a socket pair."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from typing import Any

Message = dict[str, Any]


class Channel:
    """One end of the conversation.

    :param connection: a connected stream socket, owned from now on.
    """

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._lock = threading.Lock()

    def send(self, message: Message) -> None:
        """Send one message.

        :raises OSError: when the other side is gone.
        """
        # In ASCII: a notebook's text may have halves of surrogate pairs, which UTF-8 has no bytes for.
        line = json.dumps(message).encode() + b"\n"
        with self._lock:
            self._connection.sendall(line)

    def messages(self) -> Iterator[Message]:
        """All messages until the other side ends."""
        with self._connection.makefile("rb") as lines:
            try:
                for line in lines:
                    if not line.endswith(b"\n"):
                        # The other side was killed while it wrote.
                        return
                    yield json.loads(line)
            except OSError:
                # A reset instead of an orderly end: the other side was killed.
                return

    def close(self) -> None:
        """End the conversation."""
        self._connection.close()
