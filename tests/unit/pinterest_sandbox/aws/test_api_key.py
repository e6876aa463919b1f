from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from pinterest_sandbox.aws.api_key import read_api_key
from pinterest_sandbox.aws.clients import aws_client
from pinterest_sandbox.config import Config
from tests.unit.pinterest_sandbox.configs import config_at

SECRET = "airflow/connections/pinterest_api"


@pytest.fixture
def config(tmp_path: Path, moto_url: str) -> Iterator[Config]:
    made = config_at(tmp_path)
    made.ports["moto"] = urlsplit(moto_url).port or 0
    yield made
    aws_client("secretsmanager", moto_url).delete_secret(SecretId=SECRET, ForceDeleteWithoutRecovery=True)


def test_the_key_is_the_password_of_the_connection(config: Config, moto_url: str) -> None:
    with pytest.raises(ValueError, match="no key yet: run pinterest_provision_batch"):
        read_api_key(config)
    client = aws_client("secretsmanager", moto_url)
    document = {"conn_type": "http", "host": "http://127.0.0.1/sandbox/test"}
    client.create_secret(Name=SECRET, SecretString=json.dumps(document))
    with pytest.raises(ValueError, match="PINTEREST_REQUIRE_API_KEY=false"):
        read_api_key(config)
    client.put_secret_value(SecretId=SECRET, SecretString=json.dumps({**document, "password": "the-key"}))
    assert read_api_key(config) == "the-key"
