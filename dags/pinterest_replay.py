"""
# The replay

Takes refused records through the cleaning once more, after the fix of what refused them: a contract, the
cleaning, the sink's converter. What passes now comes into its table and leaves quarantine; what does not
stays, with its present reason. Nothing is lost or doubled.

**When.** By hand, after a fix was deployed. Run it as it is first, which only counts; then with
`{"dry_run": false}`. One run at a time.

**Params.** Example: `{"entity": "pin", "source": "quarantine", "dry_run": false}`.
- `entity`: `pin`, `geo` or `user`; empty: all of them.
- `source`: `quarantine`: the rows of `<id>_<t>_quarantine`, lines of the landing and records of the streams;
  `dead_letters`: the records in `<id>.dead-letter`; `both`.
- `dry_run`: count what would become of everything and change nothing. The dead letters are fetched to S3 for
  that.

**Needs.** `PINTEREST_DATABRICKS_COMPUTE`, `PINTEREST_DATABRICKS_WAREHOUSE_ID`; the connections
`databricks_default`, `kafka_default`, `aws_default`. It waits for up to half an hour until no run of
`pinterest_daily_batch`, `pinterest_stream_ingest` or `pinterest_teardown` is there; their notebooks wait for
this one's in turn. A continuous stream run is cancelled: the next run of `pinterest_stream_ingest` starts it
again.

**Writes.** Notebooks and SQL to the workspace; `_state/replay/<run>/plan.json` and `dead_letters.jsonl`,
which holds records as they were sent; `_state/replay/dead_letters.json`, how far the dead letters were
replayed; rows of the tables `<id>_<t>_batch` and `<id>_<t>_table`, by the records' original positions, so
that a later record of a key stays; `<id>_<t>_quarantine`, into which a dead letter comes that is refused;
rows of the stages `replay` and `stream_replay` in `<id>_ledger`; events on the batch tables, which start
`pinterest_materialise_results`. The result of `check_counts` has by entity: `read` (among them
`dead_letters`) = `kept` + `merged` + `quarantined`, the last by reason, and what is left alone: `set_apart`,
rows of a topic that was deleted, and `letters_of_older_topics`, dead letters whose offset the topic of this
name has not come to. No later run counts these letters again. They stay in the dead-letter topic until its
retention ends; `of_older_topics` in the plan has partition and offset of each there, and
`docs/runbooks/dead-letters.md` says how to look at one.

**When it fails.** Every task may be cleared at any time, and a new run does what is left of one that is given
up.
- `plan_replay`: `does not exist`: run `pinterest_provision_batch`. `is there, but with`: start a run with
  another id. Its log says how many dead letters wait: the sink has not yet written what came before them.
- `wait_for_writers`: names the DAGs with runs; let them end or pause them, then clear it.
- `run_notebook`: the notebook's own error is in the task's log, its run is linked.
- `check_counts`: has the counts that do not agree. Dead letters are not noted as replayed; the next run takes
  them again.
- `check_quality`: has the rows that a check found in the whole tables.
"""

from __future__ import annotations

from datetime import timedelta

from airflow.sdk import DAG, Param, chain

from cloud_operators.databricks.operators.notebook import DatabricksRunNotebookOperator
from cloud_operators.databricks.operators.workspace import DatabricksPublishFolderOperator
from pinterest_pipeline.connections import DATABRICKS
from pinterest_pipeline.defaults import MANUAL_RUNS, Tag, default_args
from pinterest_pipeline.entities import ENTITIES, names
from pinterest_pipeline.paths import PUBLISHED, include_folder
from pinterest_pipeline.replay import tasks
from pinterest_pipeline.settings import settings

NAMES = names()
SETTINGS = settings()

with DAG(
    dag_id="pinterest_replay",
    dag_display_name="Pinterest: replay",
    description="Refused records and dead letters through the mended cleaning",
    doc_md=__doc__,
    schedule=None,
    allowed_run_types=MANUAL_RUNS,
    max_active_runs=1,
    default_args=default_args(),
    tags=[Tag.PINTEREST, Tag.BATCH, Tag.STREAM, Tag.MANUAL],
    params={
        "entity": Param(
            "", type="string", enum=["", *ENTITIES], description="Replay this entity; empty: all of them"
        ),
        "source": Param(
            "both",
            type="string",
            enum=["both", "dead_letters", "quarantine"],
            description="What the sink could not write, what the cleaning has refused, or both",
        ),
        "dry_run": Param(True, type="boolean", description="Only count what would pass"),
    },
) as dag:
    publish_notebooks = DatabricksPublishFolderOperator(
        task_id="publish_notebooks",
        source_folder=str(include_folder()),
        include=PUBLISHED,
        workspace_root=SETTINGS.workspace_root,
        databricks_conn_id=DATABRICKS,
    )
    plan = tasks.plan_replay()
    run_notebook = DatabricksRunNotebookOperator(
        task_id="run_notebook",
        run_name=plan["run_name"],
        waits_for=plan["waits_for"],
        replaces=plan["replaces"],
        notebook_path="{{ ti.xcom_pull(task_ids='publish_notebooks') }}/spark/notebooks/replay",
        parameters={
            "user_id": NAMES.user_id,
            "catalog": NAMES.catalog,
            "schema": NAMES.schema,
            "run_id": "{{ run_id }}",
            "entity": "{{ params.entity }}",
            "source": "{{ params.source }}",
            "dead_letters": plan["dead_letters"],
            "dry_run": plan["dry_run"],
        },
        compute=SETTINGS.databricks_compute,
        polling_period_seconds=3,
        databricks_conn_id=DATABRICKS,
        execution_timeout=timedelta(hours=4),
    )
    check_counts = tasks.check_counts(plan["plan"], run_notebook.output)

    chain(tasks.check_settings(), [publish_notebooks, plan], tasks.wait_for_writers(), run_notebook)
    chain(
        check_counts,
        tasks.stop_dry_run(check_counts),
        tasks.note_progress(plan["plan"]),
        tasks.check_quality(),
        tasks.publish_tables(check_counts),
    )
