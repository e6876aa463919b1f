"""Airflow's own configuration as environment variables (https://airflow.apache.org/docs/apache-airflow/3.3.1/configurations-ref.html)."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from pinterest_sandbox.config import CHECKOUT, HOST, Config

#: Prefix of the connections in Secrets Manager.
CONNECTIONS_PREFIX = "airflow/connections"


def airflow_program() -> Path:
    """The ``airflow`` command of the Airflow environment."""
    return CHECKOUT / ".venv" / "airflow" / "bin" / "airflow"


def airflow_home(config: Config) -> Path:
    """``AIRFLOW_HOME`` of this sandbox."""
    return config.home / "airflow"


def airflow_settings(config: Config) -> dict[str, str]:
    """The variables that make Airflow run here, on loopback only.

    :returns: variable name to value.
    """
    home = airflow_home(config)
    url = config.url("airflow")
    secrets = json.dumps(
        {"connections_prefix": CONNECTIONS_PREFIX, "connections_lookup_pattern": "^(?!aws_default$).*$"}
    )
    backend = "airflow.providers.amazon.aws.secrets.secrets_manager.SecretsManagerBackend"
    settings = {
        "core": {
            "executor": "LocalExecutor",
            # The default of 32 workers takes 5.8 GB.
            "parallelism": "4",
            "load_examples": "False",
            "dags_folder": str(home / "dags"),
            "plugins_folder": str(home / "plugins"),
            "fernet_key": "",
            "simple_auth_manager_all_admins": "True",
            "execution_api_server_url": f"{url}/execution/",
            "auth_manager": "airflow.api_fastapi.auth.managers.simple.simple_auth_manager.SimpleAuthManager",
        },
        "database": {"sql_alchemy_conn": f"sqlite:///{home / 'airflow.db'}"},
        "api": {
            "host": HOST,
            "port": str(config.ports["airflow"]),
            "base_url": url,
            "workers": "1",
            "secret_key": _derived(config, "api"),
            "expose_config": "non-sensitive-only",
        },
        "api_auth": {"jwt_secret": _derived(config, "jwt")},
        "scheduler": {
            # A killed task is noticed after 20 s instead of 300 s.
            "task_instance_heartbeat_timeout": "20",
            "task_instance_heartbeat_sec": "5",
            "task_instance_heartbeat_timeout_detection_interval": "5",
            "scheduler_heartbeat_sec": "2",
            # Tasks of a scheduler that was killed with them are taken up within a minute instead of five.
            "orphaned_tasks_check_interval": "30",
            # Else a task is started up to a second after the one before it, which a DAG of ten feels.
            "scheduler_idle_sleep_time": "0.25",
        },
        "dag_processor": {"refresh_interval": "20", "min_file_process_interval": "20"},
        "logging": {"base_log_folder": str(home / "logs")},
        "secrets": {"backend": backend, "backend_kwargs": secrets},
        "workers": {"secrets_backend": backend, "secrets_backend_kwargs": secrets},
        "usage_data_collection": {"enabled": "False"},
    }
    flat = {
        f"AIRFLOW__{section.upper()}__{option.upper()}": value
        for section, options in settings.items()
        for option, value in options.items()
    }
    return {"AIRFLOW_HOME": str(home), **flat}


def _derived(config: Config, purpose: str) -> str:
    """A secret that all of Airflow's processes share and that needs no place of its own."""
    return hashlib.sha256(f"{purpose}:{config.control_password}".encode()).hexdigest()
