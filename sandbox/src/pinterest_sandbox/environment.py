"""The environment of everything that talks to the sandbox: Airflow, shells and clients of others."""

from __future__ import annotations

import json
import shlex

from pinterest_sandbox.airflow.settings import airflow_settings
from pinterest_sandbox.aws.account import Account
from pinterest_sandbox.config import (
    ACCESS_KEY,
    CLIENT_INSTANCE_ID,
    CLUSTER_ID,
    HOST,
    REGION,
    SECRET_KEY,
    WAREHOUSE_ID,
    Config,
)

STAGE = "test"
SOURCE_DATABASE = "pinterest_data"
SOURCE_USER = "pinterest"


def aws_environment(config: Config, *, client: str) -> dict[str, str]:
    """What boto3 needs to reach the stand-ins; it reads the endpoints by itself.

    :param client: who it is for, as the fault gate tells clients apart.
    """
    return {
        "AWS_ACCESS_KEY_ID": ACCESS_KEY,
        "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_REGION": REGION,
        "AWS_ENDPOINT_URL": config.url("moto"),
        "AWS_ENDPOINT_URL_S3": config.url(config.gated("s3", client)),
        "AWS_ENDPOINT_URL_KINESIS": config.url(config.gated("kinesis", client)),
        "AWS_ENDPOINT_URL_KAFKA": config.url("msk"),
        "AWS_ENDPOINT_URL_KAFKACONNECT": config.url("msk_connect"),
        "AWS_ENDPOINT_URL_SSM": config.url("ssm"),
        # A profile of the caller would win over the keys or name other endpoints.
        "AWS_CONFIG_FILE": "/dev/null",
        "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
        "AWS_EC2_METADATA_DISABLED": "true",
    }


def pipeline_settings(config: Config, account: Account) -> dict[str, str]:
    """The pipeline's own settings, as ``startup.sh`` exports them on MWAA.

    Provisioning keeps some of them, in stage variables and in a connection: they are the same whoever runs
    it, and lead through Airflow's doors of the fault gate.
    """
    return {
        "PINTEREST_USER_ID": config.user_id,
        "PINTEREST_MSK_CLUSTER_ARN": account.cluster_arn,
        "PINTEREST_CLIENT_INSTANCE_ID": CLIENT_INSTANCE_ID,
        "PINTEREST_REST_PROXY_ADDRESS": config.address(config.gated("rest-proxy", "airflow")),
        "PINTEREST_CONNECTOR_ROLE_ARN": account.connector_role_arn,
        "PINTEREST_KINESIS_API_ROLE_ARN": account.api_role_arn,
        "PINTEREST_ALERT_TOPIC_ARN": account.alert_topic_arn,
        "PINTEREST_DATABRICKS_COMPUTE": json.dumps({"existing_cluster_id": CLUSTER_ID}),
        "PINTEREST_DATABRICKS_WAREHOUSE_ID": WAREHOUSE_ID,
        "PINTEREST_DATABRICKS_CATALOG": "spark_catalog",
        "PINTEREST_DATABRICKS_SCHEMA": "default",
        "PINTEREST_WORKSPACE_ROOT": "/Shared/pinterest",
        "PINTEREST_REQUIRE_API_KEY": "true",
        "PINTEREST_CONNECTOR_PLUGIN_SOURCE": account.plugin_source,
        "PINTEREST_CONNECTOR_PLUGIN_SHA256": account.plugin_sha256,
        "PINTEREST_CONNECTOR_LOG_GROUP": config.connector_log_group,
        "PINTEREST_API_BASE_URL": api_url(config, client="airflow"),
    }


def api_url(config: Config, *, client: str) -> str:
    """The invoke URL with its stage; fixed before the API is provisioned, answers 403 until it is."""
    return config.url(config.gated("api", client), f"/{config.user_id}/{STAGE}")


def connections(config: Config) -> dict[str, str]:
    """The connections that a customer keeps in Secrets Manager: id to Airflow's JSON form."""
    return {
        "databricks_default": json.dumps(
            {
                "conn_type": "databricks",
                "host": HOST,
                "schema": "http",
                "port": config.ports[config.gated("databricks", "airflow")],
                "password": config.databricks_token,
            }
        ),
        "kafka_default": json.dumps(
            {"conn_type": "kafka", "extra": {"bootstrap.servers": config.address("kafka")}}
        ),
        "pinterest_source": json.dumps(
            {
                "conn_type": "mysql",
                "host": HOST,
                "port": config.ports["source"],
                "login": SOURCE_USER,
                "password": config.source_password,
                "schema": SOURCE_DATABASE,
                "extra": {"charset": "utf8mb4"},
            }
        ),
    }


def airflow_environment(config: Config, account: Account) -> dict[str, str]:
    """All variables that Airflow's processes run with."""
    return {
        **aws_environment(config, client="airflow"),
        "AIRFLOW_CONN_AWS_DEFAULT": json.dumps({"conn_type": "aws", "extra": {"region_name": REGION}}),
        **pipeline_settings(config, account),
        **airflow_settings(config),
    }


def client_environment(config: Config, account: Account) -> dict[str, str]:
    """What a client outside the project needs to talk to every part, and Airflow's environment."""
    return {
        **airflow_environment(config, account),
        **aws_environment(config, client="other"),
        # `airflow dags test` of 3.3.1 fails at the end of a run whose DAG has a deadline
        # (apache/airflow#73428); where nobody is told of late runs there is none.
        "PINTEREST_ALERT_TOPIC_ARN": "",
        "SANDBOX_API_URL": api_url(config, client="other"),
        "SANDBOX_MYSQL_HOST": HOST,
        "SANDBOX_MYSQL_PORT": str(config.ports["source"]),
        "SANDBOX_MYSQL_USER": SOURCE_USER,
        "SANDBOX_MYSQL_PASSWORD": config.source_password,
        "SANDBOX_MYSQL_DATABASE": SOURCE_DATABASE,
        "SANDBOX_KAFKA_BOOTSTRAP": config.address("kafka"),
        "SANDBOX_CONNECT_URL": config.url("connect"),
        "SANDBOX_REST_PROXY_URL": config.url(config.gated("rest-proxy", "other")),
        "SANDBOX_AIRFLOW_URL": config.url("airflow"),
        "DATABRICKS_HOST": config.url(config.gated("databricks", "other")),
        "DATABRICKS_TOKEN": config.databricks_token,
    }


def export_lines(environment: dict[str, str]) -> str:
    """``environment`` as lines that a POSIX shell can evaluate."""
    return "\n".join(f"export {name}={shlex.quote(value)}" for name, value in environment.items())
