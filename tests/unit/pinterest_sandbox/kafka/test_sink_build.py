from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from pinterest_sandbox.kafka.sink_build import source_digest, write_zip


@pytest.fixture
def sources(tmp_path: Path) -> Path:
    for name in ("pom.xml", "src/main/java/A.java", "src/test/java/ATest.java"):
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(name)
    return tmp_path


def test_digest_follows_the_sources(sources: Path) -> None:
    before = source_digest(sources)
    assert source_digest(sources) == before
    (sources / "src/main/java/A.java").write_text("changed")
    changed = source_digest(sources)
    (sources / "src/main/java/A.java").rename(sources / "src/main/java/B.java")
    renamed = source_digest(sources)
    (sources / "pom.xml").write_text("changed")
    assert len({before, changed, renamed, source_digest(sources)}) == 4


def test_tests_do_not_make_a_new_plugin(sources: Path) -> None:
    before = source_digest(sources)
    (sources / "src/test/java/ATest.java").write_text("changed")
    assert source_digest(sources) == before


def test_zip_has_the_jars_in_their_folder_and_is_reproducible(tmp_path: Path) -> None:
    folder = tmp_path / "s3-sink"
    folder.mkdir()
    for name in ("b.jar", "a.jar", "notes.txt"):
        (folder / name).write_text(name)
    first, second = tmp_path / "1.zip", tmp_path / "2.zip"
    write_zip(first, folder)
    (folder / "a.jar").touch()
    write_zip(second, folder)
    assert zipfile.ZipFile(first).namelist() == ["s3-sink/a.jar", "s3-sink/b.jar"]
    assert zipfile.ZipFile(first).read("s3-sink/a.jar") == b"a.jar"
    assert first.read_bytes() == second.read_bytes()
