"""An Airflow home as the containers of MWAA have it, and the variables that their processes run with."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

from tests.unit.pinterest_pipeline.airflow_home import CHECKOUT

#: A Fernet key is 32 bytes in URL-safe base64; the JWT secret is what MWAA makes of the same secret.
FERNET_KEY = "c2l4dGVlbiBieXRlcyBhbmQgc2l4dGVlbiBtb3JlISE="

#: Overridable by the environment's configuration and by the startup script.
OPINIONATED = {
    "AIRFLOW__CORE__EXECUTE_TASKS_NEW_PYTHON_INTERPRETER": "True",
    "AIRFLOW__CORE__SENSITIVE_VAR_CONN_NAMES": "proxy,proxies",
    "AIRFLOW__API__SERVER_TYPE": "gunicorn",
    "AIRFLOW__API__WORKER_REFRESH_INTERVAL": "43200",
    "AIRFLOW__API__WORKER_REFRESH_BATCH_SIZE": "1",
    "AIRFLOW__SCHEDULER__SCHEDULE_AFTER_TASK_EXECUTION": "False",
    "AIRFLOW__SCHEDULER__TASK_QUEUED_TIMEOUT": "1800.0",
    "AIRFLOW__SECRETS__BACKEND_KWARGS": json.dumps({"connections_lookup_pattern": "^(?!aws_default$).*$"}),
    "AIRFLOW__WORKERS__SECRETS_BACKEND_KWARGS": json.dumps(
        {"connections_lookup_pattern": "^(?!aws_default$).*$"}
    ),
    "AIRFLOW__USAGE_DATA_COLLECTION__ENABLED": "False",
    "AIRFLOW_CONN_AWS_DEFAULT": "aws://",
    "SQLALCHEMY_SILENCE_UBER_WARNING": "1",
}


def essential(home: Path) -> dict[str, str]:
    """What nothing overrides. Executor and database are those that need no service."""
    return {
        "AIRFLOW__CORE__EXECUTOR": "LocalExecutor",
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__MULTI_TEAM": "False",
        "AIRFLOW__CORE__FERNET_KEY": FERNET_KEY,
        "AIRFLOW__CORE__AUTH_MANAGER": "airflow.providers.fab.auth_manager.fab_auth_manager.FabAuthManager",
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{home / 'airflow.db'}",
        "AIRFLOW__LOGGING__COLORED_CONSOLE_LOG": "False",
        "AIRFLOW__METRICS__STATSD_ON": "True",
        "AIRFLOW__METRICS__STATSD_HOST": "localhost",
        "AIRFLOW__METRICS__STATSD_PORT": "8125",
        "AIRFLOW__METRICS__STATSD_PREFIX": "airflow",
        "AIRFLOW__SCHEDULER__STANDALONE_DAG_PROCESSOR": "True",
        "AIRFLOW__API__SECRET_KEY": FERNET_KEY,
        "AIRFLOW__API_AUTH__JWT_SECRET": json.dumps({"FernetKey": FERNET_KEY}),
        "AIRFLOW__API_AUTH__JWT_ALGORITHM": "HS256",
        "AIRFLOW__EXECUTION_API__JWT_EXPIRATION_TIME": "86400",
        "AIRFLOW__TRIGGERER__QUEUES_ENABLED": "False",
        "AWS_EXECUTION_ENV": "Amazon_MWAA_331",
        "MWAA_AIRFLOW_COMPONENT": "scheduler",
        "MWAA_COMMAND": "scheduler",
    }


def protected(home: Path) -> dict[str, str]:
    """Variables of the container that neither startup script nor configuration can change."""
    return {
        "AIRFLOW_ENV_NAME": "pinterest-test",
        "AIRFLOW_HOME": str(home),
        "AIRFLOW_VERSION": "3.3.1",
        "AWS_REGION": "us-east-1",
        "AWS_DEFAULT_REGION": "us-east-1",
        "PYTHONPATH": str(home.parent / "python"),
        "PYTHONUNBUFFERED": "1",
    }


def make_package(folder: Path, settings: str) -> None:
    """Run the tool that makes what is uploaded.

    :param folder: where to make it.
    :param settings: the file of settings that the startup script is made of.
    """
    source = folder.parent / "settings.env"
    source.write_text(settings)
    tool = CHECKOUT / "tools" / "mwaa_package.py"
    subprocess.run(
        [sys.executable, str(tool), "--output", str(folder), "--settings", str(source)],
        check=True,
        stdout=subprocess.DEVNULL,
    )


def unpack(package: Path, home: Path) -> None:
    """Lay a package out as the containers of MWAA do.

    :param package: what the tool made.
    :param home: the Airflow home, made here.
    """
    shutil.copytree(package / "dags", home / "dags")
    with zipfile.ZipFile(package / "plugins.zip") as plugins:
        plugins.extractall(home / "plugins")
    (home / "startup").mkdir()
    shutil.copyfile(package / "startup.sh", home / "startup" / "startup.sh")
    (home.parent / "python").mkdir()


def configuration_options() -> dict[str, str]:
    """The Airflow configuration options that ``docs/mwaa.md`` tells the reader to set, as variables."""
    page = (CHECKOUT / "docs" / "mwaa.md").read_text()
    block = re.search(r"```ini\n(.*?)```", page, re.DOTALL)
    assert block, "docs/mwaa.md has no configuration options"
    pairs = [line.split(" = ", 1) for line in block[1].splitlines() if line]
    return {f"AIRFLOW__{option.replace('.', '__', 1).upper()}": value for option, value in pairs}


def variables(home: Path, environment: Path, container: dict[str, str]) -> dict[str, str]:
    """All variables of Airflow's processes, put together in MWAA's order.

    :param home: the Airflow home.
    :param environment: the Python environment.
    :param container: further variables of the container.
    """
    base = {
        "PATH": f"{environment / 'bin'}:/usr/bin:/bin",
        "HOME": str(home),
        "LANG": "C.UTF-8",
        **container,
        **protected(home),
    }
    return {
        **base,
        **OPINIONATED,
        **_startup({**base, **OPINIONATED}, home),
        **configuration_options(),
        **protected(home),
        **essential(home),
    }


def _startup(before: dict[str, str], home: Path) -> dict[str, str]:
    """The variables after the startup script, as MWAA takes them over."""
    script = 'source "$HOME/startup/startup.sh" && env -0'
    done = subprocess.run(["/bin/bash", "-c", script], env=before, capture_output=True, text=True, check=True)
    return dict(pair.split("=", 1) for pair in done.stdout.split("\0") if pair)
