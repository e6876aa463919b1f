"""The shared cases against the facade over a worker of the tests' own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.conformance.msk_connect_cases import CASES, Case, run_case
from tests.conformance.msk_connect_surroundings import Surroundings
from tests.unit.pinterest_sandbox.aws.conftest import MakeFacade, prepare
from tests.unit.pinterest_sandbox.aws.fake_connect import FakeConnect


@pytest.fixture(scope="module")
def shared(make_facade: MakeFacade, plugin_bucket: str) -> Iterator[Surroundings]:
    with make_facade(FakeConnect()) as facade:
        yield prepare(facade, plugin_bucket)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_case(case: Case, shared: Surroundings) -> None:
    run_case(case, shared)
