"""An AWS account of moto, as the tests of provisioning have it."""

from __future__ import annotations

import functools

import pytest

from pinterest_pipeline import connections, defaults
from pinterest_pipeline.health import tasks
from pinterest_pipeline.settings import load_settings
from tests.unit.pinterest_pipeline.health.site import Site
from tests.unit.pinterest_pipeline.provisioning.conftest import account, moto_url, service_models

__all__ = ["account", "moto_url", "service_models"]


@pytest.fixture
def site(account: None, monkeypatch: pytest.MonkeyPatch) -> Site:
    """An account with a bucket and somebody who is told."""
    site = Site()
    monkeypatch.setattr(connections, "aws_client", functools.cache(connections.aws_client))
    values = load_settings({"PINTEREST_USER_ID": "sandbox", "PINTEREST_ALERT_TOPIC_ARN": site.topic})
    for module in (tasks, defaults):
        monkeypatch.setattr(module, "settings", lambda: values)
    monkeypatch.setattr(tasks, "get_current_context", lambda: {"run_id": "a run"})
    return site
