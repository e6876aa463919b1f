"""Which files a release holds, under which hash."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest

from cloud_operators.databricks.release import Release, is_release_name, workspace_name

NOTEBOOK = b"# Databricks notebook source\nprint(1)\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, content in {
        "contracts/pin.json": b"{}",
        "spark/notebooks/daily.py": NOTEBOOK,
        "spark/lib/schemas.py": b"x = 1\n",
        "spark/lib/__pycache__/schemas.cpython-312.pyc": b"\0",
        "spark/.hidden/secret": b"s",
        "sql/q.sql": b"SELECT 1",
        ".env": b"KEY=1",
    }.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return tmp_path


def test_files_are_sorted_without_caches_and_hidden_ones(folder: Path) -> None:
    release = Release.of_folder(folder, ("*",))
    assert list(release.files) == [
        "contracts/pin.json",
        "spark/lib/schemas.py",
        "spark/notebooks/daily.py",
        "sql/q.sql",
    ]
    assert release.folders == ["", "contracts", "spark", "spark/lib", "spark/notebooks", "sql"]


def test_hash_is_over_lengths_paths_and_bytes(folder: Path) -> None:
    release = Release.of_folder(folder, ("sql", "contracts/*.json"))
    expected = hashlib.sha256(
        (18).to_bytes(8) + b"contracts/pin.json" + (2).to_bytes(8) + b"{}"
        + (9).to_bytes(8) + b"sql/q.sql" + (8).to_bytes(8) + b"SELECT 1"
    ).hexdigest()  # fmt: skip
    assert release.sha256 == expected
    assert release.name == expected[:12]
    assert is_release_name(release.name)


def test_hash_depends_on_content_only(folder: Path) -> None:
    before = Release.of_folder(folder, ("sql", "spark")).sha256
    os.utime(folder / "sql" / "q.sql", (1, 1))
    (folder / "spark" / "lib" / "__pycache__" / "other.pyc").write_bytes(b"1")
    assert Release.of_folder(folder, ("spark", "sql", "sql/q.sql")).sha256 == before
    (folder / "sql" / "q.sql").rename(folder / "sql" / "r.sql")
    assert Release.of_folder(folder, ("sql", "spark")).sha256 != before


def test_files_do_not_run_together() -> None:
    assert Release({"a": b"bc"}).sha256 != Release({"ab": b"c"}).sha256
    assert Release({"a": b"", "b": b""}).sha256 != Release({"a": b"b"}).sha256


def test_pattern_without_a_file_is_named(folder: Path) -> None:
    with pytest.raises(ValueError, match="include='nothing/\\*' matches no file"):
        Release.of_folder(folder, ("sql", "nothing/*"))


def test_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="there is no such folder"):
        Release.of_folder(tmp_path / "none", ("*",))


def test_large_file_is_refused_by_name(folder: Path) -> None:
    # 10 MiB in base64 are 7,864,320 bytes.
    (folder / "sql" / "fits.bin").write_bytes(b"\0" * 7_864_320)
    Release.of_folder(folder, ("sql",))
    (folder / "sql" / "large.bin").write_bytes(b"\0" * 7_864_321)
    with pytest.raises(ValueError, match=r"sql/large\.bin \(7,864,321 bytes\)") as raised:
        Release.of_folder(folder, ("sql",))
    assert "fits.bin" not in str(raised.value)


def test_notebook_that_would_hide_another_object_is_refused(folder: Path) -> None:
    (folder / "spark" / "notebooks" / "daily.sql").write_bytes(b"-- Databricks notebook source\nSELECT 1\n")
    with pytest.raises(ValueError, match="both become the workspace object spark/notebooks/daily"):
        Release.of_folder(folder, ("spark",))


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        pytest.param("a/b.py", NOTEBOOK, "a/b", id="python-notebook"),
        pytest.param("a/b.py", NOTEBOOK.replace(b"\n", b"\r\n"), "a/b", id="windows-line-ends"),
        pytest.param("a/b.py", b"import os\n" + NOTEBOOK, "a/b.py", id="header-not-first"),
        pytest.param("a/b.sql", b"-- Databricks notebook source", "a/b", id="sql-notebook"),
        pytest.param("a/b.sql", NOTEBOOK, "a/b.sql", id="header-of-another-language"),
        pytest.param("a/b.ipynb", b"{}", "a/b", id="jupyter"),
        pytest.param("a/b.json", NOTEBOOK, "a/b.json", id="no-source"),
    ],
)
def test_name_in_the_workspace(name: str, content: bytes, expected: str) -> None:
    assert workspace_name(name, content) == expected


@pytest.mark.parametrize("name", ["0123456789ab", "abcdef012345"])
def test_release_names(name: str) -> None:
    assert is_release_name(name)


@pytest.mark.parametrize(
    "name", ["0123456789a", "0123456789abc", "0123456789aG", "notebooks", "0123456789AB"]
)
def test_other_folders_are_no_releases(name: str) -> None:
    assert not is_release_name(name)
