"""An account in which both paths were provisioned, and the steps of the teardown in the DAG's order."""

from __future__ import annotations

import functools
from typing import Any

import pytest
from airflow.providers.amazon.aws.hooks.base_aws import AwsBaseHook

from pinterest_pipeline import connections
from pinterest_pipeline.entities import make_names
from pinterest_pipeline.provisioning.teardown import tasks
from pinterest_pipeline.settings import load_settings
from tests.unit.cloud_operators.aws.fake_msk import FakeMsk
from tests.unit.cloud_operators.kafka.fake_kafka import FakeKafka
from tests.unit.pinterest_pipeline.provisioning.conftest import SETTINGS
from tests.unit.pinterest_pipeline.provisioning.teardown.site import Site


@pytest.fixture
def use_settings(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Change settings of the teardown."""

    def use(**changed: str) -> None:
        values = load_settings(
            SETTINGS
            | {"PINTEREST_DATABRICKS_WAREHOUSE_ID": "w1"}
            | {f"PINTEREST_{name}": value for name, value in changed.items()}
        )
        monkeypatch.setattr(tasks, "settings", lambda: values)
        monkeypatch.setattr(tasks, "names", lambda: make_names(values))

    use()
    return use


@pytest.fixture
def clients(monkeypatch: pytest.MonkeyPatch) -> None:
    """Making a client takes long, and a teardown is many tasks here: each is made once, and fast."""
    monkeypatch.setattr(AwsBaseHook, "_generate_user_agent_extra_field", lambda *_, **__: "")
    monkeypatch.setattr(connections, "aws_client", functools.cache(connections.aws_client))


@pytest.fixture
def site(
    clients: None,
    msk: FakeMsk,
    kafka: FakeKafka,
    real_s3: Any,
    statements: dict[str, Any],
    use_settings: Any,
) -> Site:
    """Everything is there, was made by provisioning, and has landed and been read."""
    site = Site(msk, kafka, real_s3, statements)
    site.provision()
    return site
