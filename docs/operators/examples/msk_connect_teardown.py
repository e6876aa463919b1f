"""Delete a connector and what it was made of."""

from airflow.sdk import DAG

from cloud_operators.aws.operators.msk_connect import (
    MskConnectDeleteConnectorOperator,
    MskConnectDeleteCustomPluginOperator,
    MskConnectDeleteWorkerConfigurationOperator,
)

ACCOUNT = "arn:aws:kafkaconnect:us-east-1:123456789012"

with DAG("example_msk_connect_teardown") as dag:
    connector = MskConnectDeleteConnectorOperator(
        task_id="delete_connector",
        connector_arn=f"{ACCOUNT}:connector/demo-connector/00000000-0000-0000-0000-000000000003-1",
        deferrable=True,
    )
    plugin = MskConnectDeleteCustomPluginOperator(
        task_id="delete_custom_plugin",
        custom_plugin_arn=f"{ACCOUNT}:custom-plugin/demo-plugin/00000000-0000-0000-0000-000000000001-1",
        deferrable=True,
    )
    worker = MskConnectDeleteWorkerConfigurationOperator(
        task_id="delete_worker_configuration",
        worker_configuration_arn=f"{ACCOUNT}:worker-configuration/demo-worker/00000000-0000-0000-0000-000000000002-1",
    )
    connector >> [plugin, worker]
