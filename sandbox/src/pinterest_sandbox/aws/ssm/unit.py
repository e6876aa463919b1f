"""The unit of the REST proxy as systemd would show it, made of what the sandbox's supervisor knows."""

from __future__ import annotations

import re
from pathlib import Path

from pinterest_sandbox.config import Config
from pinterest_sandbox.supervision import ProcessState, Supervisor

#: The unit that the SSM documents look after, and the sandbox's process that stands for it.
UNIT = "kafka-rest-proxy.service"
PROCESS = "rest-proxy"
#: The supervisor's states as ActiveState and SubState; it starts again what has ended by itself.
_STATES = {
    "RUNNING": ("active", "running"),
    "STARTING": ("activating", "start"),
    "BACKOFF": ("activating", "auto-restart"),
    "EXITED": ("activating", "auto-restart"),
    "STOPPING": ("deactivating", "stop-sigterm"),
    "STOPPED": ("inactive", "dead"),
}


class Unit:
    """The unit ``kafka-rest-proxy.service``.

    :param config: the sandbox.
    :param mark: file that keeps the process id of the last start by hand.
    """

    def __init__(self, config: Config, mark: Path) -> None:
        self._config = config
        self._supervisor = Supervisor(config)
        self._mark = mark

    def is_there(self) -> bool:
        """Whether this sandbox has a REST proxy: one that was left out has never been described."""
        return (self._config.home / "run" / f"{PROCESS}.json").exists() and self._supervisor.is_running()

    def process(self) -> ProcessState:
        """The process behind it."""
        return next(each for each in self._supervisor.processes() if each.name == PROCESS)

    def properties(self) -> dict[str, str]:
        """What ``systemctl show`` tells."""
        process = self.process()
        active, sub = _STATES.get(process.state, ("failed", "failed"))
        return {
            "LoadState": "loaded",
            "ActiveState": active,
            "SubState": sub,
            "MainPID": str(process.pid),
            "NRestarts": str(self._restarts()),
        }

    def restart(self) -> None:
        """Stop the process if it runs, and start it."""
        self._supervisor.restart(PROCESS)
        self._mark.write_text(str(self.process().pid))

    def stop(self) -> None:
        """Stop the process; harmless when it does not run."""
        self._supervisor.stop(PROCESS)

    def _restarts(self) -> int:
        log = self._config.logs / "supervisor.log"
        text = log.read_text(encoding="utf-8", errors="replace") if log.exists() else ""
        return restarts(text, self._mark.read_text() if self._mark.exists() else "")


def restarts(log: str, started: str) -> int:
    """How often the process was started again by itself since it was last started by hand.

    :param log: the supervisor's log.
    :param started: process id of that start; empty when nobody but ``up`` has started it.
    """
    found = re.findall(rf"spawned: '{re.escape(PROCESS)}' with pid (\d+)", log)
    if started in found:
        return found[::-1].index(started)
    return max(0, len(found) - 1)
