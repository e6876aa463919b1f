"""
# Provision the batch path

Creates what posts need on their way from the API to S3: topics, the S3 sink on MSK Connect, the REST proxy on
the EC2 Kafka client, the API's batch part and the Airflow connection `pinterest_api`.

**When.** By hand, once for each environment, and again after a change of its settings or templates. It is
safe at any time: a run first shows what it would change, as a table in the log of `plan_changes` and as its
XCom `changes`, and stops there unless `dry_run` is false. What exists and is as wanted is adopted; what
differs is changed in place where that is possible. What could only be deleted and made again (custom plugin,
worker configuration, a connector that has failed or whose role or cluster is another one) needs
`allow_replace`; the new connector goes on at the old one's offsets. What can't be had at all (fewer
partitions, settings that the brokers refuse, an alert topic of another region) ends the run before anything
is changed.

**Needs.** `PINTEREST_MSK_CLUSTER_ARN`, `PINTEREST_REST_PROXY_ADDRESS`, `PINTEREST_CONNECTOR_ROLE_ARN`,
`PINTEREST_CONNECTOR_PLUGIN_SOURCE`; the connections `aws_default` and `kafka_default`. With
`PINTEREST_REQUIRE_API_KEY=true`, the default, the API wants a key, which is made here and kept in the
connection. With `PINTEREST_CLIENT_INSTANCE_ID`, the REST proxy on that instance is looked after through
Systems Manager; without it, it is left alone and must be there. With `PINTEREST_ALERT_TOPIC_ARN`, an alarm
tells that topic when `pinterest_health` has put no heartbeat for 15 minutes: unpause that DAG too.

**Params.** Example: `{"dry_run": false, "allow_replace": false, "partitions": 3, "topic_config":
{"retention.ms": "604800000"}, "tasks": 3, "flush_size": 1000, "rotate_interval_ms": 1000, "mcu_count": 1,
"worker_count": 1, "kafka_client": {}}`. A param that is left empty keeps what is there, so a run
without params never changes what somebody has set; the form says what a new resource gets. Notebooks of
others read partition 0 only, so a new topic has 1. `kafka_client` says what the EC2 client must have, by the
parameters of `include/ssm/install-kafka-client.json`: versions, `Port`, `RoleArn`, `BootstrapServers`, and
for an installation `KafkaSha256`, `IamAuthSha256` and `RestProxySha256`. It is compared with what the client
shows of itself; only where that differs, or nothing is installed, the install document runs. Empty, the
client is only restarted where it is not healthy.

**Writes.** Topics `<id>.pin`, `<id>.geo`, `<id>.user`, `<id>.dead-letter`; the bucket `user-<id>-bucket` if
it is not there, with the plugin file under `kafka-connect-s3/`; custom plugin, worker configuration and
connector; REST API `<id>` with stage `test`, key and usage plan `<id>`; the SSM documents
`pinterest-<id>-install-kafka-client`, `-restart-rest-proxy` and `-show-kafka-client-status`; the secret
`airflow/connections/pinterest_api`; the CloudWatch alarm `<id>-health-heartbeat`; and in
`_state/resources.json` what of these it created.

**When it fails.**
- `check_prerequisites`: nothing was changed. Its log has a table of all that is needed and below it how to
  mend what is missing or wrong, with ready policies and commands; its error repeats what is required. Mend
  it. `AWS does not take the credentials`: nothing else was looked at; renew those of `aws_default` first.
- `survey_resources`: `S3 forbids a look at the bucket` says which permission is missing, or that somebody
  else has the bucket's name.
- `plan_changes`: `Nothing was changed, because this can't be applied` names each field with its remedy. A
  plugin file that `was not copied there` is one that somebody else has put in its place: set
  `PINTEREST_CONNECTOR_PLUGIN_SOURCE` to its `s3://` address, or remove it. An error of the brokers, as
  `INVALID_CONFIG`, names the topic whose settings they refuse.
- `... exists and differs`: somebody has changed it since it was planned. Run this again.
- `create_connector` FAILED: the connector's role must be allowed to write the bucket and reach the cluster.
- `kafka_client.*`: `Systems Manager does not reach ...` means the instance, its agent or its role. `an
  installation needs ...` names the fields that the param `kafka_client` lacks. `... on i-... is Failed` has
  the script's own words, often the last lines of the REST proxy's log: `Access denied` there is the role of
  the instance. A command that a killed task has sent is waited for, not sent again.
- `smoke_test_api`: it asks for the topics and posts an empty list of records, which the REST proxy must
  refuse with 422; nothing is written. Its message says what another answer means: 403 not deployed or a
  wrong key, 415 a lost content type, 5xx that API Gateway can't reach the REST proxy's address.

Clear the failed task to go on: everything before it is adopted.
"""

from __future__ import annotations

from airflow.sdk import DAG, TriggerRule, chain

from cloud_operators.aws.operators.apigateway import (
    ApiGatewayCreateDeploymentOperator,
    ApiGatewayPutRestApiOperator,
)
from cloud_operators.aws.operators.msk_connect import (
    MskConnectCreateConnectorOperator,
    MskConnectCreateCustomPluginOperator,
    MskConnectCreateWorkerConfigurationOperator,
    MskConnectUpdateConnectorOperator,
)
from cloud_operators.kafka.operators.topics import KafkaEnsureTopicsOperator
from pinterest_pipeline.connections import AWS, KAFKA
from pinterest_pipeline.defaults import HEALING_RUNS, MANUAL_RUNS, Tag, default_args
from pinterest_pipeline.entities import names
from pinterest_pipeline.provisioning import change_tasks, client_tasks, tasks
from pinterest_pipeline.provisioning.api import API_STAGE, ApiPart, batch_variables
from pinterest_pipeline.provisioning.params import batch_params
from pinterest_pipeline.provisioning.plan import KAFKA_CONNECT_VERSION, plugin_content_type
from pinterest_pipeline.provisioning.replacing import WAITING, replace_task_group
from pinterest_pipeline.settings import settings

NAMES = names()
SETTINGS = settings()

with DAG(
    dag_id="pinterest_provision_batch",
    dag_display_name="Pinterest: provision the batch path",
    description="Topics, S3 sink, API and connection of the batch path",
    doc_md=__doc__,
    schedule=None,
    allowed_run_types=(*MANUAL_RUNS, *HEALING_RUNS),
    max_active_runs=1,
    default_args=default_args(),
    tags=[Tag.PINTEREST, Tag.PROVISIONING, Tag.BATCH, Tag.MANUAL],
    params=batch_params(),
) as dag:
    plan = change_tasks.plan_changes(ApiPart.BATCH)
    surveyed = tasks.survey_resources(ApiPart.BATCH, plan)
    replace = replace_task_group(plan["changes"])

    # A file in the bucket is replaced when no plugin is made of it any more.
    plugin_file = tasks.copy_plugin_file.override(trigger_rule=TriggerRule.NONE_FAILED)()
    ensure_topics = KafkaEnsureTopicsOperator(
        task_id="ensure_topics", topics=plan["topics"], update=True, kafka_conn_id=KAFKA
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
        trigger_rule=TriggerRule.NONE_FAILED,
        name=NAMES.worker_configuration,
        properties=plan["worker_properties"],
        description="Worker of the Pinterest pipeline's S3 sink",
        tags=tasks.resource_tags(),
        aws_conn_id=AWS,
    )
    connector_updates = change_tasks.list_connector_updates(plan)
    update_connector = MskConnectUpdateConnectorOperator.partial(
        task_id="update_connector", aws_conn_id=AWS, **WAITING
    ).expand_kwargs(connector_updates)
    create_connector = MskConnectCreateConnectorOperator(
        task_id="create_connector",
        trigger_rule=TriggerRule.NONE_FAILED,
        name=NAMES.connector,
        configuration=plan["connector_configuration"],
        cluster_arn=SETTINGS.msk_cluster_arn,
        custom_plugin_arn=create_custom_plugin.output,
        worker_configuration_arn=create_worker_configuration.output,
        service_execution_role_arn=SETTINGS.connector_role_arn,
        capacity=plan["connector_capacity"],
        kafka_connect_version=KAFKA_CONNECT_VERSION,
        log_delivery=plan["log_delivery"],
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
    # Without an instance or an alert topic their tasks are skipped.
    record_resources = tasks.record_resources.override(trigger_rule=TriggerRule.NONE_FAILED)(ApiPart.BATCH)
    smoke_test_api = tasks.smoke_test_api()

    chain(tasks.check_prerequisites(), plan, change_tasks.begin_changes(), surveyed, replace)
    chain(replace, [plugin_file, create_worker_configuration])
    # The sink subscribes by pattern: topics that exist before it are found at once.
    chain(surveyed, connector_updates, update_connector)
    chain(surveyed, ensure_topics, update_connector, create_connector, record_resources)
    chain(surveyed, client_tasks.set_up_kafka_client(), record_resources)
    chain(surveyed, tasks.ensure_heartbeat_alarm(), record_resources)
    # The API is asked for the topics, so it is tested when they are there.
    chain(surveyed, put_rest_api)
    chain(tasks.write_api_connection(deploy_api.output), record_resources, smoke_test_api)
