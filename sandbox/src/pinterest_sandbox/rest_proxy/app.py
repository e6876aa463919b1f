"""The HTTP application: its routes and its Kafka clients."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from typing import Any

from aiohttp import web

from pinterest_sandbox.rest_proxy import brokers, consumers, partitions, topics
from pinterest_sandbox.rest_proxy.cluster import Cluster
from pinterest_sandbox.rest_proxy.consumer_instances import INSTANCE_TIMEOUT, MAX_INSTANCES, Instances
from pinterest_sandbox.rest_proxy.patience import KAFKA_TIMEOUT, one_time_for_all_questions
from pinterest_sandbox.rest_proxy.producing import Senders
from pinterest_sandbox.rest_proxy.responses import answer, errors_in_our_form

_MAX_BODY = 64 * 1024 * 1024


def make_app(
    bootstrap: str,
    *,
    settings: Mapping[str, Any] | None = None,
    instance_timeout: float = INSTANCE_TIMEOUT,
    max_instances: int = MAX_INSTANCES,
) -> web.Application:
    """The proxy in front of one Kafka cluster.

    :param bootstrap: ``host:port`` of one broker or more, with commas.
    :param settings: more settings of the Kafka clients.
    :param instance_timeout: seconds after which a consumer instance that nobody uses is closed.
    :param max_instances: consumer instances that may be open at once.
    """
    client = {
        "bootstrap.servers": bootstrap,
        "log_level": 3,
        "reconnect.backoff.ms": 50,
        "reconnect.backoff.max.ms": 500,
        "topic.metadata.refresh.interval.ms": 5000,
        **(settings or {}),
    }
    app = web.Application(
        middlewares=[one_time_for_all_questions, errors_in_our_form], client_max_size=_MAX_BODY
    )

    async def kafka_clients(app: web.Application) -> AsyncIterator[None]:
        cluster = app[topics.CLUSTER] = Cluster(client, timeout=KAFKA_TIMEOUT)
        senders = Senders(client, cluster.max_message_bytes, timeout=KAFKA_TIMEOUT)
        app[topics.SENDERS] = senders
        app[consumers.INSTANCES] = Instances(
            client, timeout=KAFKA_TIMEOUT, instance_timeout=instance_timeout, limit=max_instances
        )
        yield
        await asyncio.to_thread(senders.close, timeout=KAFKA_TIMEOUT)
        cluster.close()

    async def close_instances(app: web.Application) -> None:
        await app[consumers.INSTANCES].close()

    app.cleanup_ctx.append(kafka_clients)
    # Before the server waits for requests that are under way: reads may take long.
    app.on_shutdown.append(close_instances)
    app.router.add_get("/{_:/*}", _root)
    for part in (topics, partitions, brokers, consumers):
        app.add_routes(part.routes)
    return app


async def _root(request: web.Request) -> web.Response:
    """``GET /``: an empty object, a sign of life."""
    return answer({})
