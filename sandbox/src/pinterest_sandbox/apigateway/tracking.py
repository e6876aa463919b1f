"""What the gateway knows of a request while it executes it."""

from __future__ import annotations

import base64
import secrets
import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime

from pinterest_sandbox.apigateway.request import ClientRequest


@dataclass(kw_only=True)
class Tracking:
    """A request's ids, and how far it came.

    :param request: from when its stage is known.
    """

    request_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    extended_id: str = field(default_factory=lambda: base64.b64encode(secrets.token_bytes(11)).decode())
    received: datetime = field(default_factory=lambda: datetime.now(UTC))
    request: ClientRequest | None = None
