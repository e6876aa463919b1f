"""An Airflow home before Airflow is imported, and stand-ins as fixtures."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from tests.unit.pinterest_pipeline.airflow_home import prepare

prepare()

from pinterest_pipeline import connections  # noqa: E402
from tests.unit.pinterest_pipeline.fake_streams import FakeApi  # noqa: E402
from tests.unit.pinterest_pipeline.fakes import FakeS3, serve  # noqa: E402
from tests.unit.quick_clients import unnamed_callers  # noqa: E402

__all__ = ["unnamed_callers"]


@pytest.fixture
def s3() -> FakeS3:
    return FakeS3()


@pytest.fixture
def rest_proxy() -> Iterator[FakeApi]:
    with serve(FakeApi()) as proxy:
        yield proxy


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch, s3: FakeS3) -> None:
    """The pipeline's AWS clients are the stand-ins."""
    monkeypatch.setattr(connections, "aws_client", lambda service: {"s3": s3}[service])


@pytest.fixture
def statements(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Statement to the rows it gives; each that was run is noted under ``ran``."""
    answers: dict[str, Any] = {"ran": []}

    def run_sql(relative: str, parameters: dict[str, Any] | None = None, **_: Any) -> Any:
        answers["ran"].append((relative, parameters))
        return answers.get(relative, [])

    monkeypatch.setattr(connections, "run_sql", run_sql)
    monkeypatch.setattr(
        connections, "run_sql_together", lambda requests: [run_sql(*request) for request in requests]
    )
    return answers


@pytest.fixture
def events() -> Any:
    """Asset to the event that a task makes for it."""
    return defaultdict(lambda: SimpleNamespace(extra={}))
