from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from pinterest_sandbox.kafka.java import JavaCommand
from pinterest_sandbox.prerequisites import Missing, require_program


def test_words_are_in_the_order_java_takes_them(tmp_path: Path) -> None:
    words = JavaCommand(
        main="a.Main",
        arguments=("first", "second"),
        class_path="a.jar:b.jar",
        heap_megabytes=64,
        archive=tmp_path / "a.jsa",
    ).words()
    assert words[-5:] == ["-cp", "a.jar:b.jar", "a.Main", "first", "second"]
    assert f"-XX:SharedArchiveFile={tmp_path}/a.jsa" in words
    assert "-Xmx64m" in words


def test_archive_is_written_instead_of_read(tmp_path: Path) -> None:
    words = JavaCommand(
        main="a.Main",
        arguments=(),
        class_path="a.jar",
        heap_megabytes=64,
        archive=tmp_path / "old.jsa",
        archive_at_exit=tmp_path / "new.jsa",
    ).words()
    assert f"-XX:ArchiveClassesAtExit={tmp_path}/new.jsa" in words
    assert not [word for word in words if "SharedArchiveFile" in word]


def test_java_reads_an_argument_file_back(tmp_path: Path) -> None:
    """Java reads blanks, quotes and backslashes in it, and passes over an archive that is not there."""
    source = tmp_path / "a b" / "Echo.java"
    source.parent.mkdir()
    source.write_text(
        'class Echo { public static void main(String[] a) { System.out.println(String.join("|", a)); } }'
    )
    arguments = ("plain", "with blank", 'with "quotes"', "back\\slash", "#no comment", "")
    command = JavaCommand(
        main=str(source),
        arguments=arguments,
        class_path=".",
        heap_megabytes=64,
        archive=tmp_path / "missing.jsa",
    )
    command.write(tmp_path / "java.args")
    run = [require_program("java"), f"@{tmp_path / 'java.args'}"]
    done = subprocess.run(run, capture_output=True, text=True, check=False)
    assert (done.stdout.strip(), done.stderr) == ("|".join(arguments), "")


def test_java_home_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "bin" / "java"
    program.parent.mkdir()
    program.touch()
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    assert require_program("java") == str(program)


def test_missing_java_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(Missing, match="openjdk-17"):
        require_program("java")
