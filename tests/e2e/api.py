"""What a sender of its own needs to reach the API of a demo."""

from __future__ import annotations

from pinterest_sandbox.aws.api_key import read_api_key
from tests.e2e.conftest import Demo


def api_url(demo: Demo, path: str) -> str:
    """The address of a path.

    :param path: with its first slash.
    """
    return f"{demo.sandbox.environment['SANDBOX_API_URL']}{path}"


def key_header(demo: Demo) -> dict[str, str]:
    """The header without which the API answers 403."""
    return {"x-api-key": read_api_key(demo.sandbox)}
