"""Clients are free of the caller's AWS settings."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path


def test_settings_of_the_caller_are_not_read(tmp_path: Path) -> None:
    config = tmp_path / "config"
    config.write_text("[profile other]\nregion = eu-west-3\nendpoint_url = http://elsewhere\n")
    settings = {
        "AWS_PROFILE": "missing",
        "AWS_CONFIG_FILE": str(config),
        "AWS_REGION": "eu-west-2",
        "AWS_ACCESS_KEY_ID": "theirs",
        "AWS_ENDPOINT_URL": "http://elsewhere",
    }
    program = (
        "from pinterest_sandbox.aws.clients import aws_client\n"
        "client = aws_client('s3', 'http://127.0.0.1:1')\n"
        "print(client.meta.endpoint_url, client.meta.region_name)\n"
        "print(client._request_signer._credentials.access_key)\n"
    )

    done = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, **settings},
        capture_output=True,
        text=True,
        check=True,
    )

    assert done.stdout.split() == ["http://127.0.0.1:1", "us-east-1", "sandbox-access-key"]
