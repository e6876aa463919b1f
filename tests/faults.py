"""Faults of the running sandbox, begun and ended by its own command."""

from __future__ import annotations

import requests

from tests.running_sandbox import RunningSandbox


class Faults:
    """The ``sandbox fault`` command."""

    def __init__(self, sandbox: RunningSandbox) -> None:
        self._sandbox = sandbox

    def begin(self, service: str, *options: str) -> None:
        """Begin a fault; unless the options say otherwise it lasts longer than any test, which clears it."""
        self._sandbox.command("fault", service, "--for", "20m", *options)

    def struck(self) -> list[int]:
        """How often each active fault has struck, oldest first."""
        answer = requests.get(self._sandbox.url("fault_gate", "/faults"), timeout=10)
        return [row["struck"] for row in answer.json()]

    def clear(self) -> None:
        self._sandbox.command("fault", "--clear")
