"""A worker that breaks the rules, and what is left of one."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from pinterest_sandbox.databricks.process import WorkerDied, WorkerProcess
from pinterest_sandbox.databricks.worker import WorkerSettings
from pinterest_sandbox.waiting import NotReady, wait_until

SETTINGS = WorkerSettings(fd=-1, kind="notebook", folder="", warehouse="", metastore=None, codegen=False)
WORKER = """
import json, socket, sys
connection = socket.socket(fileno=json.loads(sys.argv[1])["fd"])
connection.sendall(b'{"event": "ready", "seconds": 0}\\n')
connection.recv(10000)
connection.sendall(%r)
sys.stdin.read() or connection.recv(1)
"""


@pytest.mark.parametrize(
    ("sent", "reason"),
    [
        (b'{"event": "cell", "id": 99}\n', "what can't be used: KeyError: 99"),
        (b"what?\n", "what can't be used: JSONDecodeError"),
        (b"[]\n", "what can't be used: TypeError"),
    ],
    ids=["unknown-request", "no-json", "no-object"],
)
def test_request_ends_when_the_answer_is_of_no_use(sent: bytes, reason: str) -> None:
    worker = WorkerProcess(SETTINGS, ["-c", WORKER % sent])
    worker.ready.result(20)

    _, answer = worker.call({"op": "notebook"})

    with pytest.raises(WorkerDied, match=reason):
        answer.result(20)
    assert not worker.alive
    worker.wait()


def test_worker_that_is_killed_while_it_answers() -> None:
    dying = WORKER.replace("sys.stdin.read()", "__import__('os').kill(__import__('os').getpid(), 9)")
    worker = WorkerProcess(SETTINGS, ["-c", dying % b'{"event": "done", "id": 1, "resu'])

    _, answer = worker.call({"op": "notebook"})

    with pytest.raises(WorkerDied, match="SIGKILL"):
        answer.result(20)


def test_temporary_files_of_a_killed_worker_go_with_it(tmp_path: Path) -> None:
    settings = dataclasses.replace(SETTINGS, folder=str(tmp_path))
    killed, other = (WorkerProcess(settings, ["-c", WORKER % b""]) for _ in range(2))
    folders = [settings.scratch(worker.pid) for worker in (killed, other)]
    for folder in folders:
        (folder / "blockmgr").mkdir(parents=True)

    killed.kill()

    def removed() -> None:
        if folders[0].exists():
            raise NotReady(str(folders[0]))

    wait_until(removed, what="the end of the folder", timeout=10, interval=0.01)
    assert folders[1].exists()
    other.kill()
    other.wait()
