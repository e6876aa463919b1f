"""What a wait says that does not end well: the whole message, the same whichever way it waited."""

from __future__ import annotations

from typing import Any

import pytest

from cloud_operators.exceptions import ServiceFailed, WaitTimedOut
from tests.unit.cloud_operators.aws.fake_msk import FakeMsk
from tests.unit.cloud_operators.aws.operators.msk_connect.conftest import (
    CONNECTOR,
    NEW_CONNECTOR,
    NEW_PLUGIN,
    OPERATION,
    PLUGIN,
    WORKER,
    Make,
)
from tests.unit.cloud_operators.running import run


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("create plugin", f"Custom plugin {NEW_PLUGIN} did not become ACTIVE {{}} CREATING"),
        ("create connector", f"Connector {NEW_CONNECTOR} did not become RUNNING {{}} CREATING"),
        ("update", f"Connector {OPERATION} did not become UPDATE_COMPLETE {{}} UPDATE_IN_PROGRESS"),
        (
            "restart",
            f"Connector operation {OPERATION} did not become RESTART_COMPLETE {{}} RESTART_IN_PROGRESS",
        ),
        ("delete connector", f"Connector {CONNECTOR} did not become deleted {{}} DELETING"),
        ("delete plugin", f"Custom plugin {PLUGIN} did not become deleted {{}} DELETING"),
        ("delete worker", f"Worker configuration {WORKER} did not become deleted {{}} DELETING"),
    ],
)
def test_looks_are_used_up(
    msk: FakeMsk, operators: dict[str, Make], waiting: dict[str, Any], context: Any, name: str, message: str
) -> None:
    msk.looks = 50

    with pytest.raises(WaitTimedOut) as raised:
        run(operators[name](**{**waiting, "waiter_max_attempts": 3}), context)

    assert str(raised.value) == message.format("in the time allowed; last seen as")


@pytest.mark.parametrize(
    ("name", "kind", "message"),
    [
        ("create plugin", "plugin", f"Custom plugin {NEW_PLUGIN} is CREATE_FAILED (Bad: no)"),
        ("create connector", "connector", f"Connector {NEW_CONNECTOR} is FAILED (Bad: no)"),
        ("update", "operation", f"Connector {OPERATION} is ROLLBACK_COMPLETE (Bad: no)"),
        ("restart", "restart", f"Connector operation {OPERATION} is RESTART_FAILED (Bad: no)"),
        ("delete connector", "deletion", f"Connector {CONNECTOR} is FAILED; the service gave no reason"),
    ],
)
def test_service_has_failed(
    msk: FakeMsk,
    operators: dict[str, Make],
    waiting: dict[str, Any],
    context: Any,
    name: str,
    kind: str,
    message: str,
) -> None:
    state = message.partition(" is ")[2].partition(" ")[0].rstrip(";")
    msk.failures[kind] = (state, "Bad", "no")

    with pytest.raises(ServiceFailed) as raised:
        run(operators[name](**waiting), context)

    assert str(raised.value) == message


@pytest.mark.parametrize(
    ("name", "kind", "message"),
    [
        ("create plugin", "plugins", f"Custom plugin {NEW_PLUGIN} is gone (it was to become ACTIVE)"),
        ("create connector", "connectors", f"Connector {NEW_CONNECTOR} is gone (it was to become RUNNING)"),
    ],
)
def test_somebody_deletes_what_is_waited_for(
    msk: FakeMsk,
    operators: dict[str, Make],
    waiting: dict[str, Any],
    context: Any,
    name: str,
    kind: str,
    message: str,
) -> None:
    at_once = {**waiting, "wait_for_completion": False, "deferrable": False}
    created = run(operators[name](**at_once), context)
    getattr(msk, kind)[created].ending = (2, None)

    with pytest.raises(ServiceFailed) as raised:
        run(operators[name](**waiting), context)

    assert str(raised.value) == message


@pytest.mark.parametrize(
    ("name", "resource", "goal"),
    [
        ("create plugin", f"custom plugin {NEW_PLUGIN}", "ACTIVE"),
        ("update", f"connector {OPERATION}", "UPDATE_COMPLETE"),
        ("restart", f"connector operation {OPERATION}", "RESTART_COMPLETE"),
    ],
)
def test_a_look_is_refused(
    msk: FakeMsk,
    operators: dict[str, Make],
    waiting: dict[str, Any],
    context: Any,
    name: str,
    resource: str,
    goal: str,
) -> None:
    """Which is no lack of time: the service's own words have to show."""
    msk.looks = 50
    # An update looks at the connector before it is sent.
    msk.refuse_looks_at = resource.partition("arn:aws")[2]

    with pytest.raises(ServiceFailed) as raised:
        run(operators[name](**waiting), context)

    text = str(raised.value)
    assert text.startswith(f"The wait for {resource} is broken off (")
    assert f"did not become {goal}" in text
    assert "AccessDeniedException" in text


@pytest.mark.parametrize("name", ["create plugin", "update", "restart", "delete connector", "delete worker"])
def test_the_last_look_counts(
    msk: FakeMsk, operators: dict[str, Make], waiting: dict[str, Any], context: Any, name: str
) -> None:
    """It is there, or gone, when the looks are used up and the reason is asked for."""
    msk.looks = 3

    run(operators[name](**{**waiting, "waiter_max_attempts": 3}), context)

    assert not any(
        each.ending for kind in (msk.plugins, msk.workers, msk.connectors) for each in kind.values()
    )
