"""The API of Systems Manager as an aiohttp application: documents, and Run Command on one machine.

Parameter Store is moto's.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Callable
from typing import Any

import aiohttp
from aiohttp import web
from multidict import CIMultiDict

from pinterest_sandbox.aws.json_wire import JsonService
from pinterest_sandbox.aws.ssm.commands import Commands
from pinterest_sandbox.aws.ssm.documents import Documents
from pinterest_sandbox.aws.wire import AwsError, HttpAnswer

_log = logging.getLogger(__name__)

_SESSION = web.AppKey("session", aiohttp.ClientSession)


class Ssm:
    """The service.

    :param documents: the documents.
    :param commands: the machine and its commands.
    :param moto: URL of the moto server.
    """

    def __init__(self, documents: Documents, commands: Commands, moto: str) -> None:
        self._moto = moto
        self._protocol = JsonService("ssm")
        self._operations: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
            "CreateDocument": documents.create,
            "UpdateDocument": documents.update,
            "UpdateDocumentDefaultVersion": documents.update_default,
            "GetDocument": documents.get,
            "DescribeDocument": documents.describe,
            "ListDocuments": documents.list,
            "DeleteDocument": documents.delete,
            "DescribeInstanceInformation": commands.describe_instances,
            "SendCommand": commands.send,
            "GetCommandInvocation": commands.get_invocation,
            "ListCommandInvocations": commands.list_invocations,
            "CancelCommand": commands.cancel,
        }
        self._commands = commands

    async def handle(self, request: web.Request) -> web.Response:
        """Answer one request."""
        target = request.headers.get("X-Amz-Target", "")
        try:
            answer = await self._answer(target, request)
        except AwsError as error:
            answer = self._protocol.error(error)
        except Exception:
            _log.exception("%s", target)
            answer = self._protocol.error(AwsError("InternalServerError", "Internal server error"))
        return web.Response(status=answer.status, headers=dict(answer.headers), body=answer.body)

    async def _answer(self, target: str, request: web.Request) -> HttpAnswer:
        body, name = await request.read(), target.rpartition(".")[2]
        if "Parameter" in name and name in self._protocol.model.operation_names:
            return await self._ask_moto(request, body)
        call = self._protocol.parse(target, body)
        if name not in self._operations:
            raise AwsError("ValidationException", f"The sandbox's Systems Manager has no {name}.")
        return self._protocol.answer(call.operation, self._operations[name](call.parameters))

    async def _ask_moto(self, request: web.Request, body: bytes) -> HttpAnswer:
        headers = CIMultiDict(request.headers)
        for name in ("Host", "Content-Length", "Transfer-Encoding", "Connection", "Accept-Encoding"):
            headers.pop(name, None)
        async with request.app[_SESSION].post(self._moto, headers=headers, data=body) as answer:
            kind = {"Content-Type": answer.headers.get("Content-Type", "application/x-amz-json-1.1")}
            return HttpAnswer(answer.status, kind, await answer.read())

    async def close(self) -> None:
        """Stop all commands."""
        await self._commands.close()


def application(ssm: Ssm) -> web.Application:
    """The HTTP application: every request goes to ``ssm``."""

    async def session(app: web.Application) -> AsyncIterator[None]:
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=30)) as opened:
            app[_SESSION] = opened
            yield
        await ssm.close()

    app = web.Application(client_max_size=2**22)
    app.cleanup_ctx.append(session)
    app.router.add_route("*", "/{path:.*}", ssm.handle)
    return app
