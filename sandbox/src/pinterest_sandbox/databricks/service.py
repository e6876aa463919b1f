"""The Databricks workspace as a supervised process."""

from __future__ import annotations

import json
import sys
import urllib.request

from pinterest_sandbox.config import Config
from pinterest_sandbox.service import Service
from pinterest_sandbox.waiting import NotReady


def service(config: Config) -> Service:
    """The workspace of the sandbox ``config``, with its data under ``<home>/databricks``.

    It is ready when a notebook would start at once.
    """
    return Service(
        name="databricks",
        title="Databricks (Spark, Delta)",
        command=(sys.executable, "-P", "-m", "pinterest_sandbox.databricks"),
        check=lambda: check(config.url("databricks")),
        after=("metastore",),
    )


def check(url: str) -> None:
    """Whether the workspace at ``url`` would run a notebook at once.

    :raises NotReady: when it would not, with the reason.
    :raises OSError: when nothing listens.
    """
    with urllib.request.urlopen(f"{url}/health", timeout=2) as response:
        health = json.load(response)
    worker = health["notebook"]
    if worker["state"] != "ready":
        raise NotReady(f"the notebook worker is {worker['state']} {worker.get('reason', '')}".strip())
    if health["jobs"]["state"] != "running":
        raise NotReady(f"the queue of runs is {health['jobs']['state']}")


def rehearse(url: str) -> None:
    """Let the workers of the workspace at ``url`` warm up while nothing is asked; not waited for."""
    request = urllib.request.Request(f"{url}/rehearsal", method="POST")
    with urllib.request.urlopen(request, timeout=10):
        pass
