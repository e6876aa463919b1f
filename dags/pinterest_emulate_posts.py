"""
# Emulate users who post

Reads posts with their places and posters from the source database, posts them to the API as fast as it takes
them, and confirms that every acknowledged record has landed.

**When.** By hand, after `pinterest_provision_batch`.

**Params.** Example: `{"posts": 500, "order": "seeded", "start": 0, "batch_size": 500, "target": "batch"}`.
`seeded` is the fixed sequence of the original emulation: each run with the same `start` posts the same rows,
in the same order. `start` leaves out that many posts at the beginning.

**Needs.** The connections `pinterest_source`, `pinterest_api`, `kafka_default`, `aws_default`,
`databricks_default`; `PINTEREST_DATABRICKS_WAREHOUSE_ID`.

**Writes.** Records to the topics `<id>.pin`, `<id>.geo`, `<id>.user`, which the sink brings to S3; one row an
entity in the ledger (stage `burst`); events with counts on the three landing assets.

**When it fails.**
- `send_posts`: a retry, or clearing the task or the whole run with its state kept, goes on behind the last
  acknowledged post; what was sent before is confirmed with the rest. Records between that post and the
  failure may be in the topic twice; the daily run merges them. `the API refused` shows the server's own
  words; `no row` names the keys that the source lacks.
- `wait_for_sink`: the connector is not running or does not keep up; look at it first, then clear the task.
  Dead letters are not waited for.
- `confirm_landed`: its message has the counts. Clear it once the sink is well again: it only reads.
"""

from __future__ import annotations

from datetime import timedelta

from airflow.sdk import DAG, Param

from cloud_operators.kafka.sensors.sink import KafkaSinkCaughtUpSensor
from pinterest_pipeline.connections import KAFKA
from pinterest_pipeline.defaults import MANUAL_RUNS, Tag, default_args
from pinterest_pipeline.emulation import tasks
from pinterest_pipeline.entities import names

NAMES = names()

with DAG(
    dag_id="pinterest_emulate_posts",
    dag_display_name="Pinterest: emulate posts",
    description="A burst of posts from the source database to the API",
    doc_md=__doc__,
    schedule=None,
    allowed_run_types=MANUAL_RUNS,
    max_active_runs=1,
    default_args=default_args(),
    tags=[Tag.PINTEREST, Tag.BATCH, Tag.MANUAL],
    params={
        "posts": Param(
            500,
            type="integer",
            minimum=1,
            maximum=1_000_000,
            description="Posts to send; each is three records",
        ),
        "order": Param(
            "seeded",
            type="string",
            enum=["seeded"],
            description="Which rows, in which order: the fixed sequence",
        ),
        "start": Param(
            0, type="integer", minimum=0, maximum=10_000_000, description="Posts of the sequence to leave out"
        ),
        "batch_size": Param(
            500, type="integer", minimum=1, maximum=1000, description="Records of one request to the API"
        ),
        "target": Param("batch", type="string", enum=["batch"], description="The path that the posts take"),
    },
) as dag:
    send_posts = tasks.send_posts.override(execution_timeout=timedelta(hours=4))()
    wait_for_sink = KafkaSinkCaughtUpSensor(
        task_id="wait_for_sink",
        group_id=NAMES.sink_group,
        topics=list(NAMES.topics.values()),
        offsets=send_posts["next_offsets"],
        dead_letter_topic=NAMES.dead_letter_topic,
        kafka_conn_id=KAFKA,
        poke_interval=1,
        timeout=1800,
    )
    confirm_landed = tasks.confirm_landed(
        send_posts["position"], send_posts["entities"], wait_for_sink.output
    )
    tasks.record_ledger(confirm_landed)
