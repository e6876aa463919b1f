"""Run a trigger as the triggerer does, up to its first event."""

from __future__ import annotations

import asyncio
from typing import Any


def fire(trigger: Any) -> dict[str, Any]:
    """Return the payload of the trigger's first event.

    :param trigger: any trigger; the provider's have no types
    """

    async def first() -> dict[str, Any]:
        payload: dict[str, Any] = (await anext(trigger.run())).payload
        return payload

    return asyncio.run(asyncio.wait_for(first(), 30))
