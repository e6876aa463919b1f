"""The API server, scheduler, DAG processor and triggerer, each under the supervisor."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import requests

from pinterest_sandbox.airflow.settings import airflow_home, airflow_program
from pinterest_sandbox.config import CHECKOUT, HOST, Config
from pinterest_sandbox.service import Service
from pinterest_sandbox.waiting import NotReady

SERVICES = ("airflow-api-server", "airflow-scheduler", "airflow-dag-processor", "airflow-triggerer")


def services(config: Config, environment: Mapping[str, str]) -> list[Service]:
    """Airflow's four processes.

    :param environment: all variables they run with, Airflow's and the pipeline's.
    """
    airflow = str(airflow_program())
    port = str(config.ports["airflow"])
    # The scheduler and the triggerer would serve logs on all interfaces; files are read directly here.
    commands = {
        "api-server": ("api-server", "--host", HOST, "--port", port),
        "scheduler": ("scheduler", "--skip-serve-logs"),
        "dag-processor": ("dag-processor",),
        "triggerer": ("triggerer", "--skip-serve-logs"),
    }
    return [
        Service(
            name=f"airflow-{name}",
            title=f"Airflow {name.replace('-', ' ')}",
            command=(airflow, *arguments),
            environment=dict(environment),
            directory=airflow_home(config),
            check=_answers(config) if name == "api-server" else _healthy(config, name),
            after=("airflow-database",),
            stop_signal="TERM",
            stop_timeout=20,
        )
        for name, arguments in commands.items()
    ]


def prepare_home(config: Config, environment: Mapping[str, str]) -> None:
    """Make ``AIRFLOW_HOME``: links to the checkout's folders and a migrated database.

    The migrated, empty database is kept in the cache: making it takes longer than starting the scheduler.
    """
    home = airflow_home(config)
    home.mkdir(parents=True, exist_ok=True)
    for name in ("dags", "plugins", "include"):
        link = home / name
        if link.is_symlink():
            link.unlink()
        link.symlink_to(CHECKOUT / name)
    database = home / "airflow.db"
    if database.exists():
        return
    shutil.copyfile(_empty_database(config, environment), database)


def _empty_database(config: Config, environment: Mapping[str, str]) -> Path:
    lock = (CHECKOUT / "requirements" / "airflow.txt").read_bytes()
    template = config.cache / f"airflow-{hashlib.sha256(lock).hexdigest()[:16]}.db"
    if not template.exists():
        template.parent.mkdir(parents=True, exist_ok=True)
        partial = template.with_suffix(".partial")
        partial.unlink(missing_ok=True)
        done = subprocess.run(
            [str(airflow_program()), "db", "migrate"],
            env={
                **os.environ,
                **environment,
                "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{partial}",
            },
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise RuntimeError(f"airflow db migrate failed:\n{(done.stdout + done.stderr)[-2000:]}")
        partial.rename(template)
    return template


def _health(config: Config) -> dict[str, Any]:
    try:
        answer = requests.get(config.url("airflow", "/api/v2/monitor/health"), timeout=5)
    except requests.RequestException as error:
        raise NotReady(f"the API server does not answer: {error}") from error
    if answer.status_code != 200:
        raise NotReady(f"the API server answers {answer.status_code}")
    content: dict[str, Any] = answer.json()
    return content


def _answers(config: Config) -> Callable[[], object]:
    return lambda: _health(config)


def _healthy(config: Config, name: str) -> Callable[[], object]:
    component = name.replace("-", "_")

    def check() -> None:
        state = _health(config).get(component, {}).get("status")
        if state != "healthy":
            raise NotReady(f"its state is {state}")

    return check
