"""The time that a request's questions to Kafka share."""

from __future__ import annotations

import asyncio
from contextvars import copy_context
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import make_mocked_request

from pinterest_sandbox.rest_proxy import patience
from pinterest_sandbox.rest_proxy.patience import KAFKA_TIMEOUT, LEAST, one_time_for_all_questions, time_left


class Clock:
    now = 1000.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(patience, "time", clock)
    return clock


def asked(clock: Clock, *pauses: float) -> list[float]:
    """What each question of one request is given, with pauses before them."""
    given: list[float] = []

    async def handler(request: web.Request) -> web.StreamResponse:
        for pause in pauses:
            clock.now += pause
            given.append(time_left(KAFKA_TIMEOUT))
        return web.Response()

    request: Any = make_mocked_request("GET", "/")
    copy_context().run(asyncio.run, one_time_for_all_questions(request, handler))
    return given


def test_questions_of_a_request_share_its_time(clock: Clock) -> None:
    assert asked(clock, 0, 1, 2) == [KAFKA_TIMEOUT, KAFKA_TIMEOUT - 1, KAFKA_TIMEOUT - 3]


def test_one_that_comes_late_has_a_moment(clock: Clock) -> None:
    assert asked(clock, 100, 0) == [LEAST, LEAST]


def test_each_request_has_a_time_of_its_own(clock: Clock) -> None:
    assert asked(clock, 3) == [KAFKA_TIMEOUT - 3]
    assert asked(clock, 0) == [KAFKA_TIMEOUT]


def test_outside_of_a_request_a_question_has_all_of_its_time(clock: Clock) -> None:
    assert copy_context().run(time_left, 7.0) == 7.0
