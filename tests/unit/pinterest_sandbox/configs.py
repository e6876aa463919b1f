"""A sandbox's configuration for tests that start little or nothing."""

from __future__ import annotations

from pathlib import Path

from pinterest_sandbox.config import PORTS, Config, choose_ports


def config_at(home: Path) -> Config:
    """A configuration with free ports."""
    return Config(
        home=home,
        user_id="sandbox",
        ports=choose_ports(dict.fromkeys(PORTS, 0)),
        source_password="source-secret",
        databricks_token="dapi-secret",
        control_password="control%secret",
    )
