"""An account (moto, and our MSK), brokers and settings, which the readings find by themselves."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from pinterest_pipeline.settings import settings
from tests.unit.cloud_operators.kafka.fake_kafka import FakeKafka
from tests.unit.pinterest_pipeline.health.readings.brokers import Brokers
from tests.unit.pinterest_pipeline.provisioning.conftest import (  # noqa: F401
    SETTINGS,
    account,
    kafka,
    moto_url,
    msk,
    real_s3,
    service_models,
)


@pytest.fixture
def use_settings(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., None]]:
    """The settings of provisioning's tests; gives a function that changes some of them."""

    def use(**changed: str) -> None:
        for name, value in changed.items():
            monkeypatch.setenv(f"PINTEREST_{name}", value)
        settings.cache_clear()

    use(**{name.removeprefix("PINTEREST_"): value for name, value in SETTINGS.items()})
    yield use
    # Before the environment is as it was, so that nobody is given these.
    settings.cache_clear()


@pytest.fixture
def brokers(kafka: FakeKafka, monkeypatch: pytest.MonkeyPatch) -> Brokers:  # noqa: F811
    """Three brokers without topics."""
    fake = Brokers()
    monkeypatch.setattr("cloud_operators.kafka.hooks.admin.AdminClient", lambda config: fake)
    return fake
