"""An AWS account of moto, as the tests of provisioning have it, and what the tasks find in their context."""

from __future__ import annotations

from typing import Any

import pytest

from pinterest_pipeline.maintenance import tasks
from pinterest_pipeline.settings import load_settings
from tests.unit.pinterest_pipeline.provisioning.conftest import account, moto_url, service_models

__all__ = ["account", "moto_url", "service_models"]


@pytest.fixture
def context(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    context: dict[str, Any] = {}
    monkeypatch.setattr(tasks, "get_current_context", lambda: context)
    values = load_settings(
        {"PINTEREST_USER_ID": "sandbox", "PINTEREST_DATABRICKS_WAREHOUSE_ID": "0123456789abcdef"}
    )
    monkeypatch.setattr(tasks, "settings", lambda: values)
    return context
