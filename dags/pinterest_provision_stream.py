"""
# Provision the stream path

Creates what posts need on their way from the API to the stream ingest: three Kinesis streams, the API's
stream part and the Airflow connection `pinterest_api`.

**When.** By hand, once for each environment, and again after a change of its settings or templates. It is
safe at any time: a run first shows what it would change, as a table in the log of `plan_changes` and as its
XCom `changes`, and stops there unless `dry_run` is false. What exists and is as wanted is adopted; mode,
shards and retention of a stream are changed in place. The batch part of the API is left alone.

**Needs.** `PINTEREST_KINESIS_API_ROLE_ARN`, the role with which API Gateway calls Kinesis; the connection
`aws_default`. With `PINTEREST_REQUIRE_API_KEY=true`, the default, the API wants a key, which is made here and
kept in the connection.

**Params.** Example: `{"dry_run": false, "stream_mode": "PROVISIONED", "shard_count": 1, "retention_hours":
24}`. A param that is left empty keeps what is there. A shard takes 1 MiB and 1,000 records a second.
`shard_count` counts for `PROVISIONED` only. Records that are older than a shorter retention are gone at once.

**Writes.** Streams `streaming-<id>-pin`, `streaming-<id>-geo`, `streaming-<id>-user`; the bucket
`user-<id>-bucket` if it is not there; REST API `<id>` with stage `test`, key and usage plan `<id>`; the
secret `airflow/connections/pinterest_api`; and in `_state/resources.json` what of these it created. Each run
puts two records into each stream, one by each method of the API, under the reserved partition key
`smoke-test-8f3b9d52-6c0e-4b7a-9f1d-2a54c7e8d106`; the stream ingest leaves them out.

**When it fails.**
- `check_prerequisites`: nothing was changed. Its log has a table of all that is needed and below it how to
  mend what is missing or wrong, with ready policies and commands; its error repeats what is required. Mend
  it. `AWS does not take the credentials`: nothing else was looked at; renew those of `aws_default` first.
- `plan_changes`: its message names the value that is out of Kinesis's limits.
- `update_streams`: `was not changed to ...` names the limit of the service: ten changes of shards and two of
  the mode a stream in 24 hours. Run this again later; what was done stays.
- `... exists and differs`: somebody has changed it since it was planned. Run this again.
- `smoke_test_streams`: its message names the method, `PutRecord` or `PutRecords` (the burst uses the second
  one), and the API's answer. What an answer means to the stream path: 403 not deployed or a wrong key, 400
  with `AccessDeniedException` a role without the right to put records by this method, 500 a role that API
  Gateway may not assume. `lacks it` means that the record was acknowledged but could not be read back.

Clear the failed task to go on: everything before it is adopted.
"""

from __future__ import annotations

from airflow.sdk import DAG, TriggerRule, chain

from cloud_operators.aws.operators.apigateway import (
    ApiGatewayCreateDeploymentOperator,
    ApiGatewayPutRestApiOperator,
)
from cloud_operators.aws.operators.kinesis import KinesisCreateStreamOperator, KinesisUpdateStreamOperator
from pinterest_pipeline.connections import AWS
from pinterest_pipeline.defaults import MANUAL_RUNS, Tag, default_args
from pinterest_pipeline.entities import names
from pinterest_pipeline.provisioning import change_tasks, stream_tasks, tasks
from pinterest_pipeline.provisioning.api import API_STAGE, ApiPart
from pinterest_pipeline.provisioning.params import stream_params

NAMES = names()
#: Ten minutes, looked at every other second.
WAITING = {"waiter_delay": 2, "waiter_max_attempts": 300}

with DAG(
    dag_id="pinterest_provision_stream",
    dag_display_name="Pinterest: provision the stream path",
    description="Streams, API and connection of the stream path",
    doc_md=__doc__,
    schedule=None,
    allowed_run_types=MANUAL_RUNS,
    max_active_runs=1,
    default_args=default_args(),
    tags=[Tag.PINTEREST, Tag.PROVISIONING, Tag.STREAM, Tag.MANUAL],
    params=stream_params(),
) as dag:
    plan = change_tasks.plan_changes(ApiPart.STREAM)
    surveyed = tasks.survey_resources(ApiPart.STREAM, plan)
    streams = change_tasks.list_streams(plan)
    stream_updates = change_tasks.list_stream_updates(plan)

    update_streams = KinesisUpdateStreamOperator.partial(
        task_id="update_streams",
        map_index_template="{{ task.stream }}",
        aws_conn_id=AWS,
        **WAITING,
    ).expand_kwargs(stream_updates)
    create_streams = KinesisCreateStreamOperator.partial(
        task_id="create_streams",
        trigger_rule=TriggerRule.NONE_FAILED,
        map_index_template="{{ task.name }}",
        tags=tasks.resource_tags(),
        aws_conn_id=AWS,
        **WAITING,
    ).expand_kwargs(streams)
    put_rest_api = ApiGatewayPutRestApiOperator(
        task_id="put_rest_api",
        name=NAMES.rest_api,
        specification=plan["api_specification"],
        description="Posts of the Pinterest pipeline",
        tags=tasks.resource_tags(),
        aws_conn_id=AWS,
    )
    deploy_api = ApiGatewayCreateDeploymentOperator(
        task_id="deploy_api",
        rest_api_id=put_rest_api.output,
        stage_name=API_STAGE,
        stage_variables=plan["stage_variables"],
        specification=plan["api_specification"],
        aws_conn_id=AWS,
    )
    record_resources = tasks.record_resources(ApiPart.STREAM)

    chain(stream_tasks.check_prerequisites(), plan, change_tasks.begin_changes(), surveyed)
    chain(surveyed, [streams, stream_updates, put_rest_api])
    chain(tasks.write_api_connection(deploy_api.output), record_resources)
    chain(update_streams, create_streams, record_resources, stream_tasks.smoke_test_streams())
