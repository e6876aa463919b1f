"""
# The stream ingest

Cleans what came into the Kinesis streams since the last run and merges it into the stream tables, then
compares these with the batch tables.

**When.** Every 15 minutes, and by hand. One run at a time. `PINTEREST_STREAM_MODE` says how:
- `available_now`, the default: the notebook reads what is there when it begins, and ends.
- `continuous`: the notebook runs until it is cancelled. Each run of this DAG looks whether it does, starts it
  again from its checkpoints if not, and checks and compares what it has done so far. When a stream was made
  again meanwhile, it is cancelled and started with the new one. It goes on with the notebooks that it was
  started with: cancel its run in the workspace after an upgrade.

Only one notebook run writes at a time, whoever started it and in whichever mode: in `available_now` a
continuous run is cancelled first, any other is waited for, one of `pinterest_replay` as well; the log names
it.

**Params.** None. Example: `{}`.

**Needs.** `PINTEREST_DATABRICKS_COMPUTE`, `PINTEREST_DATABRICKS_WAREHOUSE_ID`; the streams that
`pinterest_provision_stream` makes; the connections `databricks_default`, `aws_default`.

**Writes.** Notebooks and SQL to the workspace, in a release folder that is never changed; checkpoints under
`_state/checkpoints/<t>/<creation of the stream>/`, kept as long as the stream lives; the tables
`<id>_<t>_table` and `<id>_<t>_quarantine`; a row an entity and micro-batch in `<id>_ledger`; events on the
three table assets with what this run was the first to count, in `continuous` with the totals of all runs
(`total_kept` and so on).

**When it fails.** Every task may be cleared at any time: no record comes into the tables twice.
- `find_streams`: `does not exist`: run `pinterest_provision_stream`.
- `run_notebook`: its run is linked. When a micro-batch has failed, the error names the entity, and the other
  streams have come to their end by then. Any other error, such as a stream that is gone, ends all of them at
  once. What was read is committed with each micro-batch, and the next run goes on behind it.
- `keep_running`: the notebook has failed twice in a row. It was started again, and the message has the error
  and the page of the run before. The task fails each time that this happens, and not while the notebook runs.
- `check_counts`: `do not agree`: its message has the counts; the tables are already merged. In `continuous`
  it looks for ten minutes first; its log shows at what. When the table has fewer rows than were kept, it was
  dropped: follow "A stream table that was dropped" in `docs/data.md`.
  `records are lost`: bursts have put them into a stream, and it was deleted, or its retention was over,
  before they were read. This is told by one run alone: post the keys again, and go on with the next run.
- `compare_tables` never fails for a difference: its log and result have the keys and columns. A key that was
  posted again to one path alone differs rightly.

**A stream that was deleted and made again** is read from its beginning with a checkpoint of its own. Records
of the old one that were not read are gone with it. Rows in the tables stay, and newer records of a key
replace them.
"""

from __future__ import annotations

from datetime import timedelta

from airflow.sdk import DAG, CronTriggerTimetable, chain

from cloud_operators.databricks.operators.keep_running import DatabricksKeepNotebookRunningOperator
from cloud_operators.databricks.operators.notebook import DatabricksRunNotebookOperator
from cloud_operators.databricks.operators.workspace import DatabricksPublishFolderOperator
from pinterest_pipeline.connections import DATABRICKS
from pinterest_pipeline.defaults import HEALING_RUNS, TIMED_RUNS, Tag, default_args, late_run_alerts
from pinterest_pipeline.entities import SMOKE_PARTITION_KEY, names
from pinterest_pipeline.notebook_runs import notebook_runs
from pinterest_pipeline.paths import PUBLISHED, include_folder
from pinterest_pipeline.settings import settings
from pinterest_pipeline.streaming import tasks

NAMES = names()
SETTINGS = settings()
RUNS = notebook_runs(NAMES.user_id)

with DAG(
    dag_id="pinterest_stream_ingest",
    dag_display_name="Pinterest: stream ingest",
    description="Records of the streams into the stream tables",
    doc_md=__doc__,
    # Without a start date and with no time to run immediately, unpausing does not start a run at once.
    schedule=CronTriggerTimetable("*/15 * * * *", timezone="UTC", run_immediately=timedelta(0)),
    catchup=False,
    allowed_run_types=(*TIMED_RUNS, *HEALING_RUNS),
    max_active_runs=1,
    default_args=default_args(),
    deadline=late_run_alerts("pinterest_stream_ingest", timedelta(hours=1)),
    tags=[Tag.PINTEREST, Tag.STREAM, Tag.SCHEDULED],
) as dag:
    publish_notebooks = DatabricksPublishFolderOperator(
        task_id="publish_notebooks",
        source_folder=str(include_folder()),
        include=PUBLISHED,
        workspace_root=SETTINGS.workspace_root,
        databricks_conn_id=DATABRICKS,
    )
    streams = tasks.find_streams()
    notebook = {
        "notebook_path": "{{ ti.xcom_pull(task_ids='publish_notebooks') }}/spark/notebooks/stream_ingest",
        "compute": SETTINGS.databricks_compute,
        "databricks_conn_id": DATABRICKS,
        "parameters": {
            "user_id": NAMES.user_id,
            "catalog": NAMES.catalog,
            "schema": NAMES.schema,
            "streams": streams["streams"],
            "region": streams["region"],
            "checkpoints": f"{NAMES.state_root}/checkpoints",
            "leave_out": SMOKE_PARTITION_KEY,
            "mode": SETTINGS.stream_mode,
            "run_id": "{{ run_id }}",
        },
        "polling_period_seconds": 2,
        # Of the notebook, and of the wait for another run of it.
        "execution_timeout": timedelta(hours=4),
    }
    # Two runs would write from the same checkpoints, and a replay writes the same tables: each knows the
    # others by their names.
    run_notebook = DatabricksRunNotebookOperator(
        task_id="run_notebook",
        run_name=RUNS.stream,
        waits_for=[RUNS.stream, RUNS.replay],
        replaces=[RUNS.continuous],
        **notebook,
    )
    keep_running = DatabricksKeepNotebookRunningOperator(
        task_id="keep_running",
        run_name=RUNS.continuous,
        waits_for=[RUNS.stream, RUNS.replay],
        replace_on_change=["streams", "checkpoints"],
        **notebook,
    )
    check_counts = tasks.check_counts()
    compare_tables = tasks.compare_tables()

    choose_mode = tasks.choose_mode()
    chain(tasks.check_settings(), [publish_notebooks, streams], choose_mode)
    chain(choose_mode, [run_notebook, keep_running], check_counts, compare_tables)
    tasks.publish_tables(check_counts, compare_tables)
