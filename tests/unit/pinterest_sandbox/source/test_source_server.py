from __future__ import annotations

from pathlib import Path

import pytest

from pinterest_sandbox.source import server


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "require_program", lambda name: f"/opt/mariadb/{name}")


@pytest.mark.usefixtures("installed")
def test_server_listens_on_loopback_only_and_keeps_its_files_in_its_folder() -> None:
    command = server.command(Path("/home/someone/sandbox/source"), 4406)
    assert command[:2] == ("/opt/mariadb/mariadbd", "--no-defaults")
    assert {"--bind-address=127.0.0.1", "--port=4406", "--skip-name-resolve"} <= set(command)
    assert {
        "--datadir=/home/someone/sandbox/source/data",
        "--tmpdir=/home/someone/sandbox/source/tmp",
        "--socket=mariadbd.sock",
        "--pid-file=mariadbd.pid",
    } <= set(command)


@pytest.mark.usefixtures("installed")
@pytest.mark.parametrize(("uid", "expected"), [(0, True), (1000, False)], ids=["root", "user"])
def test_root_is_named_only_for_root(monkeypatch: pytest.MonkeyPatch, uid: int, expected: bool) -> None:
    monkeypatch.setattr("os.geteuid", lambda: uid)
    assert ("--user=root" in server.command(Path("/x"), 1)) is expected


def test_start_statements_quote_the_password() -> None:
    lines = server.start_statements("it's \\ a pass").splitlines()
    assert lines[1] == r"CREATE OR REPLACE USER 'pinterest'@'127.0.0.1' IDENTIFIED BY 'it''s \\ a pass';"
    assert all(line.endswith(";") for line in lines)
