"""Runs of notebooks, through the provider's hook and through plain HTTP."""

from __future__ import annotations

import asyncio
import json
import os
import signal
from uuid import uuid4

import boto3
import psutil
import pytest
from airflow.providers.databricks.hooks.databricks import DatabricksHook

from pinterest_sandbox.waiting import NotReady, wait_until
from tests.running_sandbox import RunningSandbox
from tests.sandbox.databricks.client import WorkspaceClient


def test_provider_hook_runs_a_notebook_and_gets_its_exit_value(
    workspace: WorkspaceClient, hook: DatabricksHook
) -> None:
    path = workspace.notebook(
        'dbutils.widgets.text("who", "nobody")\ndbutils.widgets.text("left", "default")',
        'dbutils.notebook.exit(dbutils.widgets.get("who") + " " + dbutils.widgets.get("left"))',
    )
    assert hook.test_connection() == (True, "Connection successfully tested")
    run_id = hook.submit_run(
        {
            "run_name": "greeting",
            "new_cluster": {
                "spark_version": "17.3.x-scala2.13",
                "node_type_id": "m5.large",
                "num_workers": 1,
            },
            "notebook_task": {"notebook_path": path, "base_parameters": {"who": "Ada"}},
        }
    )
    workspace.wait(run_id)

    assert hook.get_run_state(run_id).is_successful
    [task] = hook.get_run(run_id)["tasks"]
    assert task["task_key"] == "greeting"
    assert hook.get_run_output(task["run_id"])["notebook_output"] == {
        "result": "Ada default",
        "truncated": False,
    }


async def async_run_state(hook: DatabricksHook, run_id: int) -> str:
    async with hook:
        return (await hook.a_get_run_state(run_id)).life_cycle_state


def test_provider_hook_polls_asynchronously(workspace: WorkspaceClient, hook: DatabricksHook) -> None:
    """The async hook sends a ``GET`` with its values in a JSON body."""
    run_id = workspace.submit(workspace.notebook("1 + 1"))
    workspace.wait(run_id)
    assert asyncio.run(async_run_state(hook, run_id)) == "TERMINATED"


def test_error_of_a_notebook_has_its_message_and_line(workspace: WorkspaceClient) -> None:
    path = workspace.notebook(
        "first = 1", "# a comment\n\ndef fail():\n    raise ValueError('no <pin>')\n\nfail()"
    )
    run = workspace.wait(workspace.submit(path))

    assert run["state"]["result_state"] == "FAILED"
    assert run["state"]["life_cycle_state"] == "INTERNAL_ERROR"
    assert run["tasks"][0]["state"] == {
        "life_cycle_state": "TERMINATED",
        "result_state": "FAILED",
        "state_message": "Workload failed, see run output for details",
    }
    output = workspace.output(run)
    assert output["error"] == "ValueError: no <pin>"
    # The file: header, cell 1, separator, then the second cell from line 4.
    assert f'File "{path}", line 9, in <module>' in output["error_trace"]
    assert f'File "{path}", line 7, in fail\n    raise ValueError' in output["error_trace"]


def test_error_of_spark_is_named(workspace: WorkspaceClient) -> None:
    path = workspace.notebook('spark.table("no_such_table").count()')
    error = workspace.output(workspace.wait(workspace.submit(path)))["error"]
    assert error.startswith("AnalysisException: [TABLE_OR_VIEW_NOT_FOUND]")


def test_exit_of_python_ends_the_notebook_not_its_worker(workspace: WorkspaceClient) -> None:
    before = workspace.workers()["notebook"]["pid"]
    run = workspace.wait(workspace.submit(workspace.notebook("import sys\nspark.range(1)", "sys.exit(1)")))

    assert run["tasks"][0]["state"]["life_cycle_state"] == "TERMINATED"
    assert run["tasks"][0]["state"]["result_state"] == "FAILED"
    assert workspace.output(run)["error"] == "SystemExit: 1"
    assert workspace.workers()["notebook"]["pid"] == before


def test_text_without_bytes_in_utf8(workspace: WorkspaceClient) -> None:
    path = workspace.notebook("print('\\ud800')\ndbutils.notebook.exit(dbutils.widgets.get('p'))")
    assert workspace.result(path, {"p": "\ud800"}) == "\ud800"
    bad = workspace.notebook("spark.sql(\"SELECT '\\ud800'\")", name="bad.py")
    run = workspace.wait(workspace.submit(bad))
    assert run["state"]["result_state"] == "FAILED"
    assert workspace.result(path, {"p": "next"}) == "next"


def test_notebook_that_does_not_exist(workspace: WorkspaceClient) -> None:
    run = workspace.wait(workspace.submit("/Shared/missing"))
    assert run["state"]["result_state"] == "FAILED"
    assert "Notebook not found: /Shared/missing" in workspace.output(run)["error"]


def test_unsupported_cell_is_refused_by_name(workspace: WorkspaceClient) -> None:
    path = workspace.notebook("print(1)", "# MAGIC %sh\n# MAGIC ls")
    output = workspace.output(workspace.wait(workspace.submit(path)))
    assert "line 4: %sh cells are not supported" in output["error"]


def test_cancelled_run_stops_its_work(workspace: WorkspaceClient) -> None:
    mark = f"dbfs:/tmp/{uuid4().hex}"
    running = workspace.submit(
        workspace.notebook(f'import time\ndbutils.fs.put("{mark}", "begun")\ntime.sleep(600)')
    )
    workspace.wait(running, life_cycle="RUNNING")
    worker = psutil.Process(workspace.worker_of(running))
    below = worker.children(recursive=True)

    workspace.post("2.2/jobs/runs/cancel", run_id=running)

    run = workspace.wait(running)
    assert run["state"]["result_state"] == "CANCELED"
    assert run["tasks"][0]["state"]["result_state"] == "CANCELED"
    _, alive = psutil.wait_procs([worker, *below], timeout=10)
    assert alive == []
    assert workspace.result(workspace.notebook('dbutils.notebook.exit("next")')) == "next"


@pytest.mark.parametrize("victim", ["worker", "jvm"])
def test_run_ends_when_its_worker_is_killed(workspace: WorkspaceClient, victim: str) -> None:
    run_id = workspace.submit(workspace.notebook("import time\ntime.sleep(600)"))
    workspace.wait(run_id, life_cycle="RUNNING")
    worker = psutil.Process(workspace.worker_of(run_id))
    jvm = next(child for child in worker.children(recursive=True) if child.name() == "java")
    os.kill(worker.pid if victim == "worker" else jvm.pid, signal.SIGKILL)

    run = workspace.wait(run_id, limit=20)
    assert run["state"]["result_state"] == "FAILED"
    state = run["tasks"][0]["state"]
    assert state["life_cycle_state"] == "INTERNAL_ERROR"
    expected = "killed (SIGKILL)" if victim == "worker" else "Spark's JVM ended unexpectedly"
    assert expected in state["state_message"]
    assert expected in workspace.output(run)["error"]
    assert workspace.result(workspace.notebook('dbutils.notebook.exit("next")')) == "next"


def test_notebook_that_stops_spark_harms_only_itself(workspace: WorkspaceClient) -> None:
    workspace.wait(workspace.submit(workspace.notebook("spark.stop()")))
    path = workspace.notebook("dbutils.notebook.exit(spark.range(3).count())")
    assert workspace.result(path) == "3"


def test_same_token_gives_the_same_run(workspace: WorkspaceClient) -> None:
    path, token = workspace.notebook("1"), uuid4().hex
    first = workspace.submit(path, idempotency_token=token)
    assert workspace.submit(path, idempotency_token=token) == first
    assert workspace.submit(path, idempotency_token=uuid4().hex) != first


def test_run_over_its_time_limit(workspace: WorkspaceClient) -> None:
    task = {
        "task_key": "slow",
        "timeout_seconds": 1,
        "notebook_task": {"notebook_path": workspace.notebook("import time\ntime.sleep(600)")},
    }
    run_id = workspace.post("2.2/jobs/runs/submit", tasks=[task])["run_id"]
    assert workspace.wait(run_id)["tasks"][0]["state"]["result_state"] == "TIMEDOUT"


def test_tasks_run_after_those_they_depend_on(workspace: WorkspaceClient) -> None:
    good = workspace.notebook('dbutils.notebook.exit("good")', name="good.py")
    bad = workspace.notebook("raise RuntimeError('bad')", name="bad.py")
    tasks = [
        {"task_key": "never", "notebook_task": {"notebook_path": good}, "depends_on": [{"task_key": "bad"}]},
        {"task_key": "bad", "notebook_task": {"notebook_path": bad}, "depends_on": [{"task_key": "good"}]},
        {"task_key": "good", "notebook_task": {"notebook_path": good}},
    ]
    run = workspace.wait(workspace.post("2.1/jobs/runs/submit", tasks=tasks)["run_id"])
    results = {task["task_key"]: task["state"]["result_state"] for task in run["tasks"]}
    assert results == {"good": "SUCCESS", "bad": "FAILED", "never": "UPSTREAM_FAILED"}
    assert run["state"]["state_message"].startswith("Task bad failed with message: Workload failed")

    refused = workspace.call("GET", "2.2/jobs/runs/get-output", params={"run_id": run["run_id"]})
    assert refused.status_code == 400
    assert refused.json()["error_code"] == "INVALID_PARAMETER_VALUE"


def test_only_published_modules_are_found_and_always_the_newest(workspace: WorkspaceClient) -> None:
    for folder in ("lib", "notebooks"):
        workspace.post("2.0/workspace/mkdirs", path=f"{workspace.folder}/{folder}")
    workspace.publish(
        "lib/greeting.py", "from pathlib import Path\n\nTEXT = 'old'\nHERE = Path(__file__).name\n"
    )
    path = workspace.notebook(
        "import importlib.util, os, sys\nsys.path.insert(0, os.path.abspath('..'))",
        "from lib import greeting",
        "found = [name for name in ('pinterest_sandbox', 'pinterest_pipeline', 'tests')"
        " if importlib.util.find_spec(name)]",
        "dbutils.notebook.exit(' '.join([greeting.TEXT, greeting.HERE, *found]))",
        name="notebooks/imports.py",
    )
    assert workspace.result(path) == "old greeting.py"
    workspace.publish("lib/greeting.py", "TEXT = 'new'\nHERE = 'there'\n")
    assert workspace.result(path) == "new there"


def test_reads_and_writes_s3(workspace: WorkspaceClient, sandbox: RunningSandbox) -> None:
    bucket = f"test-{uuid4().hex}"
    s3 = boto3.client(
        "s3",
        endpoint_url=sandbox.environment["AWS_ENDPOINT_URL"],
        region_name="us-east-1",
        aws_access_key_id=sandbox.environment["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=sandbox.environment["AWS_SECRET_ACCESS_KEY"],
    )
    s3.create_bucket(Bucket=bucket)
    s3.put_object(Bucket=bucket, Key="in/a.json", Body=b'{"n": 1}\n{"n": 2}\n')
    path = workspace.notebook(
        f'rows = spark.read.schema("n INT").json("s3://{bucket}/in/")\n'
        f'rows.selectExpr("n * 10 AS n").coalesce(1).write.json("s3a://{bucket}/out")',
        f'print(dbutils.fs.head("s3://{bucket}/in/a.json"))',
        f'dbutils.fs.put("s3://{bucket}/out/note.txt", "Grüße", overwrite=True)\n'
        f'dbutils.fs.rm("s3://{bucket}/in/", recurse=True)',
        f'files = dbutils.fs.ls("s3://{bucket}/out")\n'
        "dbutils.notebook.exit([(file.name, file.size) for file in files if file.size < 10])",
    )
    assert workspace.result(path) == "[('_SUCCESS', 0), ('note.txt', 7)]"
    listed = [found["Key"] for found in s3.list_objects_v2(Bucket=bucket)["Contents"]]
    [part] = [key for key in listed if key.startswith("out/part-")]
    assert s3.get_object(Bucket=bucket, Key=part)["Body"].read() == b'{"n":10}\n{"n":20}\n'
    assert s3.get_object(Bucket=bucket, Key="out/note.txt")["Body"].read().decode() == "Grüße"
    assert not any(key.startswith("in/a") for key in listed)


def test_dbfs_shows_the_warehouse(workspace: WorkspaceClient) -> None:
    table = f"t{uuid4().hex}"
    path = workspace.notebook(
        f'spark.range(3).write.saveAsTable("{table}")',
        f'names = [f.name for f in dbutils.fs.ls("dbfs:/user/hive/warehouse/{table}")]',
        f'count = spark.read.format("delta").load("dbfs:/user/hive/warehouse/{table}").count()',
        f'spark.sql("DROP TABLE {table}")\ndbutils.notebook.exit(("_delta_log/" in names, count))',
    )
    assert workspace.result(path) == "(True, 3)"


def test_notebooks_run_and_include_others(workspace: WorkspaceClient) -> None:
    workspace.notebook('dbutils.notebook.exit("got " + dbutils.widgets.get("n"))', name="other.py")
    workspace.notebook('included = dbutils.widgets.get("mode") + "!"', name="common.py")
    path = workspace.notebook(
        '# MAGIC %run ./common $mode="fast"',
        'other = dbutils.notebook.run("other", 60, {"n": 7})',
        'dbutils.notebook.exit(f"{included} {other}")',
    )
    assert workspace.result(path) == "fast! got 7"


def test_notebook_run_by_another_keeps_to_its_time(workspace: WorkspaceClient) -> None:
    workspace.notebook("while True: pass", name="endless.py")
    path = workspace.notebook('dbutils.notebook.run("endless", 1)')
    error = workspace.output(workspace.wait(workspace.submit(path)))["error"]
    assert error.startswith("NotebookFailed")
    assert "not ended after 1 s" in error


def test_sql_cells_take_widgets_and_leave_their_result(workspace: WorkspaceClient) -> None:
    path = workspace.notebook(
        'dbutils.widgets.text("least", "2")',
        "# MAGIC %sql\n# MAGIC CREATE TEMPORARY VIEW n AS SELECT explode(array(1, 2, 3)) AS v; -- a; b\n"
        "# MAGIC SELECT v FROM n WHERE v >= CAST(:least AS INT) ORDER BY v",
        "dbutils.notebook.exit([row.v for row in _sqldf.collect()])",
    )
    assert workspace.result(path) == "[2, 3]"


def test_secrets_of_the_workspace(workspace: WorkspaceClient, sandbox: RunningSandbox) -> None:
    secrets = sandbox.home / "databricks" / "secrets.json"
    before = secrets.read_text() if secrets.exists() else None
    secrets.write_text(json.dumps({"aws": {"key": "hidden"}}))
    try:
        good = workspace.notebook('dbutils.notebook.exit(len(dbutils.secrets.get("aws", "key")))')
        assert workspace.result(good) == "6"
        bad = workspace.notebook('dbutils.secrets.get(scope="aws", key="other")', name="bad.py")
        error = workspace.output(workspace.wait(workspace.submit(bad)))["error"]
        assert error == "SecretNotFound: Secret does not exist with scope: aws and key: other"
    finally:
        secrets.unlink() if before is None else secrets.write_text(before)


def test_pages_show_a_run_with_everything_escaped(workspace: WorkspaceClient) -> None:
    path = workspace.notebook("print('<script>alert(1)</script>')", "dbutils.notebook.exit('<b>done</b>')")
    run = workspace.wait(workspace.submit(path, {"p": "<i>"}))
    page = workspace.call("GET", f"../jobs/{run['job_id']}/runs/{run['run_id']}")
    assert page.url == run["run_page_url"]
    for text in ("&lt;script&gt;alert(1)&lt;/script&gt;", "&lt;b&gt;done&lt;/b&gt;", "&lt;i&gt;", "SUCCESS"):
        assert text in page.text
    assert "<script" not in page.text
    assert "<b>done" not in page.text
    assert f"/runs/{run['run_id']}" in workspace.call("GET", "..").text


def test_list_has_the_newest_first_in_pages(workspace: WorkspaceClient) -> None:
    path = workspace.notebook("1")
    ids = [workspace.submit(path) for _ in range(2)]
    first = workspace.get("2.2/jobs/runs/list", limit=1)
    assert [run["run_id"] for run in first["runs"]] == [ids[1]]
    second = workspace.get("2.2/jobs/runs/list", limit=1, page_token=first["next_page_token"])
    assert [run["run_id"] for run in second["runs"]] == [ids[0]]
    workspace.wait(ids[1])

    def none_active() -> None:
        active = workspace.get("2.2/jobs/runs/list", active_only="true").get("runs", [])
        if {run["run_id"] for run in active} & set(ids):
            raise NotReady("still active")

    wait_until(none_active, what="runs ended", timeout=60)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"tasks": [{"task_key": "a", "spark_python_task": {}}]}, "exactly a notebook_task"),
        ({"notebook_task": {"notebook_path": "relative"}}, "absolute path"),
        ({"notebook_task": {"notebook_path": "/n"}, "idempotency_token": "x" * 65}, "at most 64"),
        ({"notebook_task": {"notebook_path": "/n", "base_parameters": {"p": [1]}}}, "base_parameters.p"),
        (
            {
                "tasks": [
                    {
                        "task_key": "a",
                        "notebook_task": {"notebook_path": "/n"},
                        "depends_on": [{"task_key": "b"}],
                    }
                ]
            },
            "unknown task",
        ),
    ],
    ids=["other-task", "relative-path", "long-token", "nested-parameter", "unknown-dependency"],
)
def test_bad_submission_is_refused(workspace: WorkspaceClient, body: dict[str, object], message: str) -> None:
    refused = workspace.call("POST", "2.2/jobs/runs/submit", json=body)
    assert refused.status_code == 400
    assert message in refused.json()["message"]


def test_unknown_run(workspace: WorkspaceClient) -> None:
    refused = workspace.call("GET", "2.2/jobs/runs/get", params={"run_id": 1})
    assert (refused.status_code, refused.json()) == (
        400,
        {"error_code": "INVALID_PARAMETER_VALUE", "message": "Run 1 does not exist."},
    )
