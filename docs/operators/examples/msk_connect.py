"""Make a custom plugin, a worker configuration and a connector of them; enlarge and restart it."""

from airflow.sdk import DAG

from cloud_operators.aws.operators.msk_connect import (
    MskConnectCreateConnectorOperator,
    MskConnectCreateCustomPluginOperator,
    MskConnectCreateWorkerConfigurationOperator,
    MskConnectRestartConnectorOperator,
    MskConnectUpdateConnectorOperator,
)
from cloud_operators.aws.sensors.msk_connect import MskConnectConnectorStateSensor

with DAG("example_msk_connect") as dag:
    plugin = MskConnectCreateCustomPluginOperator(
        task_id="create_custom_plugin",
        name="demo-plugin",
        bucket_arn="arn:aws:s3:::demo-bucket",
        file_key="kafka-connect-s3/confluentinc-kafka-connect-s3.zip",
        deferrable=True,
    )
    worker = MskConnectCreateWorkerConfigurationOperator(
        task_id="create_worker_configuration",
        name="demo-worker",
        properties="""
            key.converter=org.apache.kafka.connect.storage.StringConverter
            value.converter=org.apache.kafka.connect.json.JsonConverter
            value.converter.schemas.enable=false
        """,
    )
    connector = MskConnectCreateConnectorOperator(
        task_id="create_connector",
        name="demo-connector",
        configuration={
            "connector.class": "io.confluent.connect.s3.S3SinkConnector",
            "topics": "demo",
            "tasks.max": "1",
            "s3.bucket.name": "demo-bucket",
            "s3.region": "us-east-1",
            "flush.size": "100",
            "storage.class": "io.confluent.connect.s3.storage.S3Storage",
            "format.class": "io.confluent.connect.s3.format.json.JsonFormat",
        },
        cluster_arn="arn:aws:kafka:us-east-1:123456789012:cluster/demo/8b1c8a6e-0000-4444-8888-000000000001-1",
        custom_plugin_arn=plugin.output,
        worker_configuration_arn=worker.output,
        service_execution_role_arn="arn:aws:iam::123456789012:role/demo-connector",
        capacity={"provisionedCapacity": {"mcuCount": 1, "workerCount": 1}},
        tags={"made-by": "airflow"},
        deferrable=True,
    )
    running = MskConnectConnectorStateSensor(
        task_id="wait_for_connector_running", connector_arn=connector.output, deferrable=True
    )
    larger = MskConnectUpdateConnectorOperator(
        task_id="double_the_workers",
        connector_arn=running.output,
        capacity={"provisionedCapacity": {"mcuCount": 1, "workerCount": 2}},
        deferrable=True,
    )
    MskConnectRestartConnectorOperator(
        task_id="restart_failed_tasks", connector_arn=larger.output, deferrable=True
    )
