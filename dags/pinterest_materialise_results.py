"""
# Materialise the results

Answers the nine questions about the posts and keeps the answers as tables and files.

**When.** After the three batch tables have been brought up to date by `pinterest_daily_batch`, and by hand.

**Params.** None. Example: `{}`.

**Needs.** `PINTEREST_DATABRICKS_WAREHOUSE_ID`; the connections `databricks_default` and `aws_default`.

**Writes.** For each query under `include/sql/queries`: the table `<id>_result_<query>` and the files
`results/<query>/result.csv` and `result.jsonl` in the bucket; an event with its row count on the result's
asset.

**When it fails.** The mapped task `materialise` names the query that failed and the warehouse's own message.
Queries replace their result as a whole: clear the failed ones, the others stay.
"""

from __future__ import annotations

from datetime import timedelta

from airflow.sdk import DAG

from cloud_operators.databricks.operators.sql import DatabricksMaterializeQueryOperator
from pinterest_pipeline.assets import BATCH_TABLES
from pinterest_pipeline.connections import AWS, DATABRICKS
from pinterest_pipeline.defaults import ASSET_RUNS, Tag, default_args, late_run_alerts
from pinterest_pipeline.results import tasks
from pinterest_pipeline.settings import settings

SETTINGS = settings()

with DAG(
    dag_id="pinterest_materialise_results",
    dag_display_name="Pinterest: materialise the results",
    description="The nine results as tables and files",
    doc_md=__doc__,
    schedule=list(BATCH_TABLES.values()),
    allowed_run_types=ASSET_RUNS,
    max_active_runs=1,
    default_args=default_args(),
    deadline=late_run_alerts("pinterest_materialise_results", timedelta(hours=1)),
    tags=[Tag.PINTEREST, Tag.RESULTS, Tag.SCHEDULED],
) as dag:
    materialise = DatabricksMaterializeQueryOperator.partial(
        task_id="materialise",
        warehouse_id=SETTINGS.databricks_warehouse_id,
        polling_period_seconds=1,
        databricks_conn_id=DATABRICKS,
        aws_conn_id=AWS,
        # The folder's name is the query's.
        map_index_template="{{ task.destination.rpartition('/')[2] }}",
    ).expand_kwargs(tasks.plan_results())
    tasks.publish_results(materialise.output)
