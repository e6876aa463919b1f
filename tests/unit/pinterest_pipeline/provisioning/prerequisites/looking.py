"""What a path needs, looked at through boto3: one row a thing, with a remedy, and nothing changed."""

from __future__ import annotations

import re
import shlex
from typing import Any

import pytest

from pinterest_pipeline.provisioning import stream_tasks, tasks
from pinterest_pipeline.provisioning.prerequisites.findings import (
    PrerequisitesMissing,
)
from tests.unit.pinterest_pipeline.provisioning.customer_account import (
    ACCOUNT_ID,
)

BUCKET = "user-sandbox-bucket"
ROLE = f"arn:aws:iam::{ACCOUNT_ID}:role"
CONNECT = "kafkaconnect.amazonaws.com"
INSTANCE = "i-0123456789abcdef0"
TAGS = [
    {"Key": "pinterest:resource-id", "Value": "sandbox"},
    {"Key": "pinterest:created-by", "Value": "airflow"},
]
COMMANDS = re.compile(r"^\s*(aws .*)$", re.MULTILINE)


def look(path: str = "batch") -> dict[str, dict[str, Any]]:
    """The rows that the task returns, by name."""
    check = (tasks if path == "batch" else stream_tasks).check_prerequisites
    return {row["name"]: row for row in check.function()}


def refused(path: str = "batch") -> tuple[str, dict[str, Any]]:
    """The error of a path that lacks one thing, and that thing's row."""
    with pytest.raises(PrerequisitesMissing) as caught:
        look(path)
    (finding,) = caught.value.findings
    return str(caught.value), finding.document()


def aws(command: str, client: Any) -> None:
    """Run a command that a remedy has, with its options as the AWS command line takes them."""
    _, _, operation, *options = shlex.split(command)
    given = dict(zip(options[::2], options[1::2], strict=True))
    arguments = {
        "".join(part.title() for part in option.removeprefix("--").split("-")): value
        for option, value in given.items()
    }
    if "VersioningConfiguration" in arguments:
        arguments["VersioningConfiguration"] = dict([arguments["VersioningConfiguration"].split("=")])
    getattr(client, operation.replace("-", "_"))(**arguments)
