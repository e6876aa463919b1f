"""The workflow of the CI service."""

from __future__ import annotations

import os
import re
from fnmatch import fnmatch
from typing import Any

import pytest
import yaml

from tests.unit.pinterest_pipeline.airflow_home import CHECKOUT


@pytest.fixture(scope="module")
def workflow() -> dict[str, Any]:
    # The base loader takes `on` for a text, as GitHub does, and not for a truth value.
    text = (CHECKOUT / ".github" / "workflows" / "tests.yml").read_text()
    found: dict[str, Any] = yaml.load(text, Loader=yaml.BaseLoader)
    return found


@pytest.fixture(scope="module")
def steps(workflow: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = workflow["jobs"]["tests"]["steps"]
    return found


def runs(steps: list[dict[str, Any]]) -> list[str]:
    """The commands of a job, none of which may fail without failing it."""
    found = [step for step in steps if "run" in step]
    assert not any(step.keys() & {"if", "continue-on-error", "shell"} for step in found)
    return [step["run"] for step in found]


def test_pushes_to_main_and_pull_requests_are_tested(workflow: dict[str, Any]) -> None:
    assert workflow["on"]["push"]["branches"] == ["main"]
    assert "pull_request" in workflow["on"]
    assert workflow["permissions"] == {"contents": "read"}


def test_the_tests_are_run_by_the_one_command(steps: list[dict[str, Any]]) -> None:
    assert runs(steps) == [".ci/run"]
    command = CHECKOUT / ".ci" / "run"
    assert os.access(command, os.X_OK)
    assert command.read_text().splitlines()[-1] == "make test"


def test_the_python_is_the_one_of_the_checkout(steps: list[dict[str, Any]]) -> None:
    (step,) = (step for step in steps if step.get("uses", "").startswith("actions/setup-python@"))
    assert (CHECKOUT / step["with"]["python-version-file"]).is_file()


def test_the_cache_is_renewed_with_every_lock_file(steps: list[dict[str, Any]]) -> None:
    (step,) = (step for step in steps if step.get("uses", "").startswith("actions/cache@"))
    (patterns,) = re.findall(r"hashFiles\((.*)\)", step["with"]["key"])
    for pattern in re.findall(r"'([^']+)'", patterns):
        assert list(CHECKOUT.glob(pattern)), pattern


def test_every_dag_is_loaded_in_the_image(workflow: dict[str, Any]) -> None:
    job = workflow["jobs"]["image"]
    assert not job.keys() & {"if", "needs", "continue-on-error"}
    build, load = runs(job["steps"])
    assert build == "docker build --tag pinterest ."
    image, program = load.split()[-2:]
    assert load.split()[:-2] == [
        *("docker", "run", "--rm"),
        *("--env", "PINTEREST_USER_ID=sandbox", "--entrypoint", "python"),
    ]
    assert (image, program) == ("pinterest", "tools/check_dags.py")
    # The base image copies all that is not ignored into the folder where programs start.
    assert (CHECKOUT / program).is_file()
    ignored = (CHECKOUT / ".dockerignore").read_text().split()
    assert not any(fnmatch(path, pattern.rstrip("/")) for path in ("tools", program) for pattern in ignored)


def test_the_logs_of_a_failure_are_kept(steps: list[dict[str, Any]]) -> None:
    (step,) = (step for step in steps if step.get("uses", "").startswith("actions/upload-artifact@"))
    assert step["if"] == "failure()"
    # Folders whose name starts with a dot are left out unless asked for.
    assert all(path.startswith(".") for path in step["with"]["path"].split())
    assert step["with"]["include-hidden-files"] == "true"
