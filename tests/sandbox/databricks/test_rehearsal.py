"""The workers warm up by themselves once the sandbox is up."""

from __future__ import annotations

from pinterest_sandbox.waiting import NotReady, wait_until
from tests.running_sandbox import RunningSandbox


def test_both_workers_have_rehearsed_and_left_nothing(sandbox: RunningSandbox) -> None:
    log = sandbox.logs / "databricks.log"

    def rehearsed() -> None:
        if log.read_text(encoding="utf-8").count("rehearsed for") < 2:
            raise NotReady("not both yet")

    wait_until(rehearsed, what="the rehearsals", timeout=120, interval=0.5)

    assert "rehearsal failed" not in log.read_text(encoding="utf-8")
    assert not list((sandbox.home / "databricks" / "scratch").glob("*/rehearsal"))
