"""``python -m pinterest_sandbox.supervisord``: the process supervisor, with a mended poller.

supervisord may go on polling a descriptor that it has closed, while a pipe to a process gets its number. When
that process closes its end, ``poll`` answers "error" at once each time. supervisord looks for errors neither
of reading nor of writing, so it never drops the descriptor and takes all of a core.
"""

from __future__ import annotations

import select

from supervisor import poller
from supervisor.supervisord import main


class Poller(poller.PollPoller):  # type: ignore[misc] # supervisor has no types
    """Tells of errors as of what can be read and written: supervisord then drops what it does not know."""

    def initialize(self) -> None:
        """Begin to poll."""
        super().initialize()
        self.READ |= select.POLLERR
        self.WRITE |= select.POLLERR


if __name__ == "__main__":
    # supervisord makes its poller by this name.
    poller.Poller = Poller
    main()
