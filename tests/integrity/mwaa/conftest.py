"""The product made, uploaded and run as MWAA would, once for all tests here."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.integrity.mwaa import commands, layout, surroundings
from tests.integrity.mwaa.environment import environment
from tests.integrity.mwaa.surroundings import Surroundings
from tests.unit.cloud_operators.aws.fake_msk import CLUSTER_ARN
from tests.unit.cloud_operators.kafka import fake_kafka
from tests.unit.pinterest_pipeline.provisioning import fake_ssm

BUCKET = "user-sandbox-bucket"
PLUGIN_FILE = b"PK: the sink's plugin file"
SETTINGS = f"""\
PINTEREST_USER_ID=sandbox
PINTEREST_MSK_CLUSTER_ARN={CLUSTER_ARN}
PINTEREST_CLIENT_INSTANCE_ID={fake_ssm.INSTANCE}
PINTEREST_REST_PROXY_ADDRESS=proxy.example.com:8082
PINTEREST_CONNECTOR_ROLE_ARN=arn:aws:iam::123456789012:role/pinterest-connector
PINTEREST_KINESIS_API_ROLE_ARN=arn:aws:iam::123456789012:role/pinterest-kinesis
PINTEREST_CONNECTOR_PLUGIN_SOURCE=s3://artifacts/s3-sink.zip
PINTEREST_DATABRICKS_WAREHOUSE_ID=0123456789abcdef
PINTEREST_DATABRICKS_COMPUTE={{"existing_cluster_id": "0123-456789-abcdefgh"}}
"""
#: In the order in which they need each other.
DAGS = (
    "pinterest_provision_batch",
    "pinterest_provision_stream",
    "pinterest_emulate_posts",
    "pinterest_daily_batch",
    "pinterest_stream_ingest",
    "pinterest_materialise_results",
    "pinterest_replay",
    "pinterest_maintenance",
    "pinterest_health",
    "pinterest_heal",
    "pinterest_trace",
    # A dry run: other tests look at what the DAGs before it have made.
    "pinterest_teardown",
)
#: What a run of a DAG is given.
CONF: dict[str, dict[str, Any]] = {
    "pinterest_provision_batch": {"dry_run": False},
    "pinterest_provision_stream": {"dry_run": False},
    "pinterest_emulate_posts": {"target": "both"},
    "pinterest_replay": {"dry_run": False},
    # The first post of the emulation.
    "pinterest_trace": {"ind": 7528},
    # Which is healthy: it is looked at, and left alone.
    "pinterest_heal": {"component": "connector"},
}
COMMANDS = {
    "plugins": ["plugins", "--output", "json"],
    "dags": ["dags", "list", "--output", "json"],
    "import_errors": ["dags", "list-import-errors", "--output", "json"],
    **{dag: ["dags", "test", dag, "--conf", json.dumps(CONF.get(dag, {}))] for dag in DAGS},
}


@dataclass(frozen=True)
class Mwaa:
    """What became of the product there.

    :param home: the Airflow home.
    :param package: what was uploaded.
    :param environment: the Python environment's folder.
    :param variables: the variables of Airflow's processes.
    :param surroundings: the services, in the state in which the tasks left them.
    :param processor: the finished DAG processor.
    :param report: what :mod:`tests.integrity.mwaa.commands` found.
    """

    home: Path
    package: Path
    environment: Path
    variables: dict[str, str]
    surroundings: Surroundings
    processor: subprocess.CompletedProcess[str]
    report: dict[str, Any]

    def command(self, name: str) -> dict[str, Any]:
        """Code, output and error of one of Airflow's commands."""
        found: dict[str, Any] = self.report["commands"][name]
        return found


@pytest.fixture(scope="session")
def mwaa(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mwaa]:
    """Make the package, lay it out, parse the DAGs and run their tasks."""
    folder = tmp_path_factory.mktemp("mwaa")
    package, home = folder / "package", folder / "airflow"
    python = environment()
    with surroundings.running() as services:
        layout.make_package(package, f"{SETTINGS}PINTEREST_API_BASE_URL={services.api.url}\n")
        layout.unpack(package, home)
        s3 = services.client("s3")
        s3.create_bucket(Bucket="artifacts")
        s3.put_object(Bucket="artifacts", Key="s3-sink.zip", Body=PLUGIN_FILE)
        variables = layout.variables(home, python, services.variables)
        _migrate(home, python, variables)
        processor = _run([str(python / "bin" / "airflow"), "dag-processor", "--num-runs", "1"], variables)
        yield Mwaa(
            home=home,
            package=package,
            environment=python,
            variables=variables,
            surroundings=services,
            processor=processor,
            report=report(folder / "report.json", python, variables, COMMANDS),
        )


def _migrate(home: Path, python: Path, variables: dict[str, str]) -> None:
    """Make the database, which is kept with the environment: it depends on nothing of ours."""
    kept = python / "airflow.db"
    if not kept.exists():
        done = _run([str(python / "bin" / "airflow"), "db", "migrate"], variables)
        assert done.returncode == 0, done.stderr
        shutil.copyfile(home / "airflow.db", python / "partial.db")
        (python / "partial.db").rename(kept)
    shutil.copyfile(kept, home / "airflow.db")


def report(
    target: Path, python: Path, variables: dict[str, str], lines: dict[str, list[str]]
) -> dict[str, Any]:
    """Run Airflow's commands in the layout; gives what :mod:`tests.integrity.mwaa.commands` found.

    :param target: file for the report.
    :param python: the Python environment's folder.
    :param variables: the variables of Airflow's processes.
    :param lines: the commands by name.
    """
    # Copied, so that nothing of the checkout is on its path.
    program = target.with_name("commands.py")
    for module in (
        commands.__file__,
        Path(commands.__file__).with_name("landed_kafka.py"),
        fake_kafka.__file__,
    ):
        shutil.copy(module, target.parent)
    request = {
        "commands": lines,
        "packages": ["cloud_operators", "pinterest_pipeline"],
        "wrong_setting": ["PINTEREST_USER_ID", "My-Id"],
    }
    done = _run([str(python / "bin" / "python"), str(program), str(target)], variables, json.dumps(request))
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(target.read_text())
    return found


def _run(
    command: list[str], variables: dict[str, str], request: str | None = None
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command,
        env=variables,
        cwd=variables["AIRFLOW_HOME"],
        input=request,
        capture_output=True,
        text=True,
        check=False,
        timeout=900,
    )
