"""Statements whose worker fails in ways that it should not."""

from __future__ import annotations

from concurrent.futures import Future
from typing import Any

import pytest

from pinterest_sandbox.databricks.channel import Message
from pinterest_sandbox.databricks.process import Lane
from pinterest_sandbox.databricks.statements import Statements

SPEC = {"statement": "SELECT 1", "parameters": []}


class FakeWorker:
    alive = True

    def __init__(self, answer: Message | Exception) -> None:
        self.ready: Future[float] = Future()
        self.ready.set_result(0.0)
        self._answer = answer

    def call(self, request: Message) -> tuple[int, Future[Message]]:
        if isinstance(self._answer, Exception):
            raise self._answer
        future: Future[Message] = Future()
        future.set_result(self._answer)
        return 1, future


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (UnicodeError("can't be sent"), "UnicodeError: can't be sent"),
        ({"event": "done", "result": {"rows": []}}, "KeyError: 'columns'"),
    ],
    ids=["not-sent", "not-understood"],
)
def test_unexpected_error_ends_the_statement(answer: Any, message: str) -> None:
    statements = Statements(Lane(lambda: FakeWorker(answer)))  # type: ignore[arg-type,return-value]
    statement = statements.execute(SPEC)
    assert statement.ended.wait(5)
    assert statement.to_api()["status"] == {
        "state": "FAILED",
        "error": {"error_code": "INTERNAL_ERROR", "message": message},
    }
