from __future__ import annotations

import json
from pathlib import Path

import pytest

from pinterest_sandbox.aws.account import Account
from pinterest_sandbox.config import Config, new_config
from pinterest_sandbox.environment import airflow_environment, client_environment, connections
from pinterest_sandbox.parts import services_without_airflow
from tests.unit.pinterest_sandbox.configs import config_at

ACCOUNT = Account(
    bucket="user-sandbox-bucket",
    artifacts_bucket="sandbox-artifacts",
    plugin_source="s3://sandbox-artifacts/s3-sink.zip",
    plugin_sha256="0" * 64,
    cluster_arn="arn:cluster",
    connector_role_arn="arn:connector",
    api_role_arn="arn:api",
    alert_topic_arn="arn:alerts",
)
#: Variables that lead a client to a service behind the fault gate.
AIRFLOW = {
    "AWS_ENDPOINT_URL_KINESIS": "kinesis@airflow",
    "AWS_ENDPOINT_URL_S3": "s3@airflow",
    "PINTEREST_API_BASE_URL": "api@airflow",
    "PINTEREST_REST_PROXY_ADDRESS": "rest-proxy@airflow",
}
OTHER = {
    **AIRFLOW,
    "AWS_ENDPOINT_URL_KINESIS": "kinesis@other",
    "AWS_ENDPOINT_URL_S3": "s3@other",
    "SANDBOX_API_URL": "api@other",
    "SANDBOX_REST_PROXY_URL": "rest-proxy@other",
    "DATABRICKS_HOST": "databricks@other",
}


@pytest.fixture
def config(tmp_path: Path) -> Config:
    return config_at(tmp_path)


def port_of(address: str) -> int:
    return int(address.removeprefix("http://").split("/")[0].rpartition(":")[2])


def names(config: Config, environment: dict[str, str]) -> dict[str, str]:
    """The name of the port that each variable with an address of this machine leads to."""
    known = {port: name for name, port in config.ports.items()}
    return {
        name: known[port_of(value)]
        for name, value in environment.items()
        if "127.0.0.1:" in value and not value.startswith("{") and not name.startswith("AIRFLOW")
    }


def test_airflow_reaches_what_stands_behind_the_gate_through_its_own_doors(config: Config) -> None:
    found = names(config, airflow_environment(config, ACCOUNT))
    assert {name: found[name] for name in AIRFLOW} == AIRFLOW
    databricks = json.loads(connections(config)["databricks_default"])
    assert databricks["port"] == config.ports["databricks@airflow"]


def test_a_client_outside_has_doors_of_its_own_and_provisions_as_airflow_does(config: Config) -> None:
    found = names(config, client_environment(config, ACCOUNT))
    assert {name: found[name] for name in OTHER} == OTHER


def test_sinks_and_spark_have_doors_of_their_own(config: Config) -> None:
    services = {service.name: service for service in services_without_airflow(config)}
    assert names(config, dict(services["connect"].environment)) == {"AWS_ENDPOINT_URL_S3": "s3@connector"}
    spark = names(config, dict(services["databricks"].environment))
    assert spark["AWS_ENDPOINT_URL_S3"] == "s3@spark"
    assert spark["AWS_ENDPOINT_URL_KINESIS"] == "kinesis@spark"
    command = services["msk-connect"].command
    assert command[command.index("--sink-endpoint") + 1] == config.url("s3@connector")


def test_aws_integrations_of_the_api_have_a_door_of_their_own(config: Config) -> None:
    services = {service.name: service for service in services_without_airflow(config)}
    command = services["api"].command
    assert command[command.index("--kinesis") + 1] == config.url("kinesis@api")


def test_without_the_gate_everybody_is_led_straight_to_the_services(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PINTEREST_SANDBOX_HOME", str(tmp_path))
    config = new_config(gate=False)
    straight = {
        "s3": "moto",
        "kinesis": "moto",
        "api": "api",
        "rest-proxy": "rest_proxy",
        "databricks": "databricks",
    }
    found = names(config, client_environment(config, ACCOUNT))
    assert {name: found[name] for name in OTHER} == {
        name: straight[door.split("@")[0]] for name, door in OTHER.items()
    }
    services = {service.name: service for service in services_without_airflow(config)}
    assert names(config, dict(services["connect"].environment)) == {"AWS_ENDPOINT_URL_S3": "moto"}
    command = services["api"].command
    assert command[command.index("--kinesis") + 1] == config.url("moto")
    assert not any("@" in name for name in config.ports)
