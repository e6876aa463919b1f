"""A sandbox of the tests' own, in ``.sandbox/test``, started by the ``sandbox`` command like a user's."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from pinterest_sandbox.config import Config

CHECKOUT = Path(__file__).resolve().parents[1]
PROGRAMS = CHECKOUT / ".venv" / "sandbox" / "bin"


@dataclass(frozen=True, kw_only=True)
class RunningSandbox(Config):
    """The configuration of a sandbox that is up, and how to drive it.

    :param environment: what ``sandbox env`` prints.
    """

    environment: dict[str, str]

    def command(self, *arguments: str, timeout: float = 300) -> subprocess.CompletedProcess[str]:
        """Run the ``sandbox`` command against it."""
        return run_sandbox_command(self.home, *arguments, timeout=timeout)


def run_sandbox_command(
    home: Path, *arguments: str, timeout: float = 900
) -> subprocess.CompletedProcess[str]:
    """Run ``sandbox <arguments>`` for the sandbox at ``home``; its output is in the error when it fails."""
    done = subprocess.run(
        [str(PROGRAMS / "sandbox"), *arguments],
        env=sandbox_variables(home),
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )
    if done.returncode:
        raise AssertionError(f"sandbox {shlex.join(arguments)} failed:\n{done.stdout}\n{done.stderr}")
    return done


def sandbox_variables(home: Path) -> dict[str, str]:
    """The environment of a command for the sandbox at ``home``."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("AIRFLOW", "AWS_", "PINTEREST_", "SANDBOX_", "DATABRICKS_"))
    }
    return {**kept, "PINTEREST_SANDBOX_HOME": str(home)}


@contextmanager
def running_sandbox(home: Path, *options: str) -> Iterator[RunningSandbox]:
    """A sandbox at ``home`` that is up inside the block and down after it.

    :param options: given to ``sandbox up``.
    """
    run_sandbox_command(home, "down")
    try:
        run_sandbox_command(home, "up", *options)
        yield read_sandbox(home)
    finally:
        run_sandbox_command(home, "down")


def read_sandbox(home: Path) -> RunningSandbox:
    """The sandbox that is up at ``home``."""
    values = json.loads((home / "sandbox.json").read_text(encoding="utf-8"))
    environment = {}
    for line in run_sandbox_command(home, "env").stdout.splitlines():
        name, _, value = line.removeprefix("export ").partition("=")
        environment[name] = "".join(shlex.split(value))
    return RunningSandbox(**{**values, "home": home, "environment": environment})
