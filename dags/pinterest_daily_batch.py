"""
# The daily batch run

Cleans what has landed since the last run and merges it into the batch tables.

**When.** Every day at 01:00 UTC, and by hand. One run at a time. A missed day needs nothing: the next run
reads on from where the last one ended.

**Params.** Example: `{"full_refresh": false}`. `full_refresh` reads the whole landing again, from offset 0;
tables end up the same, unless the cleaning was changed.

**Needs.** `PINTEREST_DATABRICKS_COMPUTE`, `PINTEREST_DATABRICKS_WAREHOUSE_ID`; the connections
`databricks_default`, `kafka_default`, `aws_default`.

**Writes.** Notebooks and SQL to the workspace, in a release folder that is never changed; the manifest
`_state/manifests/<run>-<hash>.json`; `_state/checked.json`, how far the quality checks have passed; tables
`<id>_<t>_batch`, `<id>_<t>_quarantine`, `<id>_ingest_positions` and `<id>_ledger`; events with counts on the
three table assets, which start `pinterest_materialise_results`.

**When it fails.** Every task may be cleared at any time: no line comes into the tables twice, and a notebook
run that has succeeded keeps its result.
- `wait_for_sink`: the connector is not running or does not keep up. Dead letters are not waited for.
- `write_manifest`: `was read further than the sink has come` means that Kafka and the tables do not belong
  together any more; its message says what to do in each case. `is there, but with` means that a run of the
  same id was deleted and started again: start one with another id.
- `run_notebook`: the notebook's own error is in the task's log, its run is linked. A retry after a lost
  worker re-attaches to the run.
- `check_counts`: its message has the counts that do not agree; the tables are already merged. `neither landed
  nor dead-lettered` means that Kafka has records which are not in S3: look at the connector's log and at the
  objects that begin at the named offsets. Once they are whole, run this DAG with `full_refresh`: a cleared
  `run_notebook` that has succeeded takes the result of its run, and later runs begin behind these objects.
  A warning that Kafka's side could not be checked is about records that Kafka's retention has removed.
- `check_quality`: its message has the rows that a check found, among those written since all checks last
  passed. The results are not computed until it passes.

**A topic that was created anew** begins at offset 0 again, but marks and rows of the old one count as later:
no run, `full_refresh` neither, would bring in its records. Where `pinterest_teardown` deleted the old one,
they do not, and nothing is to be done. Else, best is a new resource id: everything begins anew.
To keep the id, for each such topic `<id>.<t>` while the DAG is paused and the connector is deleted:
1. delete the objects under `topics/<id>.<t>/` (copy them first if they are wanted: the sink writes new ones
   over old ones of the same name), and the messages of `<id>.dead-letter`;
2. drop `<id>_<t>_batch` and `<id>_<t>_quarantine`; delete the rows of topic `<id>.<t>` from
   `<id>_ingest_positions`, and those of entity `<t>` and the stages `batch` and `replay` from `<id>_ledger`;
3. delete the offsets of the group `connect-<id>-connector` for this topic, so that the sink reads it from its
   beginning;
4. run `pinterest_provision_batch`, then this DAG.
"""

from __future__ import annotations

from datetime import timedelta

from airflow.sdk import DAG, CronTriggerTimetable, Param, chain

from cloud_operators.databricks.operators.notebook import DatabricksRunNotebookOperator
from cloud_operators.databricks.operators.workspace import DatabricksPublishFolderOperator
from cloud_operators.kafka.sensors.sink import KafkaSinkCaughtUpSensor
from pinterest_pipeline.connections import DATABRICKS, KAFKA
from pinterest_pipeline.defaults import TIMED_RUNS, Tag, default_args, late_run_alerts
from pinterest_pipeline.entities import names
from pinterest_pipeline.landing import tasks
from pinterest_pipeline.notebook_runs import notebook_runs
from pinterest_pipeline.paths import PUBLISHED, include_folder
from pinterest_pipeline.results.tasks import check_quality
from pinterest_pipeline.settings import settings

NAMES = names()
SETTINGS = settings()
RUNS = notebook_runs(NAMES.user_id)

with DAG(
    dag_id="pinterest_daily_batch",
    dag_display_name="Pinterest: daily batch",
    description="Landed records into the batch tables",
    doc_md=__doc__,
    # Without a start date and with no time to run immediately, unpausing does not start a run at once.
    schedule=CronTriggerTimetable("0 1 * * *", timezone="UTC", run_immediately=timedelta(0)),
    catchup=False,
    allowed_run_types=TIMED_RUNS,
    max_active_runs=1,
    default_args=default_args(),
    deadline=late_run_alerts("pinterest_daily_batch", timedelta(hours=2)),
    tags=[Tag.PINTEREST, Tag.BATCH, Tag.SCHEDULED],
    params={
        "full_refresh": Param(
            False, type="boolean", description="Read the whole landing again instead of what is new"
        ),
    },
) as dag:
    publish_notebooks = DatabricksPublishFolderOperator(
        task_id="publish_notebooks",
        source_folder=str(include_folder()),
        include=PUBLISHED,
        workspace_root=SETTINGS.workspace_root,
        databricks_conn_id=DATABRICKS,
    )
    wait_for_sink = KafkaSinkCaughtUpSensor(
        task_id="wait_for_sink",
        group_id=NAMES.sink_group,
        topics=list(NAMES.topics.values()),
        dead_letter_topic=NAMES.dead_letter_topic,
        kafka_conn_id=KAFKA,
        poke_interval=2,
        timeout=1800,
    )
    write_manifest = tasks.write_manifest(wait_for_sink.output)
    run_notebook = DatabricksRunNotebookOperator(
        task_id="run_notebook",
        run_name=RUNS.daily,
        waits_for=[RUNS.replay],
        notebook_path="{{ ti.xcom_pull(task_ids='publish_notebooks') }}/spark/notebooks/daily_batch",
        parameters={
            "user_id": NAMES.user_id,
            "catalog": NAMES.catalog,
            "schema": NAMES.schema,
            "manifest": write_manifest,
            "run_id": "{{ run_id }}",
        },
        compute=SETTINGS.databricks_compute,
        polling_period_seconds=3,
        databricks_conn_id=DATABRICKS,
        execution_timeout=timedelta(hours=4),
    )
    check_counts = tasks.check_counts(write_manifest, run_notebook.output)

    chain(tasks.check_settings(), [publish_notebooks, wait_for_sink])
    chain(publish_notebooks, run_notebook)
    chain(check_counts, check_quality(write_manifest), tasks.publish_tables(check_counts))
