"""
# Trace a post

Follows one post on both paths: its rows in the source, its records in Kafka and Kinesis, landed lines, rows
of the tables and of the quarantine, and the results that it counts in. It tells keys, places, lengths and
hashes, and of a result the group that the post counts in; no other content leaves its place. It only reads.

**When.** By hand.

**Params.** Example: `{"ind": 7528}`.
- `ind`: key of the post, `index` in `pinterest_data`.

**Needs.** The connections `pinterest_source`, `kafka_default`, `aws_default` and `databricks_default`;
`PINTEREST_DATABRICKS_WAREHOUSE_ID`; the statements `Trace*` of `include/iam/mwaa-execution.json`.

**Writes.** Nothing but its result: the return value of `assemble` is JSON, and its log shows the same as a
table.
- `ends` says of each path and entity where the way ends: `in the table`, `landed, not yet read by a daily
  run`, `in Kafka, not yet written by the sink`, `in the stream, not yet read by the ingest`, `refused:
  quarantined because ...`, `refused: ... a dead letter`, `never posted`.
- `occurrences`: a key may be posted again; at most the 20 latest records of an entity and path are told.
- Equal `content_sha256` mean the same JSON value; `sha256` is that of the bytes, which Kafka Connect writes
  anew.
- `written_by`: the table's version that wrote the row, and its run. Where older versions can't be looked at
  any more, `certain` is false, and an earlier version may have been it.
- `not_searched`: what was not looked at. Searched are: the row's own record, landed objects that no daily
  run has read, Kafka behind the sink's commit and 20,000 records of each partition before it, the shards
  that the partition key leads to from ten minutes before the last record that the ingest has read, and the
  whole quarantine for the key. Records of others that have the key and another partition key are only found
  in these shards.

**When it fails.** Each task may be cleared; nothing is changed. A topic, stream, bucket or table that does
not exist, and brokers that do not answer, fail nothing: `not_searched` says so.
- `trace_source`: the source can't be reached.
- `trace_batch`: `ServiceFailed` with an authorization error: the role lacks `TraceTopics`.
- `trace_stream`: `AccessDeniedException`: the role lacks `TraceStreams`. The streams are asked for too much
  by others all the time: try again later.
"""

from __future__ import annotations

from airflow.sdk import DAG, Param, chain

from pinterest_pipeline.defaults import MANUAL_RUNS, Tag, default_args
from pinterest_pipeline.entities import ENTITIES
from pinterest_pipeline.tracing import tasks

with DAG(
    dag_id="pinterest_trace",
    dag_display_name="Pinterest: trace a post",
    description="One post's whole way on both paths",
    doc_md=__doc__,
    schedule=None,
    catchup=False,
    allowed_run_types=MANUAL_RUNS,
    max_active_runs=1,
    default_args=default_args(),
    tags=[Tag.PINTEREST, Tag.HEALTH, Tag.MANUAL],
    params={
        "ind": Param(
            type="integer",
            minimum=0,
            # Beyond it the UI's numbers are not exact.
            maximum=2**53 - 1,
            description="Key of the post",
        )
    },
) as dag:
    in_source = tasks.trace_source()
    on_batch = tasks.trace_batch.expand(entity=list(ENTITIES))
    on_stream = tasks.trace_stream.expand(entity=list(ENTITIES))
    in_results = tasks.trace_results()
    chain(tasks.check_settings(), [in_source, on_batch, on_stream, in_results])
    tasks.assemble(in_source, on_batch, on_stream, in_results)
