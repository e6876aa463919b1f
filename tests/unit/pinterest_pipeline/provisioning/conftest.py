"""AWS (moto, and our MSK) and brokers, which the tasks of provisioning find by themselves."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import botocore.session
import pytest
from botocore.loaders import Loader, create_loader

from pinterest_pipeline import connections
from pinterest_pipeline.provisioning import change_tasks, client_tasks, stream_tasks, tasks
from pinterest_pipeline.settings import load_settings
from tests.unit.cloud_operators import moto_server
from tests.unit.cloud_operators.aws import fake_msk
from tests.unit.cloud_operators.aws.fake_msk import CLUSTER_ARN, FakeMsk
from tests.unit.cloud_operators.kafka.fake_kafka import FakeKafka
from tests.unit.pinterest_pipeline.provisioning.fake_ssm import FakeSsm, serve
from tests.unit.pinterest_pipeline.provisioning.kafka_client_machine import Machine
from tests.unit.pinterest_pipeline.provisioning.killing import Killer

SETTINGS = {
    "PINTEREST_USER_ID": "sandbox",
    "PINTEREST_MSK_CLUSTER_ARN": CLUSTER_ARN,
    "PINTEREST_REST_PROXY_ADDRESS": "proxy.example.com:8082",
    "PINTEREST_CONNECTOR_ROLE_ARN": "arn:aws:iam::123456789012:role/pinterest-connector",
    "PINTEREST_CONNECTOR_PLUGIN_SOURCE": "s3://artifacts/sink.zip",
}


@pytest.fixture(scope="session")
def moto_url() -> Iterator[str]:
    with moto_server.running() as url:
        yield url


@pytest.fixture(scope="session")
def service_models() -> Loader:
    """Parse botocore's large model files once, not once a session."""
    return create_loader()


@pytest.fixture
def account(moto_url: str, service_models: Loader, monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty account, in us-east-1, behind the default connection."""
    moto_server.reset(moto_url)
    monkeypatch.setattr(botocore.session, "create_loader", lambda *_: service_models)
    for name, value in {
        "AIRFLOW_CONN_AWS_DEFAULT": "aws://",
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ENDPOINT_URL": moto_url,
    }.items():
        monkeypatch.setenv(name, value)
    for name in ("AWS_PROFILE", "AWS_REGION", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def msk(account: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeMsk]:
    """MSK and MSK Connect of the account, without any resource."""
    fake = FakeMsk(looks=0)
    server = fake_msk.start(fake)
    for service in ("KAFKA", "KAFKACONNECT"):
        monkeypatch.setenv(f"AWS_ENDPOINT_URL_{service}", fake.url)
    yield fake
    server.shutdown()
    server.server_close()


@pytest.fixture
def fake_ssm(account: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeSsm]:
    """Systems Manager of the account, with one instance and no documents."""
    fake = FakeSsm()
    with serve(fake):
        monkeypatch.setenv("AWS_ENDPOINT_URL_SSM", fake.url)
        yield fake


@pytest.fixture
def kafka(monkeypatch: pytest.MonkeyPatch) -> FakeKafka:
    """Brokers without topics."""
    connection = {"conn_type": "kafka", "extra": {"bootstrap.servers": "127.0.0.1:9092"}}
    monkeypatch.setenv("AIRFLOW_CONN_KAFKA_DEFAULT", json.dumps(connection))
    fake = FakeKafka()
    monkeypatch.setattr("cloud_operators.kafka.hooks.admin.AdminClient", lambda config: fake)
    return fake


@pytest.fixture
def configured(msk: FakeMsk, kafka: FakeKafka, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The settings that provisioning needs; gives a function that changes some of them."""

    def use(**changed: str) -> None:
        values = load_settings(SETTINGS | {f"PINTEREST_{name}": value for name, value in changed.items()})
        monkeypatch.setattr(tasks, "settings", lambda: values)
        monkeypatch.setattr(stream_tasks, "settings", lambda: values)
        monkeypatch.setattr(change_tasks, "settings", lambda: values)
        monkeypatch.setattr(client_tasks, "settings", lambda: values)

    use()
    return use


@pytest.fixture
def real_s3(account: None) -> Any:
    """A client of the account's S3."""
    return connections.aws_client("s3")


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    """What listens on the proxy's port."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server


@pytest.fixture
def machine(tmp_path: Path, listener: socket.socket) -> Machine:
    return Machine(tmp_path, listener.getsockname()[1])


@pytest.fixture
def killer(monkeypatch: pytest.MonkeyPatch) -> Killer:
    """Kills a run behind one of its requests."""
    return Killer(monkeypatch)


@pytest.fixture
def plugin_source(configured: Any, real_s3: Any) -> Any:
    """The sink's file where the settings say; gives the client of S3."""
    real_s3.create_bucket(Bucket="artifacts")
    real_s3.put_object(Bucket="artifacts", Key="sink.zip", Body=b"PK-1")
    return real_s3
