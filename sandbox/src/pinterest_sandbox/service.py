"""What the sandbox needs to know of each of its processes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class Service:
    """One supervised process.

    :param name: also the name of its log file, ``<home>/logs/<name>.log``.
    :param title: what a person reads in the progress display.
    :param command: program and arguments.
    :param environment: added to the sandbox's own environment.
    :param directory: working directory.
    :param prepare: makes what the process needs before its first start (data folder, configuration file);
        safe to call again.
    :param check: raises :class:`~pinterest_sandbox.waiting.NotReady` or ``OSError`` until it answers.
    :param after: names of the services that must be ready before this one starts.
    :param timeout: seconds it may take from start to ready.
    :param stop_signal: the signal that asks it to end.
    :param stop_timeout: seconds after which it is killed.
    """

    name: str
    title: str
    command: tuple[str, ...]
    check: Callable[[], object]
    environment: Mapping[str, str] = field(default_factory=dict)
    directory: Path | None = None
    prepare: Callable[[], object] | None = None
    after: tuple[str, ...] = ()
    timeout: float = 240
    stop_signal: str = "TERM"
    stop_timeout: float = 10
