"""The most that the REST proxy takes from a bare load generator: the ceiling of a burst."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from itertools import cycle
from typing import Any

from confluent_kafka.admin import AdminClient, NewTopic

from pinterest_sandbox.bench.load import Prepared, send_all
from pinterest_sandbox.config import Config

#: Not one of the pipeline's topics: the sink leaves it alone.
TOPIC = "bench"
CONTENT_TYPE = "application/vnd.kafka.json.v2+json"


def records_per_second(
    config: Config,
    rows: dict[str, list[dict[str, Any]]],
    *,
    topics: Mapping[str, str],
    records: int,
    batch_size: int,
    connections: int,
) -> float:
    """Post ready-made bodies over kept-alive connections, as fast as the proxy answers.

    :param rows: entity to values of its records, taken in turn; each request holds those of one entity.
    :param topics: entity to the topic of its records, which is there.
    :param records: how many are posted in all.
    :param batch_size: records of one request.
    :param connections: requests at a time.
    :returns: acknowledged records a second.
    :raises RuntimeError: when a record is refused.
    """
    values = {entity: cycle(chosen) for entity, chosen in rows.items()}
    entities = cycle(rows)
    requests = [
        Prepared(
            url=config.url("rest_proxy", f"/topics/{topics[entity]}"),
            headers={"Content-Type": CONTENT_TYPE},
            body=_body([next(values[entity]) for _ in range(batch_size)]),
        )
        for entity, _ in zip(entities, range(max(1, records // batch_size)), strict=False)
    ]
    return asyncio.run(send_all(requests, connections=connections, acknowledged=_acknowledged))


def _body(values: list[dict[str, Any]]) -> bytes:
    records = [{"key": value.get("index", value.get("ind")), "value": value} for value in values]
    return json.dumps({"records": records}, default=str).encode()


def _acknowledged(document: dict[str, Any]) -> int:
    if any(item["error_code"] for item in document["offsets"]):
        raise RuntimeError(f"the REST proxy refuses records: {str(document)[:300]}")
    return len(document["offsets"])


def make_idle_topic(config: Config) -> str:
    """A topic that nobody reads.

    :returns: its name.
    """
    admin = AdminClient({"bootstrap.servers": config.address("kafka")})
    if TOPIC not in admin.list_topics(timeout=10).topics:
        admin.create_topics([NewTopic(TOPIC, num_partitions=1, replication_factor=1)])[TOPIC].result(30)
    return TOPIC
