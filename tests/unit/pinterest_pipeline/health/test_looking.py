"""A look ends in time with a finding, whatever the component does."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from airflow.sdk.log import mask_secret

from pinterest_pipeline.health.components import Component
from pinterest_pipeline.health.findings import Finding, Status
from pinterest_pipeline.health.looking import error_text, look

MEMORY = {"end": 7}


class Stub(Component):
    """A component whose reading is a function."""

    def __init__(self, read: Any) -> None:
        super().__init__(name="source", label="Stub")
        object.__setattr__(self, "_read", read)

    def read(self, memory: Mapping[str, Any]) -> Any:
        return self._read(memory)  # type: ignore[attr-defined]

    def judge(self, reading: Any, memory: Mapping[str, Any]) -> Finding:
        return Finding(status=Status.DEGRADED, sentence=f"read {reading}", memory={**memory, "more": 1})


@pytest.fixture
def hanging() -> Iterator[threading.Event]:
    """An event that is set when the test is over."""
    event = threading.Event()
    yield event
    event.set()


def test_a_look_reads_and_judges_with_what_was_kept() -> None:
    found, seconds = look(Stub(lambda memory: memory["end"] + 1), MEMORY)
    assert found == Finding(status=Status.DEGRADED, sentence="read 8", memory={"end": 7, "more": 1})
    assert 0 <= seconds < 12


def test_one_that_hangs_is_unknown_in_time_and_keeps_what_was_kept(hanging: threading.Event) -> None:
    found, seconds = look(Stub(lambda _: hanging.wait(60)), MEMORY, limit=0.2)
    assert found.status is Status.UNKNOWN
    assert found.sentence == "the check did not end within 0.2 s"
    assert found.memory == MEMORY
    assert 0.2 <= seconds < 10


def test_what_was_kept_wrongly_is_not_kept_for_ever() -> None:
    wrong = {"end": {"not": "a number"}}
    found, _ = look(Stub(lambda memory: memory.get("end", 0) + 1), wrong)
    assert found == Finding(status=Status.DEGRADED, sentence="read 1", memory={"more": 1})


def test_one_that_raises_is_unknown_with_the_error() -> None:
    def fail(_: Any) -> None:
        raise RuntimeError("no\n  such   thing")

    found, _ = look(Stub(fail), MEMORY)
    assert (found.status, found.sentence) == (
        Status.UNKNOWN,
        "the check failed: RuntimeError: no such thing",
    )
    assert found.memory == MEMORY


def test_an_error_shows_no_secret_and_is_short() -> None:
    mask_secret("hunter2-and-more")
    text = error_text(RuntimeError("refused hunter2-and-more " + "x" * 1000))
    assert "hunter2" not in text
    assert "refused ***" in text
    assert len(text) == 300
