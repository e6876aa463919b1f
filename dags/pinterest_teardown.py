"""
# Take down what provisioning has made

Deletes what `_state/resources.json` says that `pinterest_provision_batch` and `pinterest_provision_stream`
have made, after a person has approved it. What they found and adopted stays, and so does what somebody else
has made under the name of something that is gone. Data is kept unless it is asked for.

**When.** By hand. Run `pinterest_stream_ingest` and `pinterest_daily_batch` a last time: a stream is deleted
only when the records of all bursts are read, and a topic only when all of its records are landed and read.
Then pause the other DAGs: while a run of theirs needs what is deleted, this is refused.

**Params.** Example: `{"dry_run": false, "delete_data": false, "leave_unread": false}`.
- `dry_run`, the default: the log and the result of `list_resources` show what would be deleted, kept and
  lost.
- `delete_data`: also deletes the bucket with all objects and versions: landing, results, checkpoints, state.
  Of a bucket that provisioning did not make: objects of topics that it made, `retired/`, `results/` and the
  state.
- `leave_unread`: landed objects that no daily run has read are kept, but come into no table; records that
  no stream run has read are deleted with their stream.

**Needs.** What was provisioned with; the policy `mwaa-teardown.json`; for topics `kafka_default`, and
`PINTEREST_DATABRICKS_WAREHOUSE_ID` to reset the positions of the daily runs.

**Writes.** Nothing but `_state/teardown.json` while it runs. Landed objects of deleted topics are moved to
`retired/<time>/topics/`, since the sink of topics that are made again begins at offset 0 and would write over
them. Rows of the Delta tables stay, as older than all that comes; the result of `prove_gone` has the SQL that
drops the tables.

**Approval.** `approve` waits for a person: in the UI under *Required Actions*, with *Approve* or *Reject*.
After a day without an answer it is rejected. `docs/teardown.md` has the steps, and how to answer by the REST
API.

**When it fails.**
- `list_resources`, `check_again`, `wait_until_written`, `retire_objects`: `this would be lost` has figures
  and what to do. At `wait_until_written` the API is gone, so that nothing comes in any more, and all else is
  there.
- `list_resources`, `check_again`: `has runs that are queued or running`: let them end, then pause their DAG.
- `check_again`: something was made after the approval: start a new run.
- `reset_positions`: the warehouse's error; the objects are moved already, and the topics still there.
- `update_record`, `prove_gone`: `still there` names what is left.

Clear the failed task, or start a new run: both go on with what is left. A teardown that has broken off must
come to its end before provisioning runs again.
"""

from __future__ import annotations

from datetime import timedelta

from airflow.providers.standard.operators.hitl import ApprovalOperator
from airflow.sdk import DAG, Param, chain

from cloud_operators.aws.operators.kinesis import KinesisDeleteStreamOperator
from cloud_operators.aws.operators.msk_connect import (
    MskConnectDeleteConnectorOperator,
    MskConnectDeleteCustomPluginOperator,
    MskConnectDeleteWorkerConfigurationOperator,
)
from cloud_operators.kafka.operators.delete_topics import KafkaDeleteTopicsOperator
from pinterest_pipeline.connections import AWS, KAFKA
from pinterest_pipeline.defaults import MANUAL_RUNS, Tag, default_args
from pinterest_pipeline.provisioning.teardown import tasks

#: Half an hour, looked at every other second; and what is gone already does not skip what comes after it.
DELETING = {
    "aws_conn_id": AWS,
    "waiter_delay": 2,
    "waiter_max_attempts": 900,
    "trigger_rule": tasks.RULE,
}

with DAG(
    dag_id="pinterest_teardown",
    dag_display_name="Pinterest: take down",
    description="Deletes what provisioning has made, after a person's approval",
    doc_md=__doc__,
    schedule=None,
    allowed_run_types=MANUAL_RUNS,
    max_active_runs=1,
    default_args=default_args(),
    tags=[Tag.PINTEREST, Tag.PROVISIONING, Tag.BATCH, Tag.STREAM, Tag.MANUAL],
    params={
        "dry_run": Param(True, type="boolean", description="Only show what would be deleted, kept and lost"),
        "delete_data": Param(
            False, type="boolean", description="Also delete landing, results, checkpoints and state in S3"
        ),
        "leave_unread": Param(
            False, type="boolean", description="Go on though runs have not read all objects and streams"
        ),
    },
) as dag:
    listed = tasks.list_resources()
    approve = ApprovalOperator(
        task_id="approve",
        subject="Take down the Pinterest pipeline?",
        body=listed["report"],
        # Whoever does not answer has not approved.
        defaults=ApprovalOperator.REJECT,
        response_timeout=timedelta(hours=24),
        ignore_downstream_trigger_rules=True,
    )
    checked = tasks.check_again(listed)
    items = checked["items"]

    connectors = tasks.choose.override(task_id="choose_connectors")(items, "connector")
    delete_connectors = MskConnectDeleteConnectorOperator.partial(
        task_id="delete_connectors", **DELETING
    ).expand(connector_arn=connectors)
    custom_plugins = tasks.choose.override(task_id="choose_custom_plugins")(items, "custom_plugin")
    delete_custom_plugins = MskConnectDeleteCustomPluginOperator.partial(
        task_id="delete_custom_plugins", **DELETING
    ).expand(custom_plugin_arn=custom_plugins)
    worker_configurations = tasks.choose.override(task_id="choose_worker_configurations")(
        items, "worker_configuration"
    )
    delete_worker_configurations = MskConnectDeleteWorkerConfigurationOperator.partial(
        task_id="delete_worker_configurations", **DELETING
    ).expand(worker_configuration_arn=worker_configurations)
    streams = tasks.choose.override(task_id="choose_streams")(items, "stream")
    delete_streams = KinesisDeleteStreamOperator.partial(task_id="delete_streams", **DELETING).expand(
        stream=streams
    )
    topics = tasks.choose.override(task_id="choose_topics")(items, "topic")
    delete_topics = KafkaDeleteTopicsOperator(
        task_id="delete_topics", topics=topics, kafka_conn_id=KAFKA, trigger_rule=tasks.RULE
    )
    retired = tasks.retire_objects(checked["topics"])

    chain(listed, tasks.stop_dry_run(listed), approve, checked)
    chain(
        checked,
        tasks.delete_api(items),
        tasks.delete_secret(items),
        tasks.wait_until_written(),
        delete_connectors,
        delete_custom_plugins,
        delete_worker_configurations,
        tasks.delete_plugin_file(items),
        tasks.delete_ssm_documents(items),
        tasks.delete_alarm(items),
        delete_streams,
        retired,
        tasks.reset_positions(checked["topics"]),
        delete_topics,
        tasks.update_record(checked),
        tasks.delete_data(checked),
        tasks.prove_gone(checked, retired),
    )
