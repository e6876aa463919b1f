"""The sandbox without Airflow, up once for all tests of its parts and for the conformance cases."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.running_sandbox import CHECKOUT, RunningSandbox, running_sandbox


@pytest.fixture(scope="session")
def sandbox() -> Iterator[RunningSandbox]:
    with running_sandbox(CHECKOUT / ".sandbox" / "test" / "parts", "--without", "airflow") as sandbox:
        yield sandbox
