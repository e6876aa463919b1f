"""``dbfs:/`` and mounted buckets: the same for notebooks, SQL statements and Python's file functions."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from uuid import uuid4

import boto3
import pytest

from tests.running_sandbox import RunningSandbox
from tests.sandbox.databricks.client import WorkspaceClient


@pytest.fixture
def bucket(sandbox: RunningSandbox) -> Iterator[str]:
    """A bucket with one object."""
    name = f"test-{uuid4().hex}"
    s3 = boto3.client(
        "s3",
        endpoint_url=sandbox.environment["AWS_ENDPOINT_URL"],
        region_name="us-east-1",
        aws_access_key_id=sandbox.environment["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=sandbox.environment["AWS_SECRET_ACCESS_KEY"],
    )
    s3.create_bucket(Bucket=name)
    s3.put_object(
        Bucket=name, Key="topics/x.pin/partition=0/x.pin+0+0000000000.json", Body=b'{"n": 1}\n{"n": 2}\n'
    )
    yield name
    for item in s3.list_objects_v2(Bucket=name)["Contents"]:
        s3.delete_object(Bucket=name, Key=item["Key"])
    s3.delete_bucket(Bucket=name)


@pytest.fixture
def point(workspace: WorkspaceClient) -> Iterator[str]:
    """A mount point that is unmounted afterwards."""
    name = f"/mnt/{uuid4().hex}"
    yield name
    unmount = f"if any(m.mountPoint == '{name}' for m in dbutils.fs.mounts()): dbutils.fs.unmount('{name}')"
    workspace.result(workspace.notebook(unmount, "dbutils.notebook.exit('unmounted')", name="unmount.py"))


def error(workspace: WorkspaceClient, *cells: str) -> str:
    """How a notebook fails."""
    run = workspace.wait(workspace.submit(workspace.notebook(*cells, name="failing.py")))
    return str(workspace.output(run)["error"])


def test_mount_is_of_the_whole_workspace(workspace: WorkspaceClient, bucket: str, point: str) -> None:
    mounted = workspace.notebook(
        f"dbutils.fs.mount('s3a://{bucket}', '{point}')",
        f"dbutils.notebook.exit([f.name for f in dbutils.fs.ls('{point}')])",
    )
    assert workspace.result(mounted) == "['topics/']"

    folder = f"{point}/topics/x.pin/partition=0"
    read = workspace.notebook(
        f"counts = [spark.read.json(scheme + '{folder}/*.json').count() for scheme in ('', 'dbfs:')]",
        f"lines = spark.read.text('dbfs:{folder}/').count()",
        f"sources = [m.source for m in dbutils.fs.mounts() if m.mountPoint == '{point}']",
        "dbutils.notebook.exit((counts, lines, sources))",
    )
    assert workspace.result(read) == f"([2, 2], 2, ['s3a://{bucket}/'])"
    assert workspace.rows(f"SELECT sum(n) FROM json.`{folder}`") == [["3"]]

    again = error(workspace, f"dbutils.fs.mount('s3a://{bucket}', '{point}')")
    assert again == f"MountError: requirement failed: Directory already mounted: {point}"
    path = workspace.notebook(
        f"dbutils.fs.updateMount('s3n://KEY:SE%2FCRET@{bucket}/topics', '{point}')",
        f"found = [f.name for f in dbutils.fs.ls('{point}')]",
        f"dbutils.fs.unmount('{point}')",
        "dbutils.notebook.exit(found)",
    )
    assert workspace.result(path) == "['x.pin/']"
    gone = workspace.statement(f"SELECT * FROM json.`{folder}`")["status"]["error"]["message"]
    assert gone.startswith("[PATH_NOT_FOUND]")
    assert "Directory not mounted" in error(workspace, f"dbutils.fs.unmount('{point}')")


def test_bucket_that_does_not_exist_is_not_mounted(workspace: WorkspaceClient, point: str) -> None:
    refused = error(workspace, f"dbutils.fs.mount('s3a://no-such-bucket', '{point}')")
    assert refused.startswith("MountError: s3a://no-such-bucket can't be listed")
    assert "does not exist" in refused
    assert "java.io.FileNotFoundException" in error(workspace, f"dbutils.fs.ls('{point}')")


def test_tables_and_streams_in_a_mounted_bucket(workspace: WorkspaceClient, bucket: str, point: str) -> None:
    table = f"t{uuid4().hex}"
    path = workspace.notebook(
        f"dbutils.fs.mount('s3a://{bucket}', '{point}')",
        f"spark.range(3).write.format('delta').save('{point}/made')",
        f"from delta.tables import DeltaTable\nDeltaTable.forPath(spark, '{point}/made').delete('id = 0')",
        f"spark.sql(\"CREATE TABLE {table} USING delta LOCATION '{point}/made'\")",
        f"copy = spark.readStream.format('delta').load('dbfs:{point}/made').writeStream",
        f"copy = copy.option('checkpointLocation', '{point}/checkpoint').trigger(availableNow=True)\n"
        f"copy.start('{point}/copy').awaitTermination()",
        f"pins = spark.read.schema('n INT').json('{point}/topics/x.pin/')\npins.write.csv('{point}/out')",
        f"dbutils.notebook.exit([spark.read.format('delta').load('s3n://{bucket}/copy').count(),"
        f" spark.table('{table}').count(), len(dbutils.fs.ls('{point}/checkpoint/offsets'))])",
    )
    assert workspace.result(path) == "[2, 2, 1]"
    assert workspace.rows(f"SELECT min(id) FROM {table}") == [["1"]]
    workspace.rows(f"DROP TABLE {table}")


def test_paths_without_scheme_are_in_dbfs(workspace: WorkspaceClient, sandbox: RunningSandbox) -> None:
    name = uuid4().hex
    path = workspace.notebook(
        f"dbutils.fs.put('/FileStore/tables/{name}.csv', 'n\\n1\\n')",
        # Replaced by other means: no checksum of the old content stands in the way.
        f"with open('/dbfs/FileStore/tables/{name}.csv', 'a') as file:\n    file.write('2\\n')",
        f"read = spark.read.option('header', True).csv('/FileStore/tables/{name}.csv')",
        f"read.write.format('delta').save('/tmp/{name}')",
        f"import pandas as pd\nfound = pd.read_csv('/dbfs/FileStore/tables/{name}.csv')['n'].tolist()",
        f"dbutils.fs.mkdirs('/FileStore/{name}')\n"
        f"dbutils.fs.cp('/FileStore/tables/{name}.csv', '/FileStore/{name}/a.csv')\n"
        f"dbutils.fs.mv('/FileStore/{name}', 'dbfs:/FileStore/tables/{name}', recurse=True)\n"
        f"head = dbutils.fs.head('/FileStore/tables/{name}/a.csv', 3)",
        f"count = spark.sql('SELECT count(*) FROM delta.`/tmp/{name}`').first()[0]\n"
        f"dbutils.fs.rm('/tmp/{name}', True)\n"
        "dbutils.notebook.exit((found, head, count))",
    )
    assert workspace.result(path) == "([1, 2], 'n\\n1', 2)"
    tables = sandbox.home / "dbfs" / "FileStore" / "tables"
    assert (tables / f"{name}.csv").read_text() == (tables / name / "a.csv").read_text() == "n\n1\n2\n"
    assert not (sandbox.home / "dbfs" / "tmp" / name).exists()
    (tables / f"{name}.csv").unlink()
    shutil.rmtree(tables / name)


@pytest.mark.parametrize(
    "name", ["12b287eedf6d_pin_table", "0e35b2767b53_t", "12e5_t", "1234567890_t", "9d_t"]
)
def test_names_of_tables_may_begin_with_a_digit(workspace: WorkspaceClient, name: str) -> None:
    path = workspace.notebook(
        f"spark.range(2).write.mode('overwrite').saveAsTable('{name}')",
        f"spark.sql('INSERT INTO {name} VALUES (7)')",
        f"# MAGIC %sql\n# MAGIC SELECT max(id) AS id FROM {name}",
        f"dbutils.notebook.exit((spark.table('{name}').count(), spark.read.table('default.{name}').count(),"
        " _sqldf.first().id))",
    )
    assert workspace.result(path) == "(3, 3, 7)"
    assert workspace.rows(f"SELECT count(*) FROM {name}") == [["3"]]
    workspace.rows(f"DROP TABLE {name}")
