"""One module for each type of integration, and the table of them."""

from __future__ import annotations

from pinterest_sandbox.apigateway.integrations.base import Exchange, Handler, Outcome
from pinterest_sandbox.apigateway.integrations.http_proxy import execute_http_proxy

#: Integration type to what executes it.
HANDLERS: dict[str, Handler] = {"HTTP_PROXY": execute_http_proxy}

__all__ = ["HANDLERS", "Exchange", "Handler", "Outcome"]
