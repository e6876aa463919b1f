"""Clients with the sandbox's keys and explicit endpoints, free of the caller's own AWS settings."""

from __future__ import annotations

import os
import threading
from typing import Any

from botocore.config import Config
from botocore.session import Session

from pinterest_sandbox.config import ACCESS_KEY, REGION, SECRET_KEY

_SETTINGS = Config(
    connect_timeout=5,
    read_timeout=60,
    retries={"max_attempts": 3, "mode": "standard"},
    s3={"addressing_style": "path"},
)
#: Neither a profile nor a file of the caller is read.
_session = Session(
    {
        "profile": (None, None, None, None),
        "config_file": (None, None, os.devnull, None),
        "credentials_file": (None, None, os.devnull, None),
    }
)
_one_at_a_time = threading.Lock()  # a session may not make two clients at once


def aws_client(service_name: str, endpoint: str) -> Any:
    """A botocore client: boto3's, without the transfer helpers that take most of its import's time.

    :param service_name: botocore's name of the service, e.g. ``s3``.
    :param endpoint: URL of the server that answers for it.
    :returns: the client; botocore makes its class at run time, so it has no static type.
    """
    with _one_at_a_time:
        return _session.create_client(
            service_name,
            region_name=REGION,
            endpoint_url=endpoint,
            aws_access_key_id=ACCESS_KEY,
            aws_secret_access_key=SECRET_KEY,
            config=_SETTINGS,
        )
