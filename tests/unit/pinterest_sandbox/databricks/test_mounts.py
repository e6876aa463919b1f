"""Mounts: how they are written, and who sees them."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote

import pytest

from pinterest_sandbox.databricks.errors import NotSupported
from pinterest_sandbox.databricks.mounts import MountError, Mounts, read_source

#: A secret key as AWS makes them, with all that has to be encoded in a URL.
SECRET = "wJa/rXU+nFEM=I%K7@MDENG:bPxR"


class Configuration(dict[str, str]):
    """As much of Hadoop's configuration as mounts need."""

    def set(self, name: str, value: str) -> None:
        self[name] = value

    def unset(self, name: str) -> None:
        del self[name]

    @property
    def links(self) -> dict[str, str]:
        return {name.removeprefix("fs.viewfs.mounttable.dbfs.link."): value for name, value in self.items()}


@pytest.fixture
def mounts(tmp_path: Path) -> Mounts:
    return Mounts(tmp_path / "mounts.json")


@pytest.mark.parametrize(
    ("source", "leads_to"),
    [
        ("s3a://user-x-bucket", "s3a://user-x-bucket/"),
        ("s3://user-x-bucket/", "s3a://user-x-bucket/"),
        ("s3a://user-x-bucket/topics/pins", "s3a://user-x-bucket/topics/pins"),
        (f"s3n://AKIAX:{quote(SECRET, safe='')}@user-x-bucket", "s3a://user-x-bucket/"),
        (f"s3a://AKIAX:{quote(SECRET, safe='')}@user-x-bucket/in", "s3a://user-x-bucket/in"),
        # quote() leaves the slash by default; without one in the key nothing is wrong.
        (f"s3n://AKIAX:{quote('a+b=', '')}@b", "s3a://b/"),
    ],
)
def test_source(source: str, leads_to: str) -> None:
    assert read_source(source) == leads_to


@pytest.mark.parametrize(
    "source",
    [
        f"s3n://AKIAX:{SECRET}@user-x-bucket",
        f"s3n://AKIAX:{quote(SECRET)}@user-x-bucket",
        "s3n://AKIAX:100%@bucket",
        "s3n://AKIAX:@bucket",
        "s3n://AKIAX@bucket",
        "s3a://",
        "s3a:///topics",
    ],
    ids=["not-encoded", "slash-left", "percent", "empty", "no-secret", "no-bucket", "path-only"],
)
def test_source_that_can_not_be_read_is_not_repeated(source: str) -> None:
    with pytest.raises(MountError, match="URL-encoded") as refused:
        read_source(source)
    assert "AKIAX" not in str(refused.value)


@pytest.mark.parametrize("scheme", ["wasbs", "abfss", "gs", "hdfs"])
def test_other_file_systems_are_refused_by_name(scheme: str) -> None:
    with pytest.raises(NotSupported, match=f"mounting {scheme}:// is not supported here"):
        read_source(f"{scheme}://container@account/path")


def test_other_processes_see_it_when_they_look(mounts: Mounts, tmp_path: Path) -> None:
    mounts.mount("s3n://KEY:SECRET@bucket", "/mnt/pins/")
    other, hadoop = Mounts(tmp_path / "mounts.json"), Configuration()
    other.refresh(hadoop)
    assert hadoop.links == {"/mnt/pins": "s3a://bucket/"}
    assert "SECRET" not in (tmp_path / "mounts.json").read_text()

    mounts.unmount("dbfs:/mnt/pins")
    assert hadoop.links
    other.refresh(hadoop)
    assert hadoop.links == {}


def test_mounted_path_is_mounted_again_only_by_an_update(mounts: Mounts) -> None:
    with pytest.raises(MountError, match="Directory not mounted: /mnt/x"):
        mounts.mount("s3a://one", "/mnt/x", update=True)
    mounts.mount("s3a://one", "/mnt/x")
    with pytest.raises(MountError, match="requirement failed: Directory already mounted: /mnt/x"):
        mounts.mount("s3a://two", "/mnt/x")
    mounts.mount("s3a://two", "/mnt/x", update=True)
    assert mounts.all() == {"/mnt/x": "s3a://two/"}
    mounts.unmount("/mnt/x")
    with pytest.raises(MountError, match="Directory not mounted: /mnt/x"):
        mounts.unmount("/mnt/x")


@pytest.mark.parametrize(
    "point", ["/", "/mnt", "/mnt/x/y", "/user/hive/warehouse", "/user", "/user/hive/warehouse/t"]
)
def test_mounts_do_not_lie_in_each_other(mounts: Mounts, point: str) -> None:
    mounts.mount("s3a://one", "/mnt/x")
    with pytest.raises(MountError, match="would lie in each other"):
        mounts.mount("s3a://two", point)
    mounts.mount("s3a://two", "/mnt/xy")
    assert mounts.all() == {"/mnt/x": "s3a://one/", "/mnt/xy": "s3a://two/"}
