"""How the sandbox comes up and goes down."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import psutil
from rich.console import Console

from pinterest_sandbox.airflow.service import services as airflow_services
from pinterest_sandbox.config import Config, NotUp, config_file, load_config, new_config, sandbox_home
from pinterest_sandbox.databricks.service import rehearse
from pinterest_sandbox.faults.service import NAME as FAULT_GATE
from pinterest_sandbox.parts import builds, services_without_airflow, start_steps
from pinterest_sandbox.prerequisites import check_prerequisites
from pinterest_sandbox.steps import StepFailed, run_steps
from pinterest_sandbox.supervision import Supervisor

#: Says that a folder is a sandbox's, and keeps a second ``up`` or ``down`` waiting.
MARKER = "sandbox.lock"
#: What ``down`` leaves in the sandbox's folder: caches and written-down results.
KEPT = frozenset({"cache", "test", "demo.json", "bench.json", "drill.json", MARKER})


def up(
    *,
    without: frozenset[str] = frozenset(),
    settings: Mapping[str, str] | None = None,
    console: Console | None = None,
) -> Config:
    """Bring the sandbox up; harmless when it is up.

    :param without: services to leave out; ``airflow`` stands for its four processes. Without ``fault-gate``
        clients are led straight to the services.
    :param settings: variables that Airflow starts with beside, or instead of, those of the sandbox.
    :returns: its configuration.
    :raises Missing: when the machine lacks a program.
    :raises ValueError: when its folder holds files that are not a sandbox's.
    :raises StepFailed: naming what did not start and the end of its log.
    """
    check_prerequisites()
    home = sandbox_home()
    claim(home)
    with _only_one(home):
        config = running_config()
        fresh = config is None
        if config is None:
            throw_away(home)
            config = new_config(gate=FAULT_GATE not in without)
        supervisor = Supervisor(config)
        try:
            # The descriptions of some services need their jars' folder.
            run_steps(builds(), console=console)
            if fresh:
                config.save()
                supervisor.boot([*services_without_airflow(config), *airflow_services(config, {})])
            run_steps(start_steps(config, supervisor, without=without, settings=settings), console=console)
        except StepFailed as failure:
            message = f"{failure}\n{log_tail(config, failure.step)}" if failure.step else str(failure)
            if fresh and supervisor.is_running():
                supervisor.shut_down()
            raise StepFailed(message) from failure
        if fresh and "databricks" not in without:
            # Now that the cores are free, and before the first notebook comes.
            rehearse(config.url("databricks"))
    return config


def build(*, console: Console | None = None) -> None:
    """Make what is made once: jars, the sink, class archives. ``up`` does it too.

    :raises Missing: when the machine lacks a program.
    :raises StepFailed: naming what could not be made.
    """
    check_prerequisites()
    run_steps(builds(), console=console)


def down(report: Callable[[str], None] = lambda name: None) -> bool:
    """Stop every process of the sandbox and throw its state away.

    :param report: called with the name of each process that has ended.
    :returns: whether there was anything to stop.
    """
    home = sandbox_home()
    if not (home / MARKER).exists():
        return False
    with _only_one(home):
        config = running_config()
        if config is not None:
            Supervisor(config).shut_down(report)
        throw_away(home)
    return config is not None


def claim(home: Path) -> None:
    """Make ``home`` a sandbox's folder. What is in it is deleted by ``up`` and ``down``.

    :raises ValueError: when it holds files of somebody else.
    """
    home.mkdir(parents=True, exist_ok=True)
    if (home / MARKER).exists():
        return
    foreign = sorted(entry.name for entry in home.iterdir() if entry.name not in KEPT)
    if foreign:
        raise ValueError(
            f"{home} is not a sandbox's folder: it holds {', '.join(foreign[:3])}. "
            "Name an empty or a new folder in PINTEREST_SANDBOX_HOME"
        )
    (home / MARKER).touch()


def running_config() -> Config | None:
    """The configuration of the sandbox if its supervisor answers."""
    try:
        config = load_config()
    except NotUp:
        return None
    return config if Supervisor(config).is_running() else None


def throw_away(home: Path) -> None:
    """Delete the state of a sandbox that is down, and end processes that a killed supervisor left behind."""
    if config_file(home).exists():
        for orphan in _orphans(home):
            orphan.kill()
        psutil.wait_procs(_orphans(home), timeout=10)
    for entry in home.iterdir():
        if entry.name in KEPT:
            continue
        if entry.is_dir() and not entry.is_symlink():
            shutil.rmtree(entry)
        else:
            entry.unlink()


def log_tail(config: Config, name: str, lines: int = 15) -> str:
    """The end of the log of service ``name``; empty when it has none."""
    log = config.logs / f"{name}.log"
    if not log.exists():
        return ""
    tail = log.read_text(encoding="utf-8", errors="replace").splitlines()[-lines:]
    return "\n".join([f"The end of {log}:", *(f"  {line}" for line in tail)])


def _orphans(home: Path) -> list[psutil.Process]:
    found = []
    for process in psutil.process_iter():
        # A caller's shell may be in the folder too: only what has lost its supervisor is ours to end.
        if process.pid == os.getpid() or not _belongs_to(process, home):
            continue
        with contextlib.suppress(psutil.Error):
            if process.ppid() == 1:
                found += [process, *process.children(recursive=True)]
    return found


def _belongs_to(process: psutil.Process, home: Path) -> bool:
    with contextlib.suppress(psutil.Error):
        if process.environ().get("PINTEREST_SANDBOX_HOME") == str(home):
            return True
    # Airflow's processes set a title, which overwrites their environment for others.
    with contextlib.suppress(psutil.Error):
        return Path(process.cwd()).is_relative_to(home)
    return False


@contextmanager
def _only_one(home: Path) -> Iterator[None]:
    """Keep a second ``up`` or ``down`` waiting until the first has ended."""
    with open(home / MARKER, "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
