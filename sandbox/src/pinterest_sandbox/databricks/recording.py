"""Records, once for a machine, what makes every later start of Spark quick.

One Spark process does a little of everything and leaves two things in the cache: an archive of the classes
that it loaded (AppCDS; the JVM then needs half the time to its first query) and the empty schema of a
metastore, which costs several seconds to create. ``python -m pinterest_sandbox.databricks.recording <archive>
<schema>`` is that process.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pinterest_sandbox.databricks.class_archive import class_archive, metastore_schema
from pinterest_sandbox.databricks.rehearsal import read_lines, statements

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

#: Seconds after which a recording is given up.
LIMIT = 600.0
_EMBEDDED = {
    "spark.hadoop.javax.jdo.option.ConnectionURL": "jdbc:derby:metastore;create=true",
    "spark.hadoop.javax.jdo.option.ConnectionDriverName": "org.apache.derby.jdbc.EmbeddedDriver",
    # S3's client is made, and its classes loaded, without a request.
    "spark.hadoop.fs.s3a.bucket.probe": "0",
}


def record_once() -> None:
    """Make what the cache lacks; a failure is reported and costs only the time that it would have saved."""
    archive, schema = class_archive(), metastore_schema()
    archive.parent.mkdir(parents=True, exist_ok=True)
    with open(archive.parent / "spark.lock", "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if archive.exists() and schema.exists():
            return
        command = [
            sys.executable,
            "-P",
            "-m",
            "pinterest_sandbox.databricks.recording",
            str(archive),
            str(schema),
        ]
        try:
            done = subprocess.run(
                command, capture_output=True, text=True, timeout=LIMIT, check=False, stdin=subprocess.DEVNULL
            )
        except subprocess.TimeoutExpired:
            print(f"no class archive for Spark: not recorded after {LIMIT:g} s", file=sys.stderr)
            return
        if done.returncode:
            print(f"no class archive for Spark:\n{done.stderr[-2000:]}", file=sys.stderr)


def main() -> None:
    """Record into the two places given as arguments."""
    archive, schema = Path(sys.argv[1]), Path(sys.argv[2])
    with tempfile.TemporaryDirectory(prefix="spark-recording-") as name:
        folder = Path(name)
        # Embedded Derby writes into the working directory.
        os.chdir(folder)
        recorded = folder / archive.name
        _record(folder, recorded)
        for lock in folder.glob("metastore/*.lck"):
            lock.unlink()
        _keep(folder / "metastore", schema)
        _keep(recorded, archive)


def _record(folder: Path, archive: Path) -> None:
    from pyspark import SparkContext

    from pinterest_sandbox.databricks.session import build_session

    session = build_session(
        warehouse=folder / "warehouse",
        metastore="embedded",
        s3_endpoint="http://127.0.0.1:1",
        class_archive=archive,
        record_class_archive=True,
        extra=_EMBEDDED,
    )
    _work(session, folder)
    _empty_metastore(session._jvm)
    gateway: Any = SparkContext._gateway
    session.stop()
    # The archive is written when the JVM ends, which it does with its standard input.
    gateway.proc.stdin.close()
    gateway.proc.wait()


def _work(session: SparkSession, folder: Path) -> None:
    for statement in [*statements("a", "b"), "DROP TABLE a", "DROP TABLE b"]:
        session.newSession().sql(statement).collect()
    read_lines(session, folder)
    java: Any = session._jvm
    java.org.apache.hadoop.fs.Path("s3a://bucket/").getFileSystem(session._jsc.hadoopConfiguration())
    java.java.lang.Class.forName("org.apache.derby.client.ClientAutoloadedDriver")


def _empty_metastore(java: Any) -> None:
    """Leave the schema only: the default database holds the place of this run's warehouse."""
    from py4j.protocol import Py4JJavaError

    connection = java.java.sql.DriverManager.getConnection("jdbc:derby:metastore", "APP", "mine")
    for table in ("DATABASE_PARAMS", "DBS"):
        connection.createStatement().executeUpdate(f"DELETE FROM {table}")
    connection.close()
    with contextlib.suppress(Py4JJavaError):
        # Derby says by an exception that it has shut down.
        java.java.sql.DriverManager.getConnection("jdbc:derby:;shutdown=true")


def _keep(source: Path, target: Path) -> None:
    """Move to its place in one step, also from another file system."""
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_name(f"{target.name}.partial")
    if source.is_dir():
        shutil.rmtree(partial, ignore_errors=True)
        shutil.copytree(source, partial)
        shutil.rmtree(target, ignore_errors=True)
    else:
        shutil.copyfile(source, partial)
    partial.replace(target)


if __name__ == "__main__":
    main()
