"""Idle instances are closed, whatever becomes of the others."""

from __future__ import annotations

import pytest

from pinterest_sandbox.rest_proxy.app import make_app
from pinterest_sandbox.rest_proxy.consumers import INSTANCES
from pinterest_sandbox.rest_proxy.errors import RestError
from pinterest_sandbox.waiting import NotReady, wait_until
from tests.rest_consumer import RestConsumer
from tests.unit.pinterest_sandbox.rest_proxy.conftest import SETTINGS, serving


def test_one_that_can_not_be_closed_keeps_no_other_open(
    broker: str, group: str, caplog: pytest.LogCaptureFixture
) -> None:
    app = make_app(broker, settings=SETTINGS, instance_timeout=0.5)

    def closed(name: str) -> None:
        try:
            app[INSTANCES].get(group, name)
        except RestError:
            return
        raise NotReady(f"{name} is open")

    def broken() -> None:
        raise RuntimeError("it does not close")

    with serving(app) as url:
        RestConsumer(url, group, name="first")
        instance = app[INSTANCES].get(group, "first").instance
        close, instance.close = instance.close, broken  # type: ignore[method-assign]
        wait_until(lambda: closed("first"), what="end of the first", timeout=20)
        RestConsumer(url, group, name="second")
        wait_until(lambda: closed("second"), what="end of the second", timeout=20)
        close()
    assert "it does not close" in caplog.text
