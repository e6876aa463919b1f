"""A connector made through the facade, and what is waited for around it."""

from __future__ import annotations

from typing import Any

from pinterest_sandbox.waiting import NotReady
from tests.conformance.msk_connect_surroundings import Surroundings, wait_connector

NAME = "unit-sink"


def create(
    surroundings: Surroundings, state: str = "RUNNING", name: str = "sink", **changes: Any
) -> dict[str, Any]:
    """Create a connector and wait until it is in ``state``."""
    made = surroundings.client.create_connector(**surroundings.connector_request(name, **changes))
    assert made["connectorState"] == "CREATING"
    return wait_connector(surroundings.client, made["connectorArn"], state)


def present(names: dict[str, Any], name: str) -> None:
    """``name`` is among ``names``."""
    if name not in names:
        raise NotReady(f"only {list(names)}")


def absent(names: dict[str, Any], name: str) -> None:
    """``name`` is not among ``names``."""
    if name in names:
        raise NotReady(f"{name} is there")


def at_least(items: list[str], count: int) -> None:
    """There are ``count`` items or more."""
    if len(items) < count:
        raise NotReady(f"{len(items)}")
