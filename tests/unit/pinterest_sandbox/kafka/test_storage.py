from __future__ import annotations

import base64
from pathlib import Path

import pytest

from pinterest_sandbox.kafka.storage import format_storage, new_id


@pytest.fixture
def jars(tmp_path: Path) -> Path:
    folder = tmp_path / "jars"
    folder.mkdir()
    (folder / ".pom-sha256").write_text("0123456789abcdef")
    return folder


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    template = tmp_path / "cache" / "kafka-storage" / "0123456789ab"
    template.mkdir(parents=True)
    (template / "meta.properties").write_text("node.id=1\ncluster.id=old\nversion=1\ndirectory.id=old\n")
    (template / "bootstrap.checkpoint").write_bytes(b"\x00records")
    return tmp_path / "cache"


def test_each_cluster_has_ids_of_its_own(tmp_path: Path, jars: Path, cache: Path) -> None:
    for name in ("one", "two"):
        format_storage(tmp_path / name, jars=jars, cache=cache)
    one, two = ((tmp_path / name / "meta.properties").read_text().splitlines() for name in ("one", "two"))
    assert [line.split("=")[0] for line in one] == ["node.id", "cluster.id", "version", "directory.id"]
    ids = {line.split("=")[1] for lines in (one, two) for line in lines if ".id=" in line} - {"1"}
    assert len(ids) == 4
    assert (tmp_path / "one" / "bootstrap.checkpoint").read_bytes() == b"\x00records"


def test_formatted_folder_stays(tmp_path: Path, jars: Path, cache: Path) -> None:
    data = tmp_path / "data"
    format_storage(data, jars=jars, cache=cache)
    (data / "topic-0").mkdir()
    before = (data / "meta.properties").read_text()
    format_storage(data, jars=jars, cache=cache)
    assert (data / "meta.properties").read_text() == before
    assert (data / "topic-0").is_dir()


def test_ids_are_written_as_kafka_writes_them() -> None:
    ids = {new_id() for _ in range(500)}
    assert len(ids) == 500
    assert all(len(base64.urlsafe_b64decode(text + "==")) == 16 and text[0] != "-" for text in ids)
