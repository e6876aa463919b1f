"""
# Emulate users who post

Reads posts with their places and posters from the source database, posts them to the API as fast as it takes
them, and confirms that every acknowledged record has landed in S3, or is in its stream.

**When.** By hand, after `pinterest_provision_batch`, `pinterest_provision_stream`, or both.

**Params.** Example: `{"posts": 500, "order": "seeded", "start": 0, "seed": 1, "batch_size": 500,
"concurrency": 1, "rate": 0, "target": "batch"}`.
- `order`: `seeded` is the fixed sequence of the original emulation (keys up to 11000): each run with the
  same `start` posts the same rows, in the same order. `sequential` goes through the source by key, 0, 1, 2
  and so on, and begins again at 0 behind the greatest key. `random` draws each row from the whole source, so
  rows repeat; the same `seed` draws the same rows as long as the source's greatest key is the same.
- `start` leaves out that many posts at the beginning of the sequence, in every order: `sequential` with
  `start` 7 begins with key 7.
- `batch_size`: records of one request. `concurrency`: requests at a time to each topic and stream;
  records of one key are still sent one after another, in the order of the posts.
- `rate`: posts a second, each of three records to each path; 0 is as fast as it goes. A request then holds
  at most a second's posts. Time lost to an error is caught up by one second at most. `send_posts` has four
  hours, enough for 14,400 x `rate` posts: 1,000,000 posts need a rate of 70 or more.
- `target`: `batch` posts to the topics, `stream` to the Kinesis streams, `both` each record to both. A
  request to a stream holds at most 500 records and 4 MiB, one to a topic 9 MB, whatever `batch_size` says; a
  record of more than 1 MB goes alone into a stream.

**Needs.** The connections `pinterest_source`, `pinterest_api`, `kafka_default`, `aws_default`,
`databricks_default`; `PINTEREST_DATABRICKS_WAREHOUSE_ID`.

**Log.** Every five seconds at most: posts acknowledged, records a second, time left.

**Writes.** Records to the topics `<id>.pin`, `<id>.geo`, `<id>.user`, which the sink brings to S3, and to the
streams `streaming-<id>-pin`, `-geo`, `-user`; one row an entity and path in the ledger (stages `burst` and
`stream_burst`); events with counts on the assets of landing and streams.

**When it fails.**
- `send_posts`: a retry, or clearing the task or the whole run with its state kept, sends what has not been
  acknowledged; what was sent before is confirmed with the rest. After an error only records whose answer was
  lost may be in a topic or stream twice. After a kill (of the worker, or with signal 9) those acknowledged
  since the last save may be too, about 4 x `concurrency` x `batch_size` posts at most, or 500 if that is
  more. The daily run merges them, and the counts of the burst leave them out. `the API refused` shows the
  server's own words; `no row` names the keys that the source lacks; `posts at rate` says that the posts would
  take longer than four hours, and which rate or number of posts would not. A burst goes on with another
  `batch_size`, `concurrency` or `rate`, but not with other posts: that is `the params now say`.
  `It is the record with key` names a row that is too large for its stream: raise the stream's limit or
  shorten the row, then clear the task with its state kept. `streams were deleted` means that a stream of
  this burst was deleted, or made again: the burst cannot go on; trigger a new run.
- `wait_for_sink`: the connector is not running or does not keep up; look at it first, then clear the task.
  Dead letters are not waited for.
- `confirm_landed`: its message has the counts. Clear it once the sink is well again: it only reads.
- `confirm_streamed`: it reads each shard from the first to the last acknowledged record, twice a second at
  most, and compares the partition keys with those that were sent. It only reads: clear it when Kinesis had
  trouble. `streams were deleted` names the streams that were deleted or made again since the burst began, and
  how many records are gone with them: trigger a new run. `landed` below `acknowledged`, `does not know` and
  `ends before` mean that records are gone from a stream that is still the same: most likely its retention is
  over. That cannot be mended for this burst; trigger a new run, and confirm it within the retention.
"""

from __future__ import annotations

from airflow.sdk import DAG, Param, chain

from cloud_operators.kafka.sensors.sink import KafkaSinkCaughtUpSensor
from pinterest_pipeline.connections import KAFKA
from pinterest_pipeline.defaults import MANUAL_RUNS, Tag, default_args
from pinterest_pipeline.emulation import tasks
from pinterest_pipeline.emulation.order import ORDERS
from pinterest_pipeline.emulation.targets import TARGETS
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
    tags=[Tag.PINTEREST, Tag.BATCH, Tag.STREAM, Tag.MANUAL],
    params={
        "posts": Param(
            500,
            type="integer",
            minimum=1,
            maximum=1_000_000,
            description="Posts to send; each is three records, with target both six",
        ),
        "order": Param(
            "seeded",
            type="string",
            enum=list(ORDERS),
            description="Which rows, in which order: the fixed sequence, by key, or drawn at random",
        ),
        "start": Param(
            0, type="integer", minimum=0, maximum=10_000_000, description="Posts of the sequence to leave out"
        ),
        "seed": Param(
            1,
            type="integer",
            minimum=0,
            maximum=2**31 - 1,
            description="Order random: the same seed posts the same rows",
        ),
        "batch_size": Param(
            500, type="integer", minimum=1, maximum=1000, description="Records of one request to the API"
        ),
        "concurrency": Param(
            1,
            type="integer",
            minimum=1,
            maximum=16,
            description="Requests at a time to each topic and stream",
        ),
        "rate": Param(
            0,
            type="integer",
            minimum=0,
            maximum=100_000,
            description="Posts a second, enough for all of them in four hours; 0 is as fast as it goes",
        ),
        "target": Param(
            "batch",
            type="string",
            enum=list(TARGETS),
            description="The paths that the posts take: to Kafka, to Kinesis, or to both",
        ),
    },
) as dag:
    send_posts = tasks.send_posts.override(execution_timeout=tasks.LONGEST)()
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
        send_posts["position"], send_posts["entities"], wait_for_sink.output, send_posts["greatest_key"]
    )
    confirm_streamed = tasks.confirm_streamed(
        send_posts["streams"], send_posts["lives"], send_posts["greatest_key"]
    )
    chain(send_posts, tasks.choose_paths(), [wait_for_sink, confirm_streamed])
    tasks.record_ledger(confirm_landed, confirm_streamed)
