"""The same outcome whether a task waits on a worker, in the triggerer, or not at all."""

from __future__ import annotations

from typing import Any

import pytest
from airflow.sdk import BaseOperator
from airflow.triggers.base import BaseTrigger

from tests.unit.cloud_operators import running
from tests.unit.cloud_operators.public import arguments, public_operators
from tests.unit.cloud_operators.ways import AT_ONCE, LONG_RUNNING, Case

MODES = {"wait_for_completion", "deferrable"}
WAYS: dict[str, dict[str, Any]] = {
    "no-wait": {"wait_for_completion": False, "deferrable": False},
    "wait": {"wait_for_completion": True, "deferrable": False},
    "deferred": {"wait_for_completion": True, "deferrable": True},
}
MATRIX = [
    pytest.param(operator, case, way, id=f"{operator.__name__}-{way}")
    for operator, case in LONG_RUNNING.items()
    for way in WAYS
    if not (case.always_waits and way == "no-wait")
]


def test_every_operator_is_in_the_matrix_or_has_nothing_to_wait_for() -> None:
    assert set(public_operators()) == {*LONG_RUNNING, *AT_ONCE}
    assert not set(LONG_RUNNING) & set(AT_ONCE)
    assert all(AT_ONCE.values())


@pytest.mark.parametrize("operator", public_operators(), ids=lambda operator: operator.__name__)
def test_modes_are_those_that_the_matrix_runs(operator: type[BaseOperator]) -> None:
    if operator in AT_ONCE:
        expected: set[str] = set()
    else:
        expected = MODES - {"wait_for_completion"} if LONG_RUNNING[operator].always_waits else MODES
    assert set(arguments(operator)) & MODES == expected


@pytest.mark.parametrize(("operator_class", "case", "way"), MATRIX)
def test_outcome(
    operator_class: type[BaseOperator], case: Case, way: str, context: Any, request: pytest.FixtureRequest
) -> None:
    for fixture in case.fixtures:
        request.getfixturevalue(fixture)
    service = request.getfixturevalue(case.service)
    modes = {name: value for name, value in WAYS[way].items() if name in arguments(operator_class)}
    operator = operator_class(task_id="task", **case.arguments(service), **modes)
    triggers: list[BaseTrigger] = []

    returned = running.run(operator, context, triggers)

    if way == "no-wait":
        assert returned == (case.returned if case.returned_at_once is None else case.returned_at_once)
        assert case.effect(service) == case.begun
    else:
        assert returned == case.returned
        assert case.effect(service) == case.done
    assert bool(triggers) is (way == "deferred" and case.defers)
    shown = running.addresses(operator, context)
    assert shown.keys() == case.links.keys()
    assert {name for name, text in case.links.items() if text not in shown[name]} == set()
