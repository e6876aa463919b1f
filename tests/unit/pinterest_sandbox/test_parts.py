"""Which steps bring a sandbox up."""

from __future__ import annotations

from dataclasses import fields, replace
from pathlib import Path

import pytest

from pinterest_sandbox import parts
from pinterest_sandbox.aws.account import Account
from pinterest_sandbox.parts import start_steps
from pinterest_sandbox.service import Service
from pinterest_sandbox.supervision import Supervisor
from tests.unit.pinterest_sandbox.configs import config_at

ACCOUNT = Account(**{field.name: field.name for field in fields(Account)})


@pytest.mark.parametrize(
    ("left_out", "gone"),
    [("source", {"source", "source-rows"}), ("moto", {"moto", "account"}), ("kafka", {"kafka"})],
)
def test_what_is_left_out_takes_the_work_inside_it_along(
    tmp_path: Path, left_out: str, gone: set[str]
) -> None:
    config = config_at(tmp_path)
    every = {step.name for step in start_steps(config, Supervisor(config), without=frozenset())}

    steps = start_steps(config, Supervisor(config), without=frozenset({left_out}))

    names = {step.name for step in steps}
    assert every - names == gone
    assert all(set(step.after) <= names for step in steps)


class DescribedOnly(Supervisor):
    """Notes what would be started and stopped, and starts nothing."""

    def __init__(self) -> None:
        self.described: dict[str, Service] = {}

    def start(self, service: Service) -> None:
        self.described[service.name] = replace(service, check=lambda: None)


def test_settings_are_those_of_all_of_airflow_and_win(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config, supervisor = config_at(tmp_path), DescribedOnly()
    monkeypatch.setattr(parts, "load_account", lambda config: ACCOUNT)
    monkeypatch.setattr(parts, "wait_until", lambda check, what, timeout: None)
    settings = {"PINTEREST_AUTO_HEAL": "true", "PINTEREST_USER_ID": "other"}

    for step in start_steps(config, supervisor, without=frozenset(), settings=settings):
        if step.name.startswith("airflow-") and step.name != "airflow-database":
            step.run()

    assert len(supervisor.described) == 4
    for service in supervisor.described.values():
        assert service.environment["PINTEREST_AUTO_HEAL"] == "true"
        assert service.environment["PINTEREST_USER_ID"] == "other"
        assert service.environment["PINTEREST_DATABRICKS_SCHEMA"] == "default"
