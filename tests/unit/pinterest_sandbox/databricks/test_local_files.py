"""``/dbfs`` for Python's own file functions."""

from __future__ import annotations

import builtins
import os
import shutil
from pathlib import Path

import pandas as pd
import pytest

from pinterest_sandbox.databricks.local_files import LocalFiles
from pinterest_sandbox.databricks.mounts import Mounts


@pytest.fixture
def files(tmp_path: Path) -> LocalFiles:
    (tmp_path / "dbfs" / "FileStore").mkdir(parents=True)
    (tmp_path / "warehouse").mkdir()
    return LocalFiles(tmp_path / "warehouse", Mounts(tmp_path / "mounts.json"))


def test_functions_of_python_and_pandas(files: LocalFiles, tmp_path: Path) -> None:
    with files.reachable():
        os.makedirs("/dbfs/FileStore/tables")
        with open("/dbfs/FileStore/tables/a.csv", "w", encoding="utf-8") as file:
            file.write("n\n1\n")
        with open(file="/dbfs/FileStore/tables/a.csv", encoding="utf-8") as file:
            assert file.read() == "n\n1\n"
        assert pd.read_csv("/dbfs/FileStore/tables/a.csv")["n"].tolist() == [1]
        assert Path("/dbfs/FileStore/tables/a.csv").read_text() == "n\n1\n"
        shutil.copy("/dbfs/FileStore/tables/a.csv", "/dbfs/FileStore/b.csv")
        os.rename("/dbfs/FileStore/b.csv", "/dbfs/FileStore/c.csv")
        assert os.path.exists("/dbfs/FileStore/c.csv")
        assert not os.path.exists("/dbfs/FileStore/b.csv")
        assert sorted(os.listdir("/dbfs/FileStore")) == ["c.csv", "tables"]
        assert [names for _, _, names in os.walk("/dbfs/FileStore")] == [["c.csv"], ["a.csv"]]
        shutil.rmtree("/dbfs/FileStore/tables")

    found = [path.relative_to(tmp_path / "dbfs").as_posix() for path in (tmp_path / "dbfs").rglob("*")]
    assert sorted(found) == ["FileStore", "FileStore/c.csv"]


def test_other_paths_are_as_they_were(files: LocalFiles, tmp_path: Path) -> None:
    with files.reachable():
        (tmp_path / "a").write_text("a")
        with (
            open(tmp_path / "a", encoding="utf-8") as file,
            open(file.fileno(), "rb", closefd=False) as again,
        ):
            assert again.read() == b"a"
        assert not os.path.exists("/dbfsx")
        assert os.listdir(os.fsencode(tmp_path / "dbfs")) == [b"FileStore"]
        # Not a way out of the folder.
        assert os.path.samefile("/dbfs/../tmp", "/tmp")
    assert not os.path.exists("/dbfs/FileStore")
    assert builtins.open is open


def test_warehouse_is_seen_where_databricks_has_it(files: LocalFiles, tmp_path: Path) -> None:
    (tmp_path / "warehouse" / "t").mkdir()
    with files.reachable():
        assert os.listdir("/dbfs/user/hive/warehouse") == ["t"]


def test_mounted_buckets_are_refused_with_the_reason(files: LocalFiles, tmp_path: Path) -> None:
    Mounts(tmp_path / "mounts.json").mount("s3a://bucket", "/mnt/pins")
    with files.reachable(), pytest.raises(OSError, match="/mnt/pins is mounted from s3a://bucket/"):
        Path("/dbfs/mnt/pins/topics/a.json").read_text()
