"""A component that is treated, and how it can be kept from that."""

from __future__ import annotations

from datetime import datetime
from types import SimpleNamespace
from typing import Any

from botocore.exceptions import ClientError

from pinterest_pipeline.assets import HEALTH
from pinterest_pipeline.healing import remedies, tasks
from pinterest_pipeline.healing.remedies import Remedy
from pinterest_pipeline.health import store
from pinterest_pipeline.health.findings import Finding, Status
from pinterest_pipeline.health.records import make_record, make_state
from tests.unit.pinterest_pipeline.healing.conftest import Ward

KEY = "health/healing/connector.json"


def ill_since(ward: Ward, at: datetime) -> None:
    """Keep a record in which the connector is down since then."""
    found = Finding(status=Status.DOWN, sentence="it is down")
    state = make_state(found, checked_at=at.isoformat(timespec="seconds"), seconds=0.1)
    record = make_record({"connector": state}, None, checked_at=state["checked_at"], run_id="a_run")
    store.write_record(ward.site.s3, "user-sandbox-bucket", record)


def treat(component: str = "connector") -> dict[str, Any]:
    done: dict[str, Any] = tasks.treat.function(component, run_id="heal_run")
    return done


def deny(_: Any) -> Remedy:
    answer: Any = {"Error": {"Code": "AccessDenied", "Message": "not for arn:aws:iam::123456789012:role/x"}}
    raise ClientError(answer, "DescribeConnector")


def refuse(found: Finding) -> Remedy:
    """A remedy that would do more than heal."""
    raise remedies.Unsafe("it would also change topic sandbox.pin")


def event(**changes: str) -> Any:
    return SimpleNamespace(
        extra={
            "changes": [
                {"component": name, "before": "unknown", "after": after} for name, after in changes.items()
            ]
        }
    )


def choose(*events: Any, component: str = "") -> list[str]:
    found: list[str] = tasks.choose_components.function(
        params={"component": component}, triggering_asset_events={HEALTH: list(events)}
    )
    return found
