"""The gate's control port, as the ``sandbox fault`` command and the drill use it."""

from __future__ import annotations

from typing import Any

import requests

from pinterest_sandbox.config import Config, NotUp
from pinterest_sandbox.faults.fault import Fault
from pinterest_sandbox.faults.service import NAME


def begin(config: Config, wanted: Fault) -> dict[str, Any]:
    """Let a fault begin now.

    :returns: the fault with its number.
    :raises NotUp: when the sandbox runs without the gate.
    :raises ValueError: when the gate refuses it.
    """
    begun: dict[str, Any] = _call(config, "POST", wanted)
    return begun


def list_active(config: Config) -> list[dict[str, Any]]:
    """The faults that are active, oldest first, each with what it has ``seen`` and ``struck``.

    :raises NotUp: when the sandbox runs without the gate.
    """
    active: list[dict[str, Any]] = _call(config, "GET")
    return active


def clear(config: Config) -> list[dict[str, Any]]:
    """End all faults.

    :returns: those that were ended.
    :raises NotUp: when the sandbox runs without the gate.
    """
    ended: list[dict[str, Any]] = _call(config, "DELETE")
    return ended


def _call(config: Config, method: str, wanted: Fault | None = None) -> Any:
    try:
        answer = requests.request(
            method,
            config.url("fault_gate", "/faults"),
            json=None if wanted is None else wanted.to_json(),
            timeout=5,
        )
    except requests.ConnectionError:
        raise NotUp(f"the sandbox runs without its {NAME}") from None
    content = answer.json()
    if answer.status_code >= 400:
        raise ValueError(content["message"])
    return content
