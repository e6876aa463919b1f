"""The supervisor, with real processes."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from pinterest_sandbox.service import Service
from pinterest_sandbox.supervision import ProcessState, Supervisor
from pinterest_sandbox.waiting import NotReady, wait_until
from tests.unit.pinterest_sandbox.configs import config_at

#: Writes what it was given, then runs until it is told to end.
SCRIPT = (
    "import os, pathlib, signal\n"
    "pathlib.Path('given').write_text(os.environ['WORD'])\n"
    "print('started', os.getpid(), flush=True)\n"
    "signal.pause()\n"
)


def service(name: str, folder: Path, word: str = "") -> Service:
    return Service(
        name=name,
        title=name,
        command=(sys.executable, "-c", SCRIPT),
        environment={"WORD": word},
        directory=folder,
        check=lambda: None,
    )


@pytest.fixture
def supervisor(tmp_path: Path) -> Iterator[Supervisor]:
    supervisor = Supervisor(config_at(tmp_path / "home"))
    supervisor.boot([service("one", tmp_path), service("two", tmp_path)])
    try:
        yield supervisor
    finally:
        if supervisor.is_running():
            supervisor.shut_down()


def pid(supervisor: Supervisor, name: str) -> int:
    return next(process.pid for process in supervisor.processes() if process.name == name)


def test_a_process_gets_its_environment_word_by_word(supervisor: Supervisor, tmp_path: Path) -> None:
    word = """{"quotes": "' and \\"", "percent": "%(x)s", "comma": ", ;"}"""
    supervisor.start(service("one", tmp_path, word))

    def given() -> None:
        if not (tmp_path / "given").exists() or (tmp_path / "given").read_text() != word:
            raise NotReady("nothing written")

    wait_until(given, what="the process", timeout=20)
    assert pid(supervisor, "two") == 0


def test_starting_again_is_harmless(supervisor: Supervisor, tmp_path: Path) -> None:
    supervisor.start(service("one", tmp_path))
    first = pid(supervisor, "one")
    supervisor.start(service("one", tmp_path))
    assert pid(supervisor, "one") == first != 0


def test_a_description_is_never_seen_half_written(supervisor: Supervisor, tmp_path: Path) -> None:
    """Whoever reads it meanwhile, as the launcher of a process that was started just before, finds JSON."""
    described = supervisor._description("one")
    supervisor.start(service("one", tmp_path, "x" * 100_000))
    ended = threading.Event()
    unreadable: list[str] = []

    def read() -> None:
        while not ended.is_set():
            try:
                json.loads(described.read_text())
            except ValueError as error:
                unreadable.append(str(error))

    reader = threading.Thread(target=read)
    reader.start()
    try:
        for _ in range(200):
            supervisor._describe(service("one", tmp_path, "x" * 100_000))
    finally:
        ended.set()
        reader.join()
    assert unreadable == []
    assert [file.name for file in described.parent.glob("one.*")] == [described.name]


def test_a_killed_process_is_started_again(supervisor: Supervisor, tmp_path: Path) -> None:
    supervisor.start(service("one", tmp_path))
    killed = supervisor.kill("one")

    def replaced() -> None:
        if pid(supervisor, "one") in (0, killed):
            raise NotReady("not started again")

    wait_until(replaced, what="the new process", timeout=20)
    assert not psutil.pid_exists(killed)


def test_a_child_that_has_ended_meanwhile_does_not_save_its_parent(
    supervisor: Supervisor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    supervisor.start(service("one", tmp_path))
    with subprocess.Popen([sys.executable, "-c", ""]) as child:
        gone = psutil.Process(child.pid)
    monkeypatch.setattr(psutil.Process, "children", lambda self, recursive: [gone])

    killed = supervisor.kill("one")

    wait_until(lambda: check_gone(killed), what="end of the process", timeout=20)


def check_gone(number: int) -> None:
    if psutil.pid_exists(number):
        raise NotReady(f"{number} runs")


def test_a_process_that_ends_by_itself_was_not_killed(
    supervisor: Supervisor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    supervisor.start(service("one", tmp_path))
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        gone = process.pid
    state = ProcessState("one", "RUNNING", gone, 0)
    monkeypatch.setattr(supervisor, "processes", lambda: [state])

    with pytest.raises(ValueError, match="one has just ended by itself"):
        supervisor.kill("one")


def test_killing_what_does_not_run_is_an_error(supervisor: Supervisor) -> None:
    with pytest.raises(ValueError, match="one does not run"):
        supervisor.kill("one")


def test_shut_down_ends_everything(supervisor: Supervisor, tmp_path: Path) -> None:
    for name in ("one", "two"):
        supervisor.start(service(name, tmp_path))
    running = [pid(supervisor, "one"), pid(supervisor, "two")]
    ended: list[str] = []
    supervisor.shut_down(ended.append)
    assert sorted(ended) == ["one", "two"]
    assert not supervisor.is_running()
    assert not any(psutil.pid_exists(number) for number in running)


def test_secrets_are_readable_by_their_owner_only(supervisor: Supervisor, tmp_path: Path) -> None:
    supervisor.start(service("one", tmp_path, "secret"))
    for name in ("supervisor.conf", "one.json"):
        assert (tmp_path / "home" / "run" / name).stat().st_mode & 0o077 == 0
