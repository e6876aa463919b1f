"""Refuse single records of a batch inside an answer of 200, as Kafka does when a partition has trouble, and
Kinesis when a shard is at its limit.

A refused record must not be written: it is taken out of the request before that is passed on, and put back
into the answer's list at its place. The others keep their text and their order.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import aiohttp
from aiohttp import web

from pinterest_sandbox.faults.batches import BatchForm
from pinterest_sandbox.faults.proxying import Unreachable, break_off, end_to_end, pass_on, send
from pinterest_sandbox.rest_proxy.rawjson import MalformedJson, skip_blanks, value_at, walk_array, walk_object


@dataclass(frozen=True)
class Sifted:
    """A batch without its refused records.

    :param body: what remains, ``None`` when nothing does.
    :param refused: for each record of the whole batch, whether it is refused.
    """

    body: bytes | None
    refused: list[bool]


def sift(body: bytes, member: str, strikes: Callable[[], bool]) -> Sifted | None:
    """Take records out of the body of a request.

    :param body: JSON text with the list ``member``.
    :param member: name of the list of records.
    :param strikes: asked once for each record, in their order.
    :returns: ``None`` when it is no such text: it is not the gate's to say what is wrong with it.
    """
    try:
        text = body.decode("utf-8")
        records = _records(text, member)
    except (UnicodeDecodeError, MalformedJson):
        return None
    if not records:
        return None
    refused = [strikes() for _ in records]
    kept = [text[begin:end] for (begin, end), out in zip(records, refused, strict=True) if not out]
    if not kept:
        return Sifted(None, refused)
    whole = text[: records[0][0]] + ",".join(kept) + text[records[-1][1] :]
    return Sifted(whole.encode("utf-8"), refused)


def _records(text: str, list_name: str) -> list[tuple[int, int]]:
    """Where each record of the body begins and ends."""
    found: list[tuple[int, int]] = []

    def record(start: int) -> int:
        _, end = value_at(text, start)
        found.append((start, end))
        return end

    def member(name: str, start: int) -> int:
        if name != list_name or text[start : start + 1] != "[":
            return value_at(text, start)[1]
        # The last of several counts, as for the services themselves.
        found.clear()
        return walk_array(text, start, record)

    end = skip_blanks(text, walk_object(text, skip_blanks(text, 0), member))
    if end != len(text):
        raise MalformedJson(f"more text after the object at char {end}")
    return found


async def refuse_records(
    request: web.Request,
    form: BatchForm,
    target: str,
    session: aiohttp.ClientSession,
    strikes: Callable[[], bool],
) -> web.StreamResponse:
    """Pass on what is not refused of the records of ``request``.

    :param form: of the batch.
    :param target: ``http://host:port`` of the service.
    :param strikes: asked once for each record.
    :raises Unreachable: when nothing listens at ``target``.
    """
    body = await request.read()
    sifted = sift(body, form.member, strikes)
    if sifted is None or not any(sifted.refused):
        return await pass_on(request, target, session, read=body)
    if sifted.body is None:
        return web.Response(
            body=_text(form.complete(form.empty, sifted.refused)), content_type=form.content_type
        )
    changes = {"Content-Length": str(len(sifted.body)), "Accept-Encoding": "identity"}
    try:
        async with send(request, target, session, sifted.body, changes=changes) as answer:
            content = await answer.read()
            headers = end_to_end(answer.raw_headers)
    except aiohttp.ClientConnectorError as error:
        raise Unreachable(str(error)) from error
    except (aiohttp.ClientError, ConnectionError) as error:
        return break_off(request, error)
    if answer.status == 200:
        content = _text(form.complete(json.loads(content), sifted.refused))
    headers.popall("Content-Length", None)
    return web.Response(status=answer.status, reason=answer.reason, headers=headers, body=content)


def _text(content: Any) -> bytes:
    return json.dumps(content, separators=(",", ":")).encode()
