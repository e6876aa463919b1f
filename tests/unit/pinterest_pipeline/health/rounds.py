"""Runs of the health DAG, five minutes apart."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from pinterest_pipeline.health import tasks
from pinterest_pipeline.health.components import COMPONENTS
from pinterest_pipeline.health.findings import Figure, Finding, Status
from pinterest_pipeline.health.records import Record, make_state
from tests.unit.pinterest_pipeline.health.site import BUCKET, Site

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def found(name: str, status: Status, at: datetime, sentence: str = "because") -> dict[str, Any]:
    finding = Finding(
        status=status,
        sentence=sentence,
        figures={"n": Figure(value=1, unit="x")},
        memory={"m": 1},
        news=name == "dead_letters" and status == Status.DEGRADED,
    )
    return {
        "component": name,
        "state": make_state(finding, checked_at=at.isoformat(), seconds=0.1),
    }


def keep(run: int = 0, *, lacking: str = "", sentence: str = "because", **statuses: Status) -> Record:
    """The record of a run, five minutes after the one before."""
    results = [
        found(name, statuses.get(name, Status.HEALTHY), NOON + run * timedelta(minutes=5), sentence)
        for name in COMPONENTS
        if name != lacking
    ]
    kept: Record = tasks.keep_record.function(results, run_id=f"scheduled__{run}:00+00:00")
    return kept


def tried(site: Site, *attempts: tuple[datetime, str], called: bool = False) -> None:
    """Tries about the connector."""
    noted = [
        {"at": at.isoformat(timespec="seconds"), "remedy": remedy, "run_id": "r", "outcome": "not healed: no"}
        for at, remedy in attempts
    ]
    body = json.dumps({"attempts": noted, "called": called, "counted_since": ""}).encode()
    site.s3.put_object(Bucket=BUCKET, Key="health/healing/connector.json", Body=body)
