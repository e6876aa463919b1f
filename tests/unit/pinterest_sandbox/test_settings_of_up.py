"""``sandbox up --setting``: what Airflow starts with."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from pinterest_sandbox import cli, lifecycle
from pinterest_sandbox.config import Config
from tests.unit.pinterest_sandbox.configs import config_at


@pytest.fixture
def given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[dict[str, str]]:
    """The settings of each ``up``, which starts nothing."""
    calls: list[dict[str, str]] = []

    def up(*, without: frozenset[str], settings: Mapping[str, str]) -> Config:
        calls.append(dict(settings))
        return config_at(tmp_path)

    monkeypatch.setattr(lifecycle, "up", up)
    return calls


def invoke(*arguments: str) -> Any:
    return CliRunner().invoke(cli.main, ["up", *arguments])


def test_settings_are_given_to_airflow(given: list[dict[str, str]]) -> None:
    done = invoke("--setting", "PINTEREST_AUTO_HEAL=true", "--setting", "AIRFLOW__CORE__PARALLELISM=a=b")
    assert done.exit_code == 0, done.output
    assert given == [{"PINTEREST_AUTO_HEAL": "true", "AIRFLOW__CORE__PARALLELISM": "a=b"}]


def test_a_folder_of_local_settings_is_given_to_airflow(given: list[dict[str, str]]) -> None:
    assert invoke("--setting", "PYTHONPATH=/policies").exit_code == 0
    assert given == [{"PYTHONPATH": "/policies"}]


@pytest.mark.parametrize(
    "text",
    [
        "PINTEREST_AUTO_HEAL",
        "PATH=/tmp",
        "XPYTHONPATH=/tmp",
        "PYTHONPATHX=/tmp",
        "pinterest_auto_heal=true",
        "=true",
        "",
    ],
)
def test_what_is_no_setting_is_refused(given: list[dict[str, str]], text: str) -> None:
    done = invoke("--setting", text)
    assert done.exit_code == 2
    assert "is no setting" in done.output
    assert given == []
