"""
# Provision the batch path

Creates what posts need on their way from the API to S3: topics, the S3 sink on MSK Connect, the API's batch
part and the Airflow connection `pinterest_api`.

**When.** By hand, once for each environment, and again after a change of its settings or templates. It is
safe at any time: what exists and is as wanted is adopted, what differs is an error that shows the difference.
Nothing that exists is changed or replaced, but three things of our own: the API is brought in line with its
document and deployed, the connection's secret gets its new value, and a plugin file that was copied here is
copied again when the one at the source is newer and no custom plugin has been made of it.

**Needs.** `PINTEREST_MSK_CLUSTER_ARN`, `PINTEREST_REST_PROXY_ADDRESS`, `PINTEREST_CONNECTOR_ROLE_ARN`,
`PINTEREST_CONNECTOR_PLUGIN_SOURCE`; the connections `aws_default` and `kafka_default`. With
`PINTEREST_REQUIRE_API_KEY=true`, the default, the API wants a key, which is made here and kept in the
connection.

**Params.** Example: `{"partitions": 3, "tasks": 3, "flush_size": 1000, "rotate_interval_ms": 1000}`.
`partitions` holds for new topics; notebooks of others read partition 0 only, so 1 is the default. A topic
that is there keeps as many as it has, and the log of `ensure_topics` says how many. The others are compared
with the connector that is there: give those with which it was made.

**Writes.** Topics `<id>.pin`, `<id>.geo`, `<id>.user`, `<id>.dead-letter`; the bucket `user-<id>-bucket` if
it is not there, with the plugin file under `kafka-connect-s3/`; custom plugin, worker configuration and
connector; REST API `<id>` with stage `test`, key and usage plan `<id>`; the secret
`airflow/connections/pinterest_api`; and in `_state/resources.json` what of these it created.

**When it fails.**
- `check_prerequisites`: set the variables that it names.
- `survey_resources`: `S3 forbids a look at the bucket` says which permission is missing, or that somebody
  else has the bucket's name.
- `... exists and differs`: change the params to what is there, or delete the resource by hand first.
- `copy_plugin_file`: `plugin file ... exists and differs` is a file that somebody else has put in its place:
  set `PINTEREST_CONNECTOR_PLUGIN_SOURCE` to its `s3://` address, or remove it. `custom plugin ... exists and
  differs` is a newer sink: MSK Connect keeps the file that a plugin was made of, so delete the connector and
  the custom plugin first (the new connector goes on at the old one's offsets), or set
  `PINTEREST_CONNECTOR_PLUGIN_SOURCE` back.
- `create_connector` FAILED: the connector's role must be allowed to write the bucket and reach the cluster.
- `smoke_test_api`: it asks for the topics and posts an empty list of records, which the REST proxy must
  refuse with 422; nothing is written. Its message says what another answer means: 403 not deployed or a
  wrong key, 415 a lost content type, 5xx that API Gateway can't reach the REST proxy's address.

Clear the failed task to go on: everything before it is adopted.
"""

from __future__ import annotations

from airflow.sdk import DAG, Param, chain

from cloud_operators.aws.operators.apigateway import (
    ApiGatewayCreateDeploymentOperator,
    ApiGatewayPutRestApiOperator,
)
from cloud_operators.aws.operators.msk_connect import (
    MskConnectCreateConnectorOperator,
    MskConnectCreateCustomPluginOperator,
    MskConnectCreateWorkerConfigurationOperator,
)
from cloud_operators.kafka.operators.topics import KafkaEnsureTopicsOperator
from pinterest_pipeline.connections import AWS, KAFKA
from pinterest_pipeline.defaults import MANUAL_RUNS, Tag, default_args
from pinterest_pipeline.entities import names
from pinterest_pipeline.provisioning import tasks
from pinterest_pipeline.provisioning.api import API_STAGE, ApiPart, batch_variables
from pinterest_pipeline.provisioning.plan import plugin_content_type
from pinterest_pipeline.settings import settings

NAMES = names()
SETTINGS = settings()
#: Half an hour, looked at every other second: MSK Connect takes from seconds to a quarter of an hour.
WAITING = {"waiter_delay": 2, "waiter_max_attempts": 900}

with DAG(
    dag_id="pinterest_provision_batch",
    dag_display_name="Pinterest: provision the batch path",
    description="Topics, S3 sink, API and connection of the batch path",
    doc_md=__doc__,
    schedule=None,
    allowed_run_types=MANUAL_RUNS,
    max_active_runs=1,
    default_args=default_args(),
    tags=[Tag.PINTEREST, Tag.PROVISIONING, Tag.BATCH, Tag.MANUAL],
    params={
        "partitions": Param(
            1,
            type="integer",
            minimum=1,
            maximum=64,
            description="Partitions of each data topic that is new; one that is there keeps those it has",
        ),
        "tasks": Param(1, type="integer", minimum=1, maximum=64, description="Most tasks of the S3 sink"),
        "flush_size": Param(
            1000,
            type="integer",
            minimum=1,
            maximum=100_000,
            description="Records after which an object is closed",
        ),
        "rotate_interval_ms": Param(
            1000,
            type="integer",
            minimum=200,
            maximum=3_600_000,
            description="Milliseconds after which an object is closed, however few records it has",
        ),
    },
) as dag:
    plan = tasks.plan_resources()
    plugin_file = tasks.copy_plugin_file()

    ensure_topics = KafkaEnsureTopicsOperator(
        task_id="ensure_topics", topics=plan["topics"], compare_partitions=False, kafka_conn_id=KAFKA
    )
    create_custom_plugin = MskConnectCreateCustomPluginOperator(
        task_id="create_custom_plugin",
        name=NAMES.custom_plugin,
        bucket_arn=plan["bucket_arn"],
        file_key=plugin_file,
        content_type=plugin_content_type(SETTINGS.connector_plugin_source),
        description="S3 sink of the Pinterest pipeline",
        tags=tasks.resource_tags(),
        aws_conn_id=AWS,
        **WAITING,
    )
    create_worker_configuration = MskConnectCreateWorkerConfigurationOperator(
        task_id="create_worker_configuration",
        name=NAMES.worker_configuration,
        properties=plan["worker_properties"],
        description="Worker of the Pinterest pipeline's S3 sink",
        tags=tasks.resource_tags(),
        aws_conn_id=AWS,
    )
    create_connector = MskConnectCreateConnectorOperator(
        task_id="create_connector",
        name=NAMES.connector,
        configuration=plan["connector_configuration"],
        cluster_arn=SETTINGS.msk_cluster_arn,
        custom_plugin_arn=create_custom_plugin.output,
        worker_configuration_arn=create_worker_configuration.output,
        service_execution_role_arn=SETTINGS.connector_role_arn,
        capacity={"provisionedCapacity": {"mcuCount": 1, "workerCount": 1}},
        description="Posts from Kafka to S3",
        tags=tasks.resource_tags(),
        aws_conn_id=AWS,
        **WAITING,
    )
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
        stage_variables=batch_variables(SETTINGS.rest_proxy_address),
        specification=plan["api_specification"],
        aws_conn_id=AWS,
    )
    record_resources = tasks.record_resources(ApiPart.BATCH)
    smoke_test_api = tasks.smoke_test_api()

    chain(tasks.check_prerequisites(), tasks.survey_resources(ApiPart.BATCH), [plan, plugin_file])
    # The sink subscribes by pattern: topics that exist before it are found at once.
    chain(ensure_topics, create_connector, record_resources)
    # The API is asked for the topics, so it is tested when they are there.
    chain(tasks.write_api_connection(deploy_api.output), record_resources, smoke_test_api)
