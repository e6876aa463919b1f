"""AWS clients of Airflow's hooks, made without a look at the whole call stack."""

from __future__ import annotations

from collections.abc import Iterator

import pytest


@pytest.fixture(scope="session", autouse=True)
def unnamed_callers() -> Iterator[None]:
    """The user agent names no operator: to find it takes longer than what most tests do with the client."""
    from airflow.providers.amazon.aws.hooks.base_aws import AwsBaseHook

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(AwsBaseHook, "_get_caller", lambda *_: "Unknown")
        yield
