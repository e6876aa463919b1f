"""Brokers, an account and settings, which the readings find by themselves."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.unit.pinterest_pipeline.provisioning.conftest import (  # noqa: F401
    account,
    moto_url,
    service_models,
)
from tests.unit.pinterest_pipeline.tracing.brokers import DEAD, TOPIC, Kafka


@pytest.fixture
def brokers(monkeypatch: pytest.MonkeyPatch) -> Iterator[Kafka]:
    """Brokers whose topics are empty."""
    from cloud_operators.kafka.hooks import admin, records

    fake = Kafka()
    fake.fill(TOPIC, [])
    fake.fill(DEAD, [])
    connection = '{"conn_type": "kafka", "extra": {"bootstrap.servers": "127.0.0.1:1"}}'
    monkeypatch.setenv("AIRFLOW_CONN_KAFKA_DEFAULT", connection)
    monkeypatch.setattr(admin, "AdminClient", lambda config: fake)
    monkeypatch.setattr(records._ConsumerHook, "get_conn", property(fake.consumer))
    yield fake
    assert fake.open == 0
