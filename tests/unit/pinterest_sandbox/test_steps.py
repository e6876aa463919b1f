from __future__ import annotations

import threading

import pytest
from rich.console import Console

from pinterest_sandbox.steps import Step, StepFailed, run_steps


@pytest.fixture
def console() -> Console:
    return Console(record=True, width=120)


def test_a_step_starts_when_what_it_needs_has_ended_and_others_run_beside_it(console: Console) -> None:
    both = threading.Barrier(2, timeout=20)
    ended: list[str] = []
    steps = [
        Step("last", "Last", lambda: ended.append("last"), after=("a", "b")),
        # Each waits for the other: they can only end when they run at the same time.
        Step("a", "A", lambda: (both.wait(), ended.append("a"))),
        Step("b", "B", lambda: (both.wait(), ended.append("b"))),
    ]
    seconds = run_steps(steps, console=console)
    assert sorted(ended[:2]) == ["a", "b"]
    assert ended[2] == "last"
    assert set(seconds) == {"a", "b", "last"}
    assert "ready  Last" in console.export_text()


def test_a_failed_step_is_named_and_nothing_that_needs_it_starts(console: Console) -> None:
    started: list[str] = []

    def fail() -> None:
        raise ValueError("no such broker")

    steps = [
        Step("kafka", "Kafka broker", fail),
        Step("connect", "Connect", lambda: started.append("x"), ("kafka",)),
    ]
    with pytest.raises(StepFailed, match="Kafka broker: no such broker") as raised:
        run_steps(steps, console=console)
    assert raised.value.step == "kafka"
    assert started == []
    assert "FAILED Kafka broker" in console.export_text()


def test_steps_that_wait_for_unknown_ones_are_an_error(console: Console) -> None:
    with pytest.raises(StepFailed, match="unknown ones: a"):
        run_steps([Step("a", "A", lambda: None, after=("nowhere",))], console=console)
