"""What a killed task leaves behind is taken up by its next try, which ends as if nothing had happened."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from airflow.sdk.exceptions import TaskDeferred

from tests.unit.cloud_operators import running
from tests.unit.cloud_operators.aws.fake_msk import FakeMsk
from tests.unit.cloud_operators.aws.operators.msk_connect.conftest import (
    CONNECTOR,
    NEW_CONNECTOR,
    NEW_PLUGIN,
    PLUGIN,
    Make,
)

QUICK: dict[str, Any] = {"aws_conn_id": None, "waiter_delay": 0, "waiter_max_attempts": 20}


class Killed(BaseException):
    """Ends a task where the signal meets it: nothing of the task runs after it but ``on_kill``."""


def kill_while_it_waits(make: Make, deferrable: bool, context: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run a try of a task and kill it between two looks, as a worker or the triggerer does."""
    operator = make(**QUICK, deferrable=deferrable)

    def kill(seconds: float) -> None:
        operator.on_kill()
        raise Killed

    if deferrable:
        with pytest.raises(TaskDeferred) as deferred:
            operator.execute(context)
        asyncio.run(running.rebuilt(deferred.value.trigger).on_kill())
        return
    with monkeypatch.context() as patch:
        patch.setattr("time.sleep", kill)
        with pytest.raises(Killed):
            operator.execute(context)


def states(msk: FakeMsk) -> dict[str, list[str]]:
    return {
        kind: [each.state for each in getattr(msk, kind).values()]
        for kind in ("plugins", "workers", "connectors", "operations")
    }


@pytest.mark.parametrize("deferrable", [False, True], ids=["waiting", "deferred"])
@pytest.mark.parametrize(
    ("name", "change", "kind", "left", "done", "result"),
    [
        (
            "create plugin",
            "POST v1/custom-plugins",
            "plugins",
            ["ACTIVE", "CREATING"],
            ["ACTIVE", "ACTIVE"],
            NEW_PLUGIN,
        ),
        (
            "create connector",
            "POST v1/connectors",
            "connectors",
            ["RUNNING", "CREATING"],
            ["RUNNING", "RUNNING"],
            NEW_CONNECTOR,
        ),
        (
            "update",
            "PUT v1/connectors",
            "operations",
            ["UPDATE_IN_PROGRESS"],
            ["UPDATE_COMPLETE"],
            CONNECTOR,
        ),
        (
            "restart",
            "POST v1/connectors",
            "operations",
            ["RESTART_IN_PROGRESS"],
            ["RESTART_COMPLETE"],
            CONNECTOR,
        ),
        ("delete connector", "DELETE v1/connectors", "connectors", ["DELETING"], [], CONNECTOR),
        ("delete plugin", "DELETE v1/custom-plugins", "plugins", ["DELETING"], [], PLUGIN),
    ],
    ids=lambda value: value if isinstance(value, str) and ":" not in value and "/" not in value else "",
)
def test_the_next_try_goes_on(
    msk: FakeMsk,
    operators: dict[str, Make],
    context: Any,
    monkeypatch: pytest.MonkeyPatch,
    deferrable: bool,
    name: str,
    change: str,
    kind: str,
    left: list[str],
    done: list[str],
    result: str,
) -> None:
    msk.looks = 5
    before = states(msk)
    kill_while_it_waits(operators[name], deferrable, context, monkeypatch)
    assert states(msk)[kind] == left

    assert running.run(operators[name](**QUICK, deferrable=deferrable), context) == result

    assert states(msk) == {**before, kind: done}
    assert [each for each in msk.requests if not each.startswith("GET")] == [change]
