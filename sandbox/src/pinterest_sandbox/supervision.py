"""The sandbox's processes under supervisord: started, restarted when they die, stopped in order.

Uses supervisor's XML-RPC interface (http://supervisord.org/api.html) on a loopback port with a password.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import xmlrpc.client
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from pinterest_sandbox.config import HOST, Config
from pinterest_sandbox.service import Service
from pinterest_sandbox.waiting import NotReady, wait_until

#: Set by the shell that called ``up``; they would reach into the sandbox's processes.
_CALLER_ONLY = (
    "PYTHONPATH",
    "PYTHONHOME",
    # Every process would compile its modules anew, which takes longer than importing them.
    "PYTHONDONTWRITEBYTECODE",
    "VIRTUAL_ENV",
    "MAKEFLAGS",
    "MAKELEVEL",
    "MFLAGS",
)
#: supervisor's faults that only say that the wanted state is there already.
_ALREADY_STARTED, _NOT_RUNNING = 60, 70


@dataclass(frozen=True)
class ProcessState:
    """What the supervisor says of one process.

    :param state: ``RUNNING``, ``STOPPED``, ``FATAL``, ``BACKOFF``, ``EXITED``, ...
    :param pid: 0 when it does not run.
    :param started: start time, seconds since the epoch.
    """

    name: str
    state: str
    pid: int
    started: int


class Supervisor:
    """Control of the supervisor of one sandbox."""

    def __init__(self, config: Config) -> None:
        self._config = config

    def _call(self, method: str, *arguments: object) -> Any:
        address = f"http://sandbox:{self._config.control_password}@{self._config.address('supervisor')}/RPC2"
        # ServerProxy is not thread-safe: one a call.
        with xmlrpc.client.ServerProxy(address) as server:
            return getattr(server.supervisor, method)(*arguments)

    def is_running(self) -> bool:
        """Whether this sandbox's supervisor answers."""
        try:
            return bool(self._call("getState")["statename"] == "RUNNING")
        except (OSError, xmlrpc.client.Error):
            return False

    def boot(self, services: Iterable[Service]) -> None:
        """Start the supervisor with its processes known but not started."""
        configuration = self._write_configuration(services)
        subprocess.run(
            [sys.executable, "-m", "pinterest_sandbox.supervisord", "-c", str(configuration)],
            check=True,
            env={name: value for name, value in os.environ.items() if name not in _CALLER_ONLY},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
        )

        def answers() -> None:
            if not self.is_running():
                raise NotReady("no answer on its control port")

        wait_until(answers, what="the process supervisor", timeout=15)

    def start(self, service: Service) -> None:
        """Start ``service`` as it is described now; harmless when it runs."""
        self._describe(service)
        self._tolerate(_ALREADY_STARTED, lambda: self._call("startProcess", service.name, False))

    def stop(self, name: str) -> None:
        """Stop ``name`` and wait until it has ended; harmless when it does not run."""
        self._tolerate(_NOT_RUNNING, lambda: self._call("stopProcess", name, True))

    def restart(self, name: str) -> None:
        """Stop ``name`` if it runs, and start it as it was described last."""
        self.stop(name)
        self._tolerate(_ALREADY_STARTED, lambda: self._call("startProcess", name, False))

    def kill(self, name: str) -> int:
        """Kill ``name`` and its children with SIGKILL, as a crash would; it is then started again.

        :returns: the process id that was killed.
        :raises ValueError: when it does not run, or no longer.
        """
        process = next((p for p in self.processes() if p.name == name and p.pid), None)
        if process is None:
            raise ValueError(f"{name} does not run")
        try:
            victim = psutil.Process(process.pid)
            for child in victim.children(recursive=True):
                # Many end by themselves meanwhile; the one that was asked for must be killed all the same.
                with suppress(psutil.NoSuchProcess):
                    child.send_signal(signal.SIGKILL)
            victim.send_signal(signal.SIGKILL)
        except psutil.NoSuchProcess:
            raise ValueError(f"{name} has just ended by itself") from None
        return process.pid

    def processes(self) -> list[ProcessState]:
        """The state of every process."""
        return [
            ProcessState(row["name"], row["statename"], row["pid"], row["start"])
            for row in self._call("getAllProcessInfo")
        ]

    def shut_down(self, report: Callable[[str], None] = lambda name: None) -> None:
        """Stop all processes at the same time, then the supervisor itself.

        :param report: called with the name of each process that has ended.
        """
        running = [p.name for p in self.processes() if p.state not in ("STOPPED", "EXITED", "FATAL")]
        supervisor_pid = int(self._call("getPID"))

        def stop(name: str) -> None:
            self.stop(name)
            report(name)

        with ThreadPoolExecutor(max_workers=max(1, len(running))) as pool:
            list(pool.map(stop, running))
        self._call("shutdown")

        def gone() -> None:
            if psutil.pid_exists(supervisor_pid):
                raise NotReady(f"process {supervisor_pid} still runs")

        wait_until(gone, what="end of the process supervisor", timeout=15)

    @staticmethod
    def _tolerate(fault: int, call: Callable[[], object]) -> None:
        try:
            call()
        except xmlrpc.client.Fault as refused:
            if refused.faultCode != fault:
                raise

    def _write_configuration(self, services: Iterable[Service]) -> Path:
        folder = self._config.home / "run"
        folder.mkdir(parents=True, exist_ok=True)
        self._config.logs.mkdir(parents=True, exist_ok=True)
        text = [
            "[supervisord]",
            f"logfile = {_escaped(self._config.logs / 'supervisor.log')}",
            f"pidfile = {_escaped(folder / 'supervisor.pid')}",
            f"childlogdir = {_escaped(self._config.logs)}",
            "[inet_http_server]",
            f"port = {HOST}:{self._config.ports['supervisor']}",
            "username = sandbox",
            f"password = {_escaped(self._config.control_password)}",
            "[rpcinterface:supervisor]",
            "supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface",
        ]
        for service in services:
            text += self._program(service)
        target = folder / "supervisor.conf"
        target.touch(mode=0o600, exist_ok=True)
        target.write_text("\n".join(text) + "\n", encoding="utf-8")
        return target

    def _description(self, name: str) -> Path:
        return self._config.home / "run" / f"{name}.json"

    def _describe(self, service: Service) -> None:
        content = {
            "command": list(service.command),
            "directory": str(service.directory or self._config.home),
            "environment": {"PINTEREST_SANDBOX_HOME": str(self._config.home), **service.environment},
            "without": [name for name in _CALLER_ONLY if name not in service.environment],
        }
        target = self._description(service.name)
        # As a whole: the launcher of a process that was started just now may be reading it.
        written = target.with_suffix(f".{os.getpid()}-{threading.get_ident()}")
        written.touch(mode=0o600, exist_ok=True)
        written.write_text(json.dumps(content, indent=2), encoding="utf-8")
        written.replace(target)

    def _program(self, service: Service) -> list[str]:
        description = self._description(service.name)
        launcher = f'"{_escaped(sys.executable)}" -m pinterest_sandbox.launch "{_escaped(description)}"'
        return [
            f"[program:{service.name}]",
            f"command = {launcher}",
            "autostart = false",
            "autorestart = true",
            "startsecs = 0",
            f"stopsignal = {service.stop_signal}",
            f"stopwaitsecs = {service.stop_timeout:g}",
            "stopasgroup = true",
            "killasgroup = true",
            "redirect_stderr = true",
            f"stdout_logfile = {_escaped(self._config.logs / service.name)}.log",
            "stdout_logfile_maxbytes = 20MB",
            "stdout_logfile_backups = 1",
        ]


def _escaped(value: object) -> str:
    """``value`` for supervisor's configuration, which expands ``%``."""
    return str(value).replace("%", "%%")
