"""An AWS account of moto, as the tests of provisioning have it."""

from __future__ import annotations

from tests.unit.pinterest_pipeline.provisioning.conftest import account, moto_url, service_models

__all__ = ["account", "moto_url", "service_models"]
