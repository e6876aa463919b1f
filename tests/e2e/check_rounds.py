"""Rounds of the check layer without its DAG, in the sandbox's environment: ``-m tests.e2e.check_rounds 50``.

Each round looks at every component and decides what people are told, with what the round before has kept.
"""

from __future__ import annotations

import json
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from itertools import repeat
from typing import Any

from pinterest_pipeline.clock import now_text
from pinterest_pipeline.health import alerts
from pinterest_pipeline.health.components import COMPONENTS
from pinterest_pipeline.health.findings import Status
from pinterest_pipeline.health.looking import look
from pinterest_pipeline.health.records import Record, State, make_record, make_state


def look_at(name: str, latest: Record | None) -> State:
    """A component's state, compared with the round before."""
    known = latest["components"].get(name) if latest else None
    found, seconds = look(COMPONENTS[name], known["memory"] if known else {})
    return make_state(found, checked_at=now_text(), seconds=seconds)


def main() -> None:
    """Print what was found as a JSON object."""
    rounds = int(sys.argv[1])
    latest: Record | None = None
    told: dict[str, alerts.Told] = {}
    sent: list[str] = []
    ill: list[dict[str, Any]] = []
    slowest = 0.0
    with ThreadPoolExecutor(max_workers=len(COMPONENTS)) as pool:
        for number in range(rounds):
            began = time.monotonic()
            states = dict(zip(COMPONENTS, pool.map(look_at, COMPONENTS, repeat(latest)), strict=True))
            slowest = max(slowest, time.monotonic() - began)
            latest = make_record(states, latest, checked_at=now_text(), run_id=f"round-{number}")
            found, told = alerts.decide(latest, told)
            sent += [alert.text for alert in found]
            ill += [
                {"round": number, "component": name, "status": state["status"], "sentence": state["sentence"]}
                for name, state in latest["components"].items()
                if state["status"] != Status.HEALTHY
            ]
    print(json.dumps({"rounds": rounds, "told": sent, "ill": ill, "slowest_s": round(slowest, 1)}))


if __name__ == "__main__":
    main()
