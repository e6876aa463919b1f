"""
# The maintenance

Compacts the Delta tables, deletes files that they need no more, and lets old health history and old
manifests expire. Landed objects, results and checkpoints are never touched.

**When.** Every Sunday at 03:30 UTC, and by hand. It waits for up to half an hour until no run of
`pinterest_daily_batch`, `pinterest_materialise_results`, `pinterest_replay` or `pinterest_stream_ingest`
writes, then begins.

**Params.** Example: `{"retention_hours": 168, "history_days": 30, "manifest_days": 90, "dry_run": false}`.
- `retention_hours`: VACUUM keeps files that belonged to a version within these hours. Delta refuses less than
  168, as readers and writers may still use such files. Time travel reaches no further back.
- `history_days`: days before today whose health records stay.
- `manifest_days`: days that manifests of daily runs stay; the newest one always does. Do not clear a daily
  run whose manifest has expired: it would read what is new now and count it as its own. Start a new run.
- `dry_run`: the logs list what would be deleted, and nothing is changed. Of a table, Databricks lists at most
  1,000 files; what OPTIMIZE would do is not told.

**Needs.** `PINTEREST_DATABRICKS_WAREHOUSE_ID`; the connections `databricks_default` and `aws_default`.

**Writes.** `OPTIMIZE` and `VACUUM` of every table `<id>_*` of this pipeline; one that does not exist yet is
skipped. Deletes, with all versions, `health/history/date=<day>/*` and `health/malformed/*` by the day in the
name and `<state root>/manifests/*` by when it was written, and earlier versions of `health/latest.json`,
`health/told.json` and `health/index.html`. An object with a name of another form stays, and the log names
it. The result of `report` has files and bytes, by table as the warehouse tells them; null is what it does not
tell.

**When it fails.** Every task may be cleared at any time. Each table is a mapped task of its own, and a
failure of one leaves the others alone; `report` comes once the failed ones were cleared.
- `maintain_table`: the warehouse's own message. `ConcurrentDeleteReadException`, also
  `ConcurrentDeleteDeleteException` and `ConcurrentAppendException` (`DELTA_CONCURRENT_...`): a MERGE and
  OPTIMIZE have changed the same files, and the one that came second was refused as a whole. Nothing is lost,
  and the next try mends it, here as in the daily run or the ingest. Databricks lets them pass each other in
  tables with deletion vectors, as batch and stream tables are. When three tries were not enough, clear it
  while nothing writes; in stream mode `continuous` the notebook writes all the time.
- `expire_history`, `expire_manifests`: `S3 did not delete` has how many, the error codes and a key; all
  others were deleted. `AccessDenied`: the role lacks the statements `Maintenance*` of
  `include/iam/mwaa-execution.json`.
"""

from __future__ import annotations

from datetime import timedelta

from airflow.sdk import DAG, CronTriggerTimetable, Param, chain

from pinterest_pipeline.defaults import TIMED_RUNS, Tag, default_args, late_run_alerts
from pinterest_pipeline.maintenance import tasks
from pinterest_pipeline.maintenance.statements import LEAST_RETENTION_HOURS
from pinterest_pipeline.maintenance.tables import table_names

with DAG(
    dag_id="pinterest_maintenance",
    dag_display_name="Pinterest: maintenance",
    description="Compact the tables; let old files, health history and manifests expire",
    doc_md=__doc__,
    # Without a start date and with no time to run immediately, unpausing does not start a run at once.
    schedule=CronTriggerTimetable("30 3 * * 0", timezone="UTC", run_immediately=timedelta(0)),
    catchup=False,
    allowed_run_types=TIMED_RUNS,
    max_active_runs=1,
    default_args=default_args(),
    deadline=late_run_alerts("pinterest_maintenance", timedelta(hours=6)),
    tags=[Tag.PINTEREST, Tag.MAINTENANCE, Tag.SCHEDULED],
    params={
        "retention_hours": Param(
            LEAST_RETENTION_HOURS,
            type="integer",
            minimum=LEAST_RETENTION_HOURS,
            maximum=8760,
            description="Hours that VACUUM keeps files of old versions of a table",
        ),
        "history_days": Param(
            30, type="integer", minimum=1, maximum=3650, description="Days that health records are kept"
        ),
        "manifest_days": Param(
            90,
            type="integer",
            minimum=8,
            maximum=3650,
            description="Days that manifests of daily runs are kept; the newest always is",
        ),
        "dry_run": Param(False, type="boolean", description="Only list what would be deleted"),
    },
) as dag:
    tables = tasks.maintain_table.expand(table=table_names())
    chain(tasks.check_settings(), tasks.wait_for_writers(), tables)
    tasks.report(tables, tasks.expire_history(), tasks.expire_manifests())
