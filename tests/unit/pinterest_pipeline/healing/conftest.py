"""Somewhere to keep states, and somebody to be told."""

from __future__ import annotations

import functools
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from pinterest_pipeline import connections, defaults
from pinterest_pipeline.healing import remedies, tasks
from pinterest_pipeline.healing.remedies import Remedy
from pinterest_pipeline.health.findings import Finding, Status
from pinterest_pipeline.settings import Settings, load_settings
from tests.unit.pinterest_pipeline.health.site import Site
from tests.unit.pinterest_pipeline.provisioning.conftest import (
    SETTINGS,
    account,
    fake_ssm,
    moto_url,
    msk,
    service_models,
)

__all__ = ["account", "fake_ssm", "moto_url", "msk", "service_models"]


class Ward:
    """The account, and settings that can be changed."""

    def __init__(self, site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
        self.site = site
        #: The task instance; a test may set the number of its try.
        self.ti = SimpleNamespace(try_number=1, max_tries=2)
        self._monkeypatch = monkeypatch
        self.use()

    def use(self, **changed: str) -> Settings:
        """Change settings, by their names without the prefix."""
        values = load_settings(
            SETTINGS
            | {"PINTEREST_ALERT_TOPIC_ARN": self.site.topic}
            | {f"PINTEREST_{name}": value for name, value in changed.items()}
        )
        for module in (tasks, remedies, defaults):
            self._monkeypatch.setattr(module, "settings", lambda: values)
        return values


@pytest.fixture
def ward(account: None, msk: Any, monkeypatch: pytest.MonkeyPatch) -> Ward:
    """An account in which components are treated."""
    site = Site()
    monkeypatch.setattr(connections, "aws_client", functools.cache(connections.aws_client))
    made = Ward(site, monkeypatch)
    monkeypatch.setattr(tasks, "get_current_context", lambda: {"run_id": "a run", "ti": made.ti})
    monkeypatch.setattr(tasks, "SHOWING_S", 0.0)
    return made


@pytest.fixture
def looks(monkeypatch: pytest.MonkeyPatch) -> list[Status]:
    """What the looks find, one after another; the last one goes on."""
    found = [Status.DOWN]

    def look(component: Any, memory: Any) -> Any:
        status = found.pop(0) if len(found) > 1 else found[0]
        return Finding(status=status, sentence=f"it is {status}"), 0.1

    monkeypatch.setattr(tasks, "look", look)
    return found


@pytest.fixture
def applied(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The remedy of the connector is noted here instead."""
    done: list[str] = []
    remedy = Remedy(name="restart it", apply=lambda: done.append("restarted"))
    monkeypatch.setitem(remedies.CHOOSERS, "connector", lambda found: remedy)
    return done


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> dict[str, timedelta]:
    """How far the time of the tasks is ahead."""
    ahead = {"by": timedelta(0)}
    monkeypatch.setattr(
        tasks, "now_text", lambda: (datetime.now(UTC) + ahead["by"]).isoformat(timespec="seconds")
    )
    return ahead
