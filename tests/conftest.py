"""What tests have in common: examples at any speed, and the sandbox without Airflow, up once for all tests of
its parts and for the conformance cases.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

from tests.running_sandbox import CHECKOUT, RunningSandbox, running_sandbox

# A busy machine is no error. All else is as the present profile has it: in CI examples are always the same.
settings.register_profile(
    "at any speed", settings(), deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("at any speed")


@pytest.fixture(scope="session")
def sandbox() -> Iterator[RunningSandbox]:
    with running_sandbox(CHECKOUT / ".sandbox" / "test" / "parts", "--without", "airflow") as sandbox:
        yield sandbox
