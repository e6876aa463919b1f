"""An Airflow home before Airflow is imported, and stand-ins as fixtures."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.unit.pinterest_pipeline.airflow_home import prepare

prepare()

from tests.unit.pinterest_pipeline.fakes import FakeRestProxy, FakeS3, serve  # noqa: E402


@pytest.fixture
def s3() -> FakeS3:
    return FakeS3()


@pytest.fixture
def rest_proxy() -> Iterator[FakeRestProxy]:
    with serve(FakeRestProxy()) as proxy:
        yield proxy
