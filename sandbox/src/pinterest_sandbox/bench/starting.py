"""How long the sandbox takes until it is ready."""

from __future__ import annotations

import time

from rich.console import Console

from pinterest_sandbox import lifecycle
from pinterest_sandbox.bench.figures import Figure
from pinterest_sandbox.config import Config

SMALL_BUDGET_S, WHOLE_BUDGET_S = 8.0, 30.0
#: What takes longest to start.
LARGE_PARTS = frozenset({"airflow", "databricks", "metastore"})


def measure(console: Console) -> tuple[Config, list[Figure]]:
    """Start the sandbox without its largest parts, stop it, start all of it.

    :returns: the configuration of the sandbox, which is left up, and the figures.
    """
    lifecycle.build(console=console)
    lifecycle.down()
    small, _ = _up(console, without=LARGE_PARTS)
    began = time.monotonic()
    lifecycle.down()
    stopped = time.monotonic() - began
    whole, config = _up(console, without=frozenset())
    return config, [
        Figure(
            name="sandbox without Airflow and Spark ready",
            value=small,
            unit="s",
            budget=SMALL_BUDGET_S,
            note="warm",
        ),
        Figure(name="sandbox without Airflow and Spark down", value=stopped, unit="s"),
        Figure(name="whole sandbox ready", value=whole, unit="s", budget=WHOLE_BUDGET_S, note="warm"),
    ]


def _up(console: Console, *, without: frozenset[str]) -> tuple[float, Config]:
    began = time.monotonic()
    config = lifecycle.up(without=without, console=console)
    return time.monotonic() - began, config
