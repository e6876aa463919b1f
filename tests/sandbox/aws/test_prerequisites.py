"""The sandbox's account has all that the pipeline's check looks for, seen through the pipeline's hooks."""

from __future__ import annotations

import pytest

from pinterest_sandbox.aws.clients import aws_client
from tests.running_sandbox import RunningSandbox
from tests.unit.pinterest_pipeline.airflow_home import prepare

prepare()

from pinterest_pipeline.provisioning.api import ApiPart  # noqa: E402
from pinterest_pipeline.provisioning.prerequisites.paths import check_path  # noqa: E402
from pinterest_pipeline.settings import load_settings  # noqa: E402

COMMON = {"settings", "AWS account", "bucket", "Databricks compute", "Databricks warehouse"}


@pytest.fixture
def environment(sandbox: RunningSandbox, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """That of the sandbox's Airflow, with the connection as its secrets backend gives it."""
    secrets = aws_client("secretsmanager", sandbox.url("moto"))
    kept = secrets.get_secret_value(SecretId="airflow/connections/databricks_default")["SecretString"]
    for name, value in sandbox.environment.items():
        if name.startswith(("AWS_", "AIRFLOW_CONN_")):
            monkeypatch.setenv(name, value)
    monkeypatch.setenv("AIRFLOW_CONN_DATABRICKS_DEFAULT", kept)
    return sandbox.environment


@pytest.mark.parametrize(
    ("part", "own"),
    [
        (ApiPart.BATCH, {"MSK cluster", "role of the connector", "S3 endpoint", "EC2 Kafka client"}),
        (ApiPart.STREAM, {"role of the API"}),
    ],
)
def test_everything_is_there(environment: dict[str, str], part: ApiPart, own: set[str]) -> None:
    rows = check_path(part, load_settings(environment), {})

    assert {row["name"]: row["status"] for row in rows} == dict.fromkeys(COMMON | own, "there")
