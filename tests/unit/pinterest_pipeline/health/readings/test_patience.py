"""The hooks' time limits, which leave time for the other requests of a look."""

from __future__ import annotations

import json

import pytest

from cloud_operators.aws.hooks.msk import MskHook
from cloud_operators.kafka.hooks.offsets import KafkaOffsetsHook
from pinterest_pipeline.health.readings import patience


@pytest.mark.usefixtures("account")
def test_aws_is_given_seconds() -> None:
    for client, attempts in (
        (patience.aws_hook(MskHook).conn, 2),
        (patience.aws_client("logs", attempts=1), 1),
    ):
        config = client.meta.config
        assert config.connect_timeout + config.read_timeout <= 6
        assert config.retries["total_max_attempts"] == attempts


@pytest.mark.usefixtures("account")
def test_what_the_connection_says_beside_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    extra = {"config_kwargs": {"read_timeout": 60, "user_agent_extra": "someone"}}
    monkeypatch.setenv("AIRFLOW_CONN_AWS_DEFAULT", json.dumps({"conn_type": "aws", "extra": extra}))
    config = patience.aws_client("logs").meta.config
    assert config.user_agent_extra.endswith(" someone")
    assert config.read_timeout == patience.READ_S


@pytest.mark.usefixtures("brokers")
def test_kafka_is_given_seconds() -> None:
    assert patience.kafka_hook(KafkaOffsetsHook).request_timeout <= 5
