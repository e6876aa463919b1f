"""What MWAA installs: ``requirements.txt`` beside the packages of its image."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest

from tests.integrity.mwaa.conftest import Mwaa
from tests.integrity.mwaa.environment import uv
from tests.unit.pinterest_pipeline.airflow_home import CHECKOUT

REQUIREMENTS = CHECKOUT / "requirements.txt"
PIN = re.compile(r"^([A-Za-z0-9._-]+)(?:\[[^\]]*\])?==([^\s;\\]+)", re.MULTILINE)
#: The lock files were resolved under the image's constraint files; those are compared as well where they are.
CONSTRAINTS = Path(os.environ.get("PINTEREST_MWAA_CONSTRAINTS", CHECKOUT.parent / "shared" / "mwaa"))
SOURCES = {
    path.name: path
    for path in [
        CHECKOUT / "requirements" / "airflow.txt",
        CHECKOUT / "requirements" / "dev.txt",
        CHECKOUT / "requirements" / "mwaa.txt",
        *sorted(CONSTRAINTS.glob("*constraints.txt")),
    ]
}
#: Pinned by us alone; ``requirements.txt`` says why.
NOT_IN_THE_CONSTRAINTS = {"aws-msk-iam-sasl-signer-python"}
#: Our tools. None of them may be what makes the product work.
TOOLS = {"pytest", "mypy", "ruff", "hypothesis", "moto", "pyspark", "duckdb", "syrupy", "sqlfluff"}


def pins(text: str) -> dict[str, str]:
    return {re.sub(r"[-_.]+", "-", name).lower(): version for name, version in PIN.findall(text)}


@pytest.mark.parametrize("source", SOURCES)
def test_the_pins_are_those_of_mwaa(source: str) -> None:
    ours, theirs = pins(REQUIREMENTS.read_text()), pins(SOURCES[source].read_text())
    compared = ours.keys() & theirs.keys()
    assert {name: ours[name] for name in compared} == {name: theirs[name] for name in compared}
    # The essential constraints are about what the image has and we do not install.
    if not source.startswith("essential"):
        assert ours.keys() - compared <= NOT_IN_THE_CONSTRAINTS


@pytest.mark.parametrize("source", SOURCES)
def test_the_environment_has_the_versions_of_mwaa(source: str) -> None:
    installed, theirs = (
        pins((CHECKOUT / "requirements" / "mwaa.txt").read_text()),
        pins(SOURCES[source].read_text()),
    )
    shared = installed.keys() & theirs.keys()
    assert shared
    assert {name: installed[name] for name in shared} == {name: theirs[name] for name in shared}


def test_everything_is_pinned_and_no_line_switches_the_constraints_off() -> None:
    lines = [line for line in REQUIREMENTS.read_text().splitlines() if line and not line.startswith("#")]
    assert [line for line in lines if not PIN.match(line)] == []
    # MWAA looks for this in every line, comments as well.
    assert [
        line for line in REQUIREMENTS.read_text().splitlines() if re.search("-c |--constraint ", line)
    ] == []


def test_installing_the_requirements_changes_nothing(mwaa: Mwaa) -> None:
    python = str(mwaa.environment / "bin" / "python")
    install = [uv(), "pip", "install", "--offline", "--dry-run", "--python", python, "-r", str(REQUIREMENTS)]
    done = subprocess.run(install, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "Would make no changes" in done.stderr
    check = subprocess.run(
        [uv(), "pip", "check", "--python", python], capture_output=True, text=True, check=False
    )
    assert check.returncode == 0, check.stderr


def test_the_environment_has_none_of_our_tools(mwaa: Mwaa) -> None:
    freeze = [uv(), "pip", "freeze", "--python", str(mwaa.environment / "bin" / "python")]
    installed = pins(subprocess.run(freeze, capture_output=True, text=True, check=True).stdout)
    assert installed["apache-airflow"] == "3.3.1"
    assert not installed.keys() & TOOLS
