"""``/consumers``: the consumer API.

Stricter than Confluent's proxy in what its reference leaves open: a commit without offsets covers what the
client got, not what was fetched for it, and is waited for; records that a client hung up on come with its
next read; a read without records asks Kafka whether it is there; ``positions/beginning`` and
``positions/end`` are looked up at once, not at the next read.
"""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import quote

from aiohttp import web

from pinterest_sandbox.rest_proxy.consumer_handle import Handle
from pinterest_sandbox.rest_proxy.consumer_instance import Instance
from pinterest_sandbox.rest_proxy.consumer_instances import Instances
from pinterest_sandbox.rest_proxy.consumer_requests import (
    Partition,
    parse_instance,
    parse_offsets,
    parse_partitions,
    parse_positions,
    parse_subscription,
)
from pinterest_sandbox.rest_proxy.errors import not_found, partition_not_found, unprocessable
from pinterest_sandbox.rest_proxy.negotiation import accepted_records, check_sent
from pinterest_sandbox.rest_proxy.responses import answer, answer_text, tolerant

INSTANCES = web.AppKey("instances", Instances)

_INSTANCE = "/consumers/{group}/instances/{instance}"

routes = web.RouteTableDef()


@routes.post(tolerant("/consumers/{group}"))
async def create(request: web.Request) -> web.Response:
    """``POST /consumers/<group>``: open a consumer instance.

    Its ``base_uri`` has the host of the request, as in Confluent's proxy without ``host.name`` and
    ``advertised.listeners``. What an API gateway sends on has the proxy's own host, also there.
    """
    options = parse_instance(await _body(request))
    group = request.match_info["group"]
    if not group.isprintable():
        raise unprocessable("A group must not have control characters in its name")
    request.app[INSTANCES].create(group, options)
    path = f"consumers/{quote(group, safe='')}/instances/{quote(options.name, safe='')}"
    base_uri = f"{request.scheme}://{request.host}/{path}"
    return answer({"instance_id": options.name, "base_uri": base_uri})


@routes.delete(tolerant(_INSTANCE))
async def delete(request: web.Request) -> web.Response:
    """``DELETE <instance>``: close it."""
    await request.app[INSTANCES].delete(request.match_info["group"], request.match_info["instance"])
    return web.Response(status=204)


@routes.post(tolerant(f"{_INSTANCE}/subscription"))
async def subscribe(request: web.Request) -> web.Response:
    """``POST <instance>/subscription``: read topics together with the group."""
    subscription = parse_subscription(await _body(request))
    return await _do(request, lambda instance: instance.subscribe(subscription))


@routes.get(tolerant(f"{_INSTANCE}/subscription"))
async def get_subscription(request: web.Request) -> web.Response:
    """``GET <instance>/subscription``: the topics."""
    handle = _handle(request)
    topics = await handle.call(lambda: handle.instance.topics)
    return answer({"topics": topics})


@routes.delete(tolerant(f"{_INSTANCE}/subscription"))
async def unsubscribe(request: web.Request) -> web.Response:
    """``DELETE <instance>/subscription``: end it."""
    return await _do(request, lambda instance: instance.unsubscribe())


@routes.post(tolerant(f"{_INSTANCE}/assignments"))
async def assign(request: web.Request) -> web.Response:
    """``POST <instance>/assignments``: read just these partitions."""
    partitions = parse_partitions(await _body(request))
    return await _do(request, lambda instance: instance.assign(partitions))


@routes.get(tolerant(f"{_INSTANCE}/assignments"))
async def get_assignments(request: web.Request) -> web.Response:
    """``GET <instance>/assignments``: the partitions that it reads."""
    handle = _handle(request)
    partitions = await handle.call(lambda: handle.instance.assignment)
    return answer({"partitions": [_place(partition) for partition in partitions]})


@routes.post(tolerant(f"{_INSTANCE}/positions"))
async def seek(request: web.Request) -> web.Response:
    """``POST <instance>/positions``: go on reading at offsets or moments."""
    offsets, times = parse_positions(await _body(request))

    def work(instance: Instance) -> None:
        instance.seek([(place.partition, place.offset) for place in offsets])
        instance.seek_to_times(times)

    return await _do(request, work)


@routes.post(tolerant(f"{_INSTANCE}/positions/beginning"))
async def seek_to_beginning(request: web.Request) -> web.Response:
    """``POST <instance>/positions/beginning``."""
    partitions = parse_partitions(await _body(request))
    return await _do(request, lambda instance: instance.seek_to_bounds(partitions, end=False))


@routes.post(tolerant(f"{_INSTANCE}/positions/end"))
async def seek_to_end(request: web.Request) -> web.Response:
    """``POST <instance>/positions/end``."""
    partitions = parse_partitions(await _body(request))
    return await _do(request, lambda instance: instance.seek_to_bounds(partitions, end=True))


@routes.get(tolerant(f"{_INSTANCE}/records"))
async def records(request: web.Request) -> web.Response:
    """``GET <instance>/records``: the next records; none for a while after a subscription."""
    handle = _handle(request)
    embedded, content_type = accepted_records(request)
    timeout = _query_number(request, "timeout")
    read = await handle.read(
        embedded,
        timeout=None if timeout is None else timeout / 1000,
        max_bytes=_query_number(request, "max_bytes"),
        connected=lambda: request.transport is not None and not request.transport.is_closing(),
    )
    return answer_text(f"[{','.join(record.text for record in read)}]", content_type)


@routes.post(tolerant(f"{_INSTANCE}/offsets"))
async def commit(request: web.Request) -> web.Response:
    """``POST <instance>/offsets``: commit records that are done; without a body, all that were delivered."""
    body = await _body(request)
    offsets = parse_offsets(body) if body.strip() else None
    handle = _handle(request)
    await handle.call(lambda: handle.instance.commit(offsets))
    return answer([])


@routes.get(tolerant(f"{_INSTANCE}/offsets"))
async def committed(request: web.Request) -> web.Response:
    """``GET <instance>/offsets``: what the group has committed in the partitions of the body."""
    body = await _body(request)
    if not body.strip():
        raise partition_not_found()
    partitions = parse_partitions(body)
    handle = _handle(request)
    found = await handle.call(lambda: handle.instance.committed(partitions))
    return answer(
        {
            "offsets": [
                {**_place(place), "offset": offset, "metadata": metadata} for place, offset, metadata in found
            ]
        }
    )


async def _body(request: web.Request) -> bytes:
    body = await request.read()
    check_sent(request, body)
    return body


def _handle(request: web.Request) -> Handle:
    return request.app[INSTANCES].get(request.match_info["group"], request.match_info["instance"])


async def _do(request: web.Request, work: Callable[[Instance], None]) -> web.Response:
    handle = _handle(request)
    await handle.call(lambda: work(handle.instance))
    return web.Response(status=204)


def _place(partition: Partition) -> dict[str, str | int]:
    return {"topic": partition.topic, "partition": partition.partition}


def _query_number(request: web.Request, name: str) -> int | None:
    """A number in the query; one that is not positive stands for none, as in Confluent's proxy."""
    text = request.query.get(name)
    if text is None:
        return None
    try:
        number = int(text)
    except ValueError:
        raise not_found(f"{name} must be a whole number") from None
    return number if number > 0 else None
