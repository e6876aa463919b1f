"""The most that the REST proxy takes from a bare load generator: the ceiling of a burst."""

from __future__ import annotations

import asyncio
import json
import time
from itertools import cycle
from typing import Any

import aiohttp
from confluent_kafka.admin import AdminClient, NewTopic

from pinterest_sandbox.config import Config

#: Not one of the pipeline's topics: the sink leaves it alone.
TOPIC = "bench"
CONTENT_TYPE = "application/vnd.kafka.json.v2+json"


def records_per_second(
    config: Config, rows: list[dict[str, Any]], *, records: int, batch_size: int, connections: int
) -> float:
    """Post ready-made bodies over kept-alive connections, as fast as the proxy answers.

    :param rows: values of the records, taken in turn.
    :param records: how many are posted in all.
    :param batch_size: records of one request.
    :param connections: requests at a time.
    :returns: acknowledged records a second.
    :raises RuntimeError: when a record is refused.
    """
    _make_topic(config)
    values = cycle(rows)
    bodies = [
        json.dumps({"records": [{"value": next(values)} for _ in range(batch_size)]}).encode()
        for _ in range(max(1, records // batch_size))
    ]
    return asyncio.run(_post_all(config.url("rest_proxy", f"/topics/{TOPIC}"), bodies, connections))


async def _post_all(url: str, bodies: list[bytes], connections: int) -> float:
    waiting = list(reversed(bodies))
    acknowledged = 0

    async def work(session: aiohttp.ClientSession) -> None:
        nonlocal acknowledged
        while waiting:
            async with session.post(
                url, data=waiting.pop(), headers={"Content-Type": CONTENT_TYPE}
            ) as answer:
                document = await answer.json()
            if answer.status != 200 or any(item["error_code"] for item in document["offsets"]):
                raise RuntimeError(f"the REST proxy answers {answer.status}: {str(document)[:300]}")
            acknowledged += len(document["offsets"])

    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=connections)) as session:
        began = time.monotonic()
        await asyncio.gather(*(work(session) for _ in range(connections)))
        return acknowledged / (time.monotonic() - began)


def _make_topic(config: Config) -> None:
    admin = AdminClient({"bootstrap.servers": config.address("kafka")})
    if TOPIC not in admin.list_topics(timeout=10).topics:
        admin.create_topics([NewTopic(TOPIC, num_partitions=1, replication_factor=1)])[TOPIC].result(30)
