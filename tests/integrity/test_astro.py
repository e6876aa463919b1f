"""The files with which the Astro command line runs the project.

.. seealso:: https://www.astronomer.io/docs/astro/cli/develop-project
"""

from __future__ import annotations

import re
from fnmatch import fnmatch
from typing import Any

import pytest
import yaml

from pinterest_pipeline import connections
from tests.unit.pinterest_pipeline.airflow_home import CHECKOUT

#: What the Astro command line reads of a connection.
FIELDS = {
    "conn_id",
    "conn_type",
    "conn_host",
    "conn_schema",
    "conn_login",
    "conn_password",
    "conn_port",
    "conn_uri",
    "conn_extra",
}
DOCKERFILE = (CHECKOUT / "Dockerfile").read_text()
IGNORED = (CHECKOUT / ".dockerignore").read_text().split()


@pytest.fixture(scope="module")
def settings() -> list[dict[str, Any]]:
    content = yaml.safe_load((CHECKOUT / "airflow_settings.yaml.example").read_text())
    assert set(content) == {"airflow"}
    assert set(content["airflow"]) <= {"connections", "pools", "variables"}
    found: list[dict[str, Any]] = content["airflow"]["connections"]
    return found


def test_the_base_image_holds_the_airflow_and_python_of_mwaa() -> None:
    bases = re.findall(r"^FROM (.*)$", DOCKERFILE, re.MULTILINE)
    assert len(bases) == 1
    # Runtimes of Airflow 3 are named <its minor version>-<build>; builds 5 to 7 hold 3.3.1, later ones 3.3.2.
    tag = re.fullmatch(r"astrocrpublic\.azurecr\.io/runtime:3\.3-([567])-python-([\d.]+)", bases[0])
    assert tag, bases[0]
    assert tag[2] == (CHECKOUT / ".python-version").read_text().strip()


def test_what_the_base_image_copies_is_there() -> None:
    for name in ("packages.txt", "requirements.txt", ".astro/config.yaml"):
        assert (CHECKOUT / name).is_file(), name
    assert yaml.safe_load((CHECKOUT / ".astro" / "config.yaml").read_text())["project"]["name"]


def test_what_is_installed_beside_has_the_version_of_mwaa() -> None:
    pins = re.findall(r'"([a-z-]+)\[\w+\]==([\d.]+)"', DOCKERFILE)
    assert [name for name, _ in pins] == ["apache-airflow-providers-amazon"]
    locked = (CHECKOUT / "requirements" / "mwaa.txt").read_text()
    for name, version in pins:
        assert re.search(rf"^{name}=={re.escape(version)} ", locked, re.MULTILINE)


def test_every_connection_of_the_pipeline_has_an_example(settings: list[dict[str, Any]]) -> None:
    ours = {value for name, value in vars(connections).items() if name.isupper() and isinstance(value, str)}
    assert {entry["conn_id"] for entry in settings} == ours
    assert len(settings) == len(ours)


def test_the_connections_have_fields_that_astro_reads(settings: list[dict[str, Any]]) -> None:
    for entry in settings:
        assert set(entry) <= FIELDS, entry["conn_id"]
        assert entry["conn_type"]


def test_no_password_stands_in_the_example(settings: list[dict[str, Any]]) -> None:
    for entry in settings:
        assert re.fullmatch(r"(<.+>)?", entry.get("conn_password", "")), entry["conn_id"]


@pytest.mark.parametrize("name", [".env", "airflow_settings.yaml", ".git", ".venv", ".sandbox", "build"])
def test_secrets_and_what_is_made_stay_out_of_the_image(name: str) -> None:
    assert any(fnmatch(name, pattern.rstrip("/")) for pattern in IGNORED)


@pytest.mark.parametrize("name", ["dags", "plugins", "include", "requirements.txt", "packages.txt"])
def test_what_runs_goes_into_the_image(name: str) -> None:
    assert not any(fnmatch(name, pattern.rstrip("/")) for pattern in IGNORED)


def test_git_ignores_what_holds_secrets() -> None:
    ignored = (CHECKOUT / ".gitignore").read_text().split()
    assert {".env", "airflow_settings.yaml"} <= set(ignored)
