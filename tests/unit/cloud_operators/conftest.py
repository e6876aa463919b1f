"""The services that the operators are run against, each as a small server or client of its own."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import botocore.session
import pytest
from airflow.providers.amazon.aws.hooks.s3 import S3Hook
from botocore.loaders import Loader, create_loader

from cloud_operators.aws.hooks.apigateway import ApiGatewayHook
from tests.unit.cloud_operators import moto_server, running
from tests.unit.cloud_operators.aws import fake_kinesis, fake_msk
from tests.unit.cloud_operators.aws.fake_kinesis import FakeKinesis
from tests.unit.cloud_operators.aws.fake_msk import FakeMsk
from tests.unit.cloud_operators.databricks import fake_databricks
from tests.unit.cloud_operators.databricks.fake_databricks import FakeDatabricks
from tests.unit.cloud_operators.databricks.warehouse import BUCKET
from tests.unit.cloud_operators.kafka.fake_kafka import FakeKafka
from tests.unit.cloud_operators.running import TaskInstance
from tests.unit.quick_clients import unnamed_callers

__all__ = ["unnamed_callers"]

WAYS: dict[str, dict[str, Any]] = {
    "no-wait": {"wait_for_completion": False, "deferrable": False},
    "wait": {"wait_for_completion": True, "deferrable": False},
    "deferred": {"deferrable": True},
}
WAITING = [name for name in WAYS if name != "no-wait"]


@pytest.fixture(scope="session")
def service_models() -> Loader:
    return create_loader()


@pytest.fixture(autouse=True)
def shared_service_models(monkeypatch: pytest.MonkeyPatch, service_models: Loader) -> None:
    """Parse botocore's large model files once, not once a session."""
    monkeypatch.setattr(botocore.session, "create_loader", lambda *_: service_models)


@pytest.fixture(autouse=True)
def aws_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_DEFAULT_REGION": "us-east-1",
        # Throttling is left to our waiters, so that tests see them deal with it.
        "AWS_MAX_ATTEMPTS": "1",
    }.items():
        monkeypatch.setenv(name, value)
    for name in ("AWS_PROFILE", "AWS_ENDPOINT_URL", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def msk(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeMsk]:
    """A running MSK and MSK Connect that boto3 and aiobotocore find by themselves."""
    fake = FakeMsk()
    server = fake_msk.start(fake)
    for service in ("KAFKA", "KAFKACONNECT"):
        monkeypatch.setenv(f"AWS_ENDPOINT_URL_{service}", fake.url)
    yield fake
    server.shutdown()
    server.server_close()


@pytest.fixture
def kinesis(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeKinesis]:
    """A running Kinesis that boto3 and aiobotocore find by themselves."""
    fake = FakeKinesis()
    server = fake_kinesis.start(fake)
    monkeypatch.setenv("AWS_ENDPOINT_URL_KINESIS", fake.url)
    yield fake
    server.shutdown()
    server.server_close()


@pytest.fixture
def context() -> Any:
    """The context of one task; the same one stands for its next try."""
    return running.context()


@pytest.fixture
def xcoms(context: Any) -> dict[str, Any]:
    """What the task pushed besides its result."""
    ti: TaskInstance = context["ti"]
    return ti.xcoms


@pytest.fixture(params=WAYS)
def way(request: pytest.FixtureRequest) -> dict[str, Any]:
    """Each way of waiting, without pauses."""
    return {"aws_conn_id": None, "waiter_delay": 0, "waiter_max_attempts": 10, **WAYS[request.param]}


@pytest.fixture(params=WAITING)
def waiting(request: pytest.FixtureRequest) -> dict[str, Any]:
    """The two ways in which a task waits."""
    return {"aws_conn_id": None, "waiter_delay": 0, "waiter_max_attempts": 10, **WAYS[request.param]}


@pytest.fixture(scope="session")
def moto_url() -> Iterator[str]:
    with moto_server.running() as url:
        yield url


@pytest.fixture
def apigateway(moto_url: str, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A client of an empty API Gateway, which the operators find by themselves."""
    moto_server.reset(moto_url)
    monkeypatch.setenv("AWS_ENDPOINT_URL_API_GATEWAY", moto_url)
    return ApiGatewayHook(aws_conn_id=None).conn


@pytest.fixture
def s3(moto_url: str, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A client of an S3 with one empty bucket, which the operators find by themselves."""
    moto_server.reset(moto_url)
    monkeypatch.setenv("AIRFLOW_CONN_AWS_DEFAULT", "aws://")
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", moto_url)
    client = S3Hook().get_conn()
    client.create_bucket(Bucket=BUCKET)
    return client


@pytest.fixture
def databricks(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeDatabricks]:
    """A workspace, as the default connection has it."""
    fake = FakeDatabricks()
    server = fake_databricks.serve(fake)
    connection = {
        "conn_type": "databricks",
        "host": "127.0.0.1",
        "schema": "http",
        "port": fake.port,
        "password": fake_databricks.TOKEN,
    }
    monkeypatch.setenv("AIRFLOW_CONN_DATABRICKS_DEFAULT", json.dumps(connection))
    yield fake
    server.shutdown()
    server.server_close()


@pytest.fixture
def kafka(monkeypatch: pytest.MonkeyPatch) -> FakeKafka:
    """Brokers, as the default connection has them."""
    connection = {"conn_type": "kafka", "extra": {"bootstrap.servers": "127.0.0.1:9092"}}
    monkeypatch.setenv("AIRFLOW_CONN_KAFKA_DEFAULT", json.dumps(connection))
    fake = FakeKafka()
    monkeypatch.setattr("cloud_operators.kafka.hooks.admin.AdminClient", lambda config: fake)
    return fake
