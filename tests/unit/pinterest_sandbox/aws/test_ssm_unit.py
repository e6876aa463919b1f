"""The unit as systemd would show it, over a real supervisor, and the machine's programs."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from pinterest_sandbox.aws.ssm.machine import Machine
from pinterest_sandbox.aws.ssm.unit import UNIT, restarts
from pinterest_sandbox.service import Service
from pinterest_sandbox.supervision import Supervisor
from pinterest_sandbox.waiting import NotReady, wait_until
from tests.unit.pinterest_sandbox.configs import config_at

SPAWNED = "2026-01-01 00:00:00,000 INFO spawned: 'rest-proxy' with pid {}\n"


@pytest.mark.parametrize(
    ("pids", "started", "expected"),
    [
        ([], "", 0),
        (["10"], "", 0),
        (["10", "11", "12"], "", 2),
        (["10", "11", "12"], "12", 0),
        (["10", "11", "12", "13"], "11", 2),
        (["10", "11", "10"], "10", 0),
    ],
)
def test_only_starts_by_itself_are_counted(pids: list[str], started: str, expected: int) -> None:
    log = "".join(SPAWNED.format(pid) + "INFO spawned: 'rest-proxy-2' with pid 99\n" for pid in pids)
    assert restarts(log, started) == expected


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Machine]:
    """A machine whose REST proxy is a process that only waits."""
    config = config_at(tmp_path / "home")
    config.home.mkdir()
    config.save()
    service = Service(
        name="rest-proxy",
        title="REST proxy",
        command=(sys.executable, "-c", "import signal; signal.pause()"),
        check=lambda: None,
    )
    supervisor = Supervisor(config)
    supervisor.boot([service])
    try:
        machine = Machine(config)
        machine.prepare()
        assert not machine.is_there()
        supervisor.start(service)
        yield machine
    finally:
        supervisor.shut_down()


def run(machine: Machine, *command: str) -> subprocess.CompletedProcess[str]:
    environment = {**machine.environment, "PYTHONPATH": os.pathsep.join(sys.path)}
    return subprocess.run(
        ["bash", "-c", '"$@"', "bash", *command],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def show(machine: Machine, name: str) -> str:
    return run(machine, "systemctl", "show", f"--property={name}", "--value", UNIT).stdout.strip()


def test_the_unit_is_the_process(machine: Machine) -> None:
    assert machine.is_there()
    before = machine.unit.process().pid
    assert [show(machine, name) for name in ("LoadState", "ActiveState", "SubState", "MainPID")] == [
        "loaded",
        "active",
        "running",
        str(before),
    ]
    assert run(machine, "systemctl", "restart", UNIT).returncode == 0
    after = machine.unit.process().pid
    assert after not in (0, before)
    assert run(machine, "systemctl", "is-active", "--quiet", UNIT).returncode == 0


def test_a_crash_is_counted_until_the_next_start_by_hand(machine: Machine) -> None:
    run(machine, "systemctl", "restart", UNIT)
    assert show(machine, "NRestarts") == "0"
    victim = Supervisor(machine.config).kill("rest-proxy")

    def again() -> None:
        if machine.unit.process().pid in (0, victim):
            raise NotReady("not started again")

    wait_until(again, what="another start", timeout=10)
    assert show(machine, "NRestarts") == "1"
    run(machine, "systemctl", "restart", UNIT)
    assert show(machine, "NRestarts") == "0"


def test_a_stopped_unit_is_inactive(machine: Machine) -> None:
    assert run(machine, "systemctl", "stop", UNIT).returncode == 0
    assert show(machine, "ActiveState") == "inactive"
    done = run(machine, "systemctl", "is-active", UNIT)
    assert (done.returncode, done.stdout) == (3, "inactive\n")


def test_other_units_and_verbs_are_not_known(machine: Machine) -> None:
    assert run(machine, "systemctl", "restart", "sshd.service").returncode == 4
    assert (
        run(machine, "systemctl", "show", "--property=LoadState", "--value", "sshd.service").stdout
        == "not-found\n"
    )
    assert run(machine, "systemctl", "mask", UNIT).returncode == 1


def test_the_machine_reaches_nothing_else_and_installs_nothing(machine: Machine) -> None:
    done = run(machine, "curl", "--silent", "--output", "x", "https://archive.apache.org/x.tgz")
    assert (done.returncode, done.stdout) == (6, "")
    assert "archive.apache.org" in done.stderr
    assert run(machine, "dnf", "--assumeyes", "install", "tar").returncode == 1
    assert run(machine, "rpm", "--query", "--quiet", "tar").returncode == 0
    assert run(machine, "rpm", "--query", "--quiet", "emacs").returncode == 1


def test_the_journal_is_the_log_of_the_process(machine: Machine) -> None:
    (machine.config.logs / "rest-proxy.log").write_text("one\ntwo\nthree\n")
    command = ("journalctl", "--unit", UNIT, "--no-pager", "--output", "cat", "--lines", "2")
    assert run(machine, *command).stdout == "two\nthree\n"


def test_the_client_is_laid_out_once(machine: Machine) -> None:
    properties = machine.root / "etc/kafka-client/kafka-rest.properties"
    assert f"listeners=http://0.0.0.0:{machine.config.ports['rest_proxy']}\n" in properties.read_text()
    kafka = machine.root / "opt/kafka-client/kafka"
    digest = (kafka / ".sha256").read_text().strip()
    assert kafka.readlink().name.endswith(f"-{digest[:12]}")
    properties.write_text("changed by an installation")
    machine.prepare()
    assert properties.read_text() == "changed by an installation"
