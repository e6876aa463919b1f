"""``/topics/<topic>/partitions``: list them, describe one, produce to one, tell its offsets."""

from __future__ import annotations

import re

from aiohttp import web

from pinterest_sandbox.rest_proxy.errors import not_found, partition_not_found
from pinterest_sandbox.rest_proxy.json_body import MAX_INT
from pinterest_sandbox.rest_proxy.responses import answer, tolerant
from pinterest_sandbox.rest_proxy.topics import CLUSTER, described, read_records, send

_PARTITIONS = "/topics/{topic}/partitions"

routes = web.RouteTableDef()


@routes.get(tolerant(_PARTITIONS))
async def list_partitions(request: web.Request) -> web.Response:
    """``GET /topics/<topic>/partitions``: leader and replicas of each."""
    metadata = await request.app[CLUSTER].topic(request.match_info["topic"])
    return answer([described(metadata.partitions[number]) for number in sorted(metadata.partitions)])


@routes.get(tolerant(f"{_PARTITIONS}/{{partition}}"))
async def get_partition(request: web.Request) -> web.Response:
    """``GET /topics/<topic>/partitions/<partition>``: its leader and replicas."""
    number = _number(request)
    return answer(described(await request.app[CLUSTER].partition(request.match_info["topic"], number)))


@routes.get(tolerant(f"{_PARTITIONS}/{{partition}}/offsets"))
async def get_offsets(request: web.Request) -> web.Response:
    """``GET /topics/<topic>/partitions/<partition>/offsets``: where it begins and ends."""
    first, end = await request.app[CLUSTER].offsets(request.match_info["topic"], _number(request))
    return answer({"beginning_offset": first, "end_offset": end})


@routes.post(tolerant(f"{_PARTITIONS}/{{partition}}"))
async def produce(request: web.Request) -> web.Response:
    """``POST /topics/<topic>/partitions/<partition>``: send records to it, unless they name another."""
    number = _number(request)
    records = await read_records(request)
    if number < 0:
        raise partition_not_found()
    return await send(
        request,
        [record._replace(partition=number) if record.partition is None else record for record in records],
    )


def _number(request: web.Request) -> int:
    text = request.match_info["partition"]
    if not re.fullmatch(r"[+-]?\d{1,10}", text, re.ASCII) or not -MAX_INT - 1 <= int(text) <= MAX_INT:
        raise not_found("the partition must be a number")
    return int(text)
