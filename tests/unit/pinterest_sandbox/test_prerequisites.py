from __future__ import annotations

from pathlib import Path

import pytest

from pinterest_sandbox import prerequisites
from pinterest_sandbox.prerequisites import Missing, check_prerequisites, require_program


def program(folder: Path, name: str, script: str = "exit 0") -> None:
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / name
    file.write_text(f"#!/bin/sh\n{script}\n")
    file.chmod(0o755)


@pytest.fixture
def path(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """The only folder in which programs are looked for."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setattr(prerequisites, "find_program", lambda name: _in(folder, name))
    return folder


def _in(folder: Path, name: str) -> str | None:
    return str(folder / name) if (folder / name).exists() else None


def test_everything_that_is_missing_is_named_with_one_command(path: Path) -> None:
    for name in ("java", "javac", "mariadb-install-db"):
        program(path, name)
    with pytest.raises(Missing) as raised:
        check_prerequisites()
    message = str(raised.value)
    assert "mariadbd: needed for the source database" in message
    assert "mvn: needed for" in message
    assert message.endswith("apt-get install mariadb-client-core mariadb-server-core maven")


def test_an_old_java_is_named(path: Path) -> None:
    for name in prerequisites.PROGRAMS:
        program(path, name)
    program(path, "java", "echo 'openjdk version \"11.0.22\" 2024-01-16' >&2")
    with pytest.raises(Missing, match=r"is Java 11: .*need 17 or later"):
        check_prerequisites()


def test_a_new_java_passes(path: Path) -> None:
    for name in prerequisites.PROGRAMS:
        program(path, name)
    program(path, "java", "echo 'openjdk version \"21.0.1\" 2023-10-17' >&2")
    check_prerequisites()
    assert require_program("java") == str(path / "java")


def test_java_home_wins(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    program(tmp_path / "jdk" / "bin", "java")
    monkeypatch.setenv("JAVA_HOME", str(tmp_path / "jdk"))
    assert require_program("java") == str(tmp_path / "jdk" / "bin" / "java")
