"""The gate: one listener for each service and client, and its control port."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import aiohttp
from aiohttp import web

from pinterest_sandbox.config import HOST
from pinterest_sandbox.faults.batches import BatchForm
from pinterest_sandbox.faults.fault import ActiveFault, Fault, FaultBook
from pinterest_sandbox.faults.forms import Refusal
from pinterest_sandbox.faults.proxying import Unreachable, add_nothing, client_session, pass_on
from pinterest_sandbox.faults.records import refuse_records
from pinterest_sandbox.faults.services import CLIENTS, SERVICES, port_name
from pinterest_sandbox.faults.throttling import ERROR, ThrottlingMetric, refused_records

_log = logging.getLogger(__name__)
#: Bodies that are read whole because records are taken out of them: API Gateway's limit is 10 MB.
_MAX_BATCH = 64 * 2**20


class Door:
    """Where one client asks for one service.

    :param service: the service's name.
    :param client: the client's name.
    :param target: ``http://host:port`` of the service itself.
    :param metric: is told of records that Kinesis throttles.
    """

    def __init__(
        self,
        service: str,
        client: str,
        target: str,
        *,
        book: FaultBook,
        session: aiohttp.ClientSession,
        metric: ThrottlingMetric | None = None,
    ) -> None:
        self._metric = metric
        self._service, self._client, self._target = service, client, target
        self._form = SERVICES[service].form
        self._book, self._session = book, session

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Refuse the request or pass it on."""
        struck = self._book.striking(self._service, self._client)
        if struck is not None:
            refusal = struck.fault.refusal()
            self._tell(request, refusal.code)
            if refusal.code == ERROR:
                await self._measure(request)
            return self._answer(refusal)
        try:
            refusing = self._book.refusing(self._service, self._client)
            form = self._batch_form(request)
            if refusing is not None and form is not None:
                return await self._sift(request, form, refusing)
            return await pass_on(request, self._target, self._session)
        except Unreachable as down:
            self._tell(request, str(down))
            return self._answer(self._form.of_code(self._form.unavailable))

    def _batch_form(self, request: web.Request) -> BatchForm | None:
        return next((form for form in SERVICES[self._service].batches if form.brings(request)), None)

    async def _sift(self, request: web.Request, form: BatchForm, refusing: ActiveFault) -> web.StreamResponse:
        before = refusing.struck
        response = await refuse_records(request, form, self._target, self._session, refusing.strikes)
        if refusing.struck > before:
            self._tell(request, f"{refusing.struck - before} records refused")
            await self._measure(request, refusing.struck - before)
        return response

    async def _measure(self, request: web.Request, refused: int | None = None) -> None:
        """Tell the metric of records that were not written to a stream.

        :param refused: how many; all of the request otherwise.
        """
        if self._metric is None:
            return
        stream, records = refused_records(request.headers, await request.read())
        if stream:
            self._metric.count(stream, records if refused is None else refused)

    def _answer(self, refusal: Refusal) -> web.Response:
        rendered = self._form.render(refusal)
        return web.Response(status=refusal.status, body=rendered.body, headers=rendered.headers)

    def _tell(self, request: web.Request, what: str) -> None:
        _log.info("%s by %s: %s %s: %s", self._service, self._client, request.method, request.path, what)


def _door_app(door: Door) -> web.Application:
    app = web.Application(client_max_size=_MAX_BATCH)
    app.on_response_prepare.append(add_nothing)
    app.router.add_route("*", "/{path:.*}", door.handle)
    return app


def control_app(book: FaultBook) -> web.Application:
    """``GET``, ``POST`` and ``DELETE /faults``: list, begin, end all."""

    def shown(active: ActiveFault) -> dict[str, Any]:
        return {
            "number": active.number,
            "fault": active.fault.to_json(),
            "left": round(book.left(active), 1),
            "seen": active.seen,
            "struck": active.struck,
        }

    async def listed(request: web.Request) -> web.Response:
        return web.json_response([shown(active) for active in book.active()])

    async def begin(request: web.Request) -> web.Response:
        try:
            fault = Fault.from_json(await request.json())
        except ValueError as error:
            return web.json_response({"message": str(error)}, status=400)
        _log.info("begins: %s", fault)
        return web.json_response(shown(book.add(fault)), status=201)

    async def clear(request: web.Request) -> web.Response:
        return web.json_response([shown(active) for active in book.clear()])

    app = web.Application()
    app.router.add_get("/faults", listed)
    app.router.add_post("/faults", begin)
    app.router.add_delete("/faults", clear)
    return app


@asynccontextmanager
async def open_gate(
    ports: Mapping[str, int], book: FaultBook, metric: ThrottlingMetric | None = None
) -> AsyncIterator[None]:
    """Serve while the block runs.

    :param ports: the sandbox's; the control port is ``fault_gate``.
    :param metric: is told of records that Kinesis throttles.
    """
    async with AsyncExitStack() as stack:
        session = await stack.enter_async_context(client_session())
        serve = _server(stack)
        for service, gated in SERVICES.items():
            target = f"http://{HOST}:{ports[gated.target]}"
            for client in CLIENTS:
                if (port := ports.get(port_name(service, client))) is not None:
                    door = Door(service, client, target, book=book, session=session, metric=metric)
                    await serve(_door_app(door), port)
        await serve(control_app(book), ports["fault_gate"])
        yield


def _server(stack: AsyncExitStack) -> Callable[[web.Application, int], Awaitable[None]]:
    async def serve(app: web.Application, port: int) -> None:
        runner = web.AppRunner(
            app,
            access_log=None,
            # A body in gzip goes through as it is.
            auto_decompress=False,
            # When a client gives up, the service behind should learn of it.
            handler_cancellation=True,
            # Presigned URLs and tokens may be long.
            max_line_size=2**16,
            max_field_size=2**16,
            keepalive_timeout=300,
            read_bufsize=2**18,
            shutdown_timeout=2,
        )
        await runner.setup()
        stack.push_async_callback(runner.cleanup)
        await web.TCPSite(runner, HOST, port).start()

    return serve
