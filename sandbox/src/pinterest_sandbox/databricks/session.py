"""The Spark session: PySpark with Delta, set up for one machine of few cores as Databricks sets up a cluster.

It mirrors DBR 17.3 LTS (Spark 4.0, Delta 4.0): Delta is the default table format, the session's time zone is
UTC, ``s3://`` and ``dbfs:/`` can be read. The JVM is tuned for a short life: most of the
time goes into compiling and planning, not into data.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from pinterest_sandbox.databricks.class_archive import class_archive as machine_class_archive
from pinterest_sandbox.databricks.dbfs import dbfs_settings
from pinterest_sandbox.databricks.python_worker import worker_python
from pinterest_sandbox.jars import JAVA_SOURCES, class_path, jar_folder

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

HOST = "127.0.0.1"


def build_session(
    *,
    warehouse: Path,
    metastore: str | None = None,
    s3_endpoint: str | None = None,
    scratch: Path | None = None,
    app_name: str = "pinterest-sandbox",
    master: str = "local[2]",
    memory: str = "2g",
    codegen: bool = False,
    default_dbfs: bool = False,
    class_archive: Path | None = None,
    record_class_archive: bool = False,
    extra: Mapping[str, str] | None = None,
) -> SparkSession:
    """Start a JVM in this process and give its first session; :func:`new_session` gives further ones.

    :param warehouse: folder of managed tables; made when it is missing.
    :param metastore: ``host:port`` of the shared Derby server; ``None`` keeps the catalog in memory, so that
        it ends with the session.
    :param s3_endpoint: URL that ``s3://`` and ``s3a://`` lead to, with the keys of ``AWS_ACCESS_KEY_ID`` and
        ``AWS_SECRET_ACCESS_KEY``; ``None`` leaves S3 unconfigured.
    :param scratch: folder of shuffle and temporary files; a folder beside the warehouse by default.
    :param app_name: shown in logs.
    :param master: Spark's master; the number in brackets is the number of tasks at a time.
    :param memory: heap limit of the JVM.
    :param codegen: whether Spark compiles queries to byte code. Off is faster for the short jobs of this
        machine and gives equal results; it is an internal switch of Spark.
    :param default_dbfs: whether paths without scheme are in ``dbfs:/``, as on Databricks, instead of local.
    :param class_archive: AppCDS file that speeds up the start, the machine's own by default; ignored when it
        does not exist.
    :param record_class_archive: write ``class_archive`` when the JVM ends instead of using it.
    :param extra: further Spark settings, which win over these.
    :returns: a session whose ``spark_catalog`` is Delta's catalog.
    """
    from pyspark.sql import SparkSession

    class_archive = class_archive or machine_class_archive()
    scratch = scratch or warehouse.with_name(f"{warehouse.name}-scratch")
    for folder in (warehouse, scratch):
        folder.mkdir(parents=True, exist_ok=True)
    # Python workers must be this interpreter, not whatever `python3` is on the machine.
    # Sources in Python are run by the one that is called the driver's.
    os.environ["PYSPARK_PYTHON"] = os.environ["PYSPARK_DRIVER_PYTHON"] = str(worker_python(scratch))
    os.environ["SPARK_LOCAL_IP"] = HOST
    # A JVM that only puts the command line of the other one together.
    os.environ.setdefault("SPARK_LAUNCHER_OPTS", "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC")
    settings = {
        "spark.app.name": app_name,
        "spark.master": master,
        "spark.driver.memory": memory,
        "spark.driver.extraClassPath": class_path(jar_folder("spark")),
        "spark.driver.extraJavaOptions": " ".join(
            _java_options(scratch, class_archive, record_class_archive)
        ),
        **_basics(warehouse, scratch),
        **_delta(),
        **(_codegen_off() if not codegen else {}),
        **dbfs_settings(warehouse),
        **({"spark.hadoop.fs.defaultFS": "dbfs:/"} if default_dbfs else {}),
        **(_hive(metastore, scratch) if metastore else {"spark.sql.catalogImplementation": "in-memory"}),
        **(_s3(s3_endpoint) if s3_endpoint else {}),
        **(extra or {}),
    }
    builder = SparkSession.builder
    for key, value in settings.items():
        builder = builder.config(key, value)
    session: SparkSession = builder.getOrCreate()
    return session


@contextlib.contextmanager
def new_session(root: SparkSession) -> Iterator[SparkSession]:
    """A session of its own for one run: settings and temporary views apart, the catalog shared.

    ``SparkSession.builder.getOrCreate()`` gives this session meanwhile, as it does in a Databricks notebook.
    Afterwards its streams are stopped and the cache, which all sessions share, is cleared.
    """
    from pyspark.sql import SparkSession

    session = root.newSession()
    before = SparkSession._instantiatedSession or root
    _make_current(session)
    try:
        yield session
    finally:
        _make_current(before)
        if session.sparkContext._jsc is not None:
            for query in session.streams.active:
                query.stop()
            session.catalog.clearCache()


def _make_current(session: SparkSession) -> None:
    from pyspark.sql import SparkSession

    SparkSession._instantiatedSession = SparkSession._activeSession = session
    if session.sparkContext._jsc is not None:
        sessions = SparkSession._get_j_spark_session_class(session._jvm)
        sessions.setDefaultSession(session._jsparkSession)
        sessions.setActiveSession(session._jsparkSession)


def _java_options(scratch: Path, archive: Path, record: bool) -> list[str]:
    """C1 and the serial collector cost least for short jobs on two cores."""
    options = [
        "-XX:+UseSerialGC",
        "-XX:TieredStopAtLevel=1",
        # C1 alone gets 48 MB by default; Spark fills that within minutes, and the JIT is off from then on.
        "-XX:ReservedCodeCacheSize=256m",
        "-Xss4m",
        f"-Djava.io.tmpdir={scratch}",
        f"-Dlog4j2.configurationFile={JAVA_SOURCES / 'spark' / 'log4j2.properties'}",
    ]
    if record:
        options += [f"-XX:ArchiveClassesAtExit={archive}", "-Xlog:cds=off", "-Xlog:cds+dynamic=off"]
    elif archive.exists():
        # A stale archive is no reason to complain, let alone to end.
        options += [f"-XX:SharedArchiveFile={archive}", "-Xshare:auto", "-Xlog:cds=off"]
    return options


def _basics(warehouse: Path, scratch: Path) -> dict[str, str]:
    return {
        "spark.driver.host": HOST,
        "spark.driver.bindAddress": HOST,
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.local.dir": str(scratch),
        "spark.sql.warehouse.dir": warehouse.as_uri(),
        "spark.sql.session.timeZone": "UTC",
        "spark.sql.shuffle.partitions": "2",
        "spark.sql.execution.arrow.pyspark.enabled": "true",
        # Our `kinesis` source is one of Python: for these Spark ends a run of Trigger.AvailableNow after a
        # batch that it repeats, and leaves the rest. Databricks' own source goes on.
        "spark.sql.streaming.triggerAvailableNowWrapper.enabled": "true",
        # With it each Column call asks the JVM several times for its place in the notebook, which an error
        # then names: half of the time that a plan takes to build. Tracebacks have the line anyway.
        "spark.python.sql.dataFrameDebugging.enabled": "false",
    }


def _delta() -> dict[str, str]:
    return {
        "spark.sql.extensions": "io.delta.sql.DeltaSparkSessionExtension",
        "spark.sql.catalog.spark_catalog": "org.apache.spark.sql.delta.catalog.DeltaCatalog",
        # Databricks makes a Delta table where no format is named.
        "spark.sql.sources.default": "delta",
        # 50 by default: a table's state of a few files would become 50 tasks.
        "spark.databricks.delta.snapshotPartitions": "1",
        # 10,000 by default: VACUUM makes as many tasks of each folder that it lists, a minute of nothing.
        "spark.sql.sources.parallelPartitionDiscovery.parallelism": "2",
    }


def _codegen_off() -> dict[str, str]:
    return {"spark.sql.codegen.wholeStage": "false", "spark.sql.codegen.factoryMode": "NO_CODEGEN"}


def _hive(metastore: str, scratch: Path) -> dict[str, str]:
    """One catalog for all Spark processes, in the Derby server at ``metastore``."""
    jdo = "spark.hadoop.javax.jdo.option"
    return {
        "spark.sql.catalogImplementation": "hive",
        f"{jdo}.ConnectionURL": f"jdbc:derby://{metastore}/metastore;create=true",
        f"{jdo}.ConnectionDriverName": "org.apache.derby.client.ClientAutoloadedDriver",
        "spark.hadoop.datanucleus.schema.autoCreateAll": "true",
        "spark.hadoop.hive.metastore.schema.verification": "false",
        # Delta keeps its own schema; Hive's objection to a replaced one is a stack trace in the log and
        # nothing else.
        "spark.hadoop.hive.metastore.disallow.incompatible.col.type.changes": "false",
        "spark.hadoop.hive.exec.scratchdir": (scratch / "hive").as_uri(),
        "spark.hadoop.hive.exec.local.scratchdir": str(scratch / "hive-local"),
    }


def _s3(endpoint: str) -> dict[str, str]:
    s3a = "spark.hadoop.fs.s3a"
    return {
        "spark.hadoop.fs.s3.impl": "org.apache.hadoop.fs.s3a.S3AFileSystem",
        "spark.hadoop.fs.s3n.impl": "org.apache.hadoop.fs.s3a.S3AFileSystem",
        f"{s3a}.endpoint": endpoint,
        f"{s3a}.endpoint.region": os.environ.get("AWS_DEFAULT_REGION", "us-east-1"),
        f"{s3a}.path.style.access": "true",
        f"{s3a}.connection.ssl.enabled": str(endpoint.startswith("https:")).lower(),
        f"{s3a}.aws.credentials.provider": "org.apache.hadoop.fs.s3a.SimpleAWSCredentialsProvider",
        f"{s3a}.access.key": os.environ.get("AWS_ACCESS_KEY_ID", ""),
        f"{s3a}.secret.key": os.environ.get("AWS_SECRET_ACCESS_KEY", ""),
    }
