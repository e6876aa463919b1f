"""The examples of docs/api.md, as a reader types them."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest
import requests
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from pinterest_pipeline.provisioning.api import ApiPart
from tests.running_sandbox import CHECKOUT, RunningSandbox
from tests.sandbox.apigateway.product_api import deployed

ID = "apidocs"
KEY = "a-key-of-the-examples-0123456789"
#: A command and the answer below it.
_EXAMPLE = re.compile(r"```bash\n(.*?)```\s+```json\n(.*?)```", re.DOTALL)


@pytest.fixture
def topic(sandbox: RunningSandbox) -> Iterator[str]:
    name = f"{ID}.pin"
    admin = AdminClient({"bootstrap.servers": sandbox.address("kafka")})
    admin.create_topics([NewTopic(name, num_partitions=1, replication_factor=1)])[name].result(30)
    yield name
    admin.delete_topics([name])[name].result(30)


@pytest.fixture
def invoke(sandbox: RunningSandbox) -> Iterator[str]:
    """Invoke URL of both parts of the API."""
    with deployed(sandbox, ID, *ApiPart, key=KEY) as url:
        yield url


def assert_shown(answer: Any, shown: Any) -> None:
    """Every member that is shown is in the answer, with a value of the same type."""
    assert type(answer) is type(shown), (answer, shown)
    if isinstance(shown, dict):
        for name, value in shown.items():
            assert_shown(answer[name], value)
    elif isinstance(shown, list):
        assert answer, shown
        for value in answer:
            assert_shown(value, shown[0])


def test_every_example_answers_as_it_is_shown(invoke: str, topic: str) -> None:
    text = (CHECKOUT / "docs" / "api.md").read_text(encoding="utf-8")
    examples = _EXAMPLE.findall(text)
    assert len(examples) == text.count("```bash") == 8

    assert requests.get(f"{invoke}/streams", timeout=30).status_code == 403

    for command, shown in examples:
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", command],
            env={**os.environ, "API": invoke, "ID": ID, "KEY": KEY},
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        )
        assert_shown(json.loads(done.stdout), json.loads(shown))
