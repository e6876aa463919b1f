"""``dbfs:/`` of the workspace: a folder of this machine in which the warehouse and mounted buckets are seen.

Hadoop's view file system does it: every path of Spark, Delta, SQL and ``dbutils.fs`` means the same. Mounts
are links in the Hadoop configuration, which is read anew with each file system, as it is not cached.
https://hadoop.apache.org/docs/r3.4.1/hadoop-project-dist/hadoop-hdfs/ViewFsOverloadScheme.html
"""

from __future__ import annotations

from pathlib import Path

#: Where Databricks has the managed tables of the Hive metastore.
WAREHOUSE = "/user/hive/warehouse"
#: What a workspace has from the beginning; files are uploaded into the first.
_FOLDERS = ("FileStore/tables", "tmp")
_TABLE = "fs.viewfs.mounttable.dbfs"


def dbfs_folder(warehouse: Path) -> Path:
    """The folder that is ``dbfs:/``, beside the warehouse."""
    return warehouse.parent / "dbfs"


def link(point: str) -> str:
    """The setting of Hadoop that makes the path ``point`` lead elsewhere."""
    return f"{_TABLE}.link.{point}"


def dbfs_settings(warehouse: Path) -> dict[str, str]:
    """Settings of Spark for ``dbfs:/``; its folders are made when they are missing."""
    root = dbfs_folder(warehouse)
    for folder in _FOLDERS:
        (root / folder).mkdir(parents=True, exist_ok=True)
    hadoop = {
        "fs.dbfs.impl": "org.apache.hadoop.fs.viewfs.ViewFileSystemOverloadScheme",
        "fs.dbfs.impl.disable.cache": "true",
        # Those behind the links are cached, each once for the process.
        "fs.viewfs.enable.inner.cache": "false",
        # Without checksum files, so that files can be put into the folder and replaced in it by hand.
        "fs.viewfs.overload.scheme.target.dbfs.impl": "org.apache.hadoop.fs.RawLocalFileSystem",
        "fs.viewfs.mounttable.default.name.key": "dbfs",
        link(WAREHOUSE): warehouse.as_uri(),
        f"{_TABLE}.linkFallback": f"dbfs://{root}",
    }
    return {
        **{f"spark.hadoop.{name}": value for name, value in hadoop.items()},
        # Delta knows no store of its log for this scheme: a commit is a file renamed into its place.
        "spark.delta.logStore.dbfs.impl": "io.delta.storage.LocalLogStore",
    }
