"""The MSK API as an aiohttp application: moto's clusters, completed, and the real broker's address."""

from __future__ import annotations

import json
import logging
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import aiohttp
from aiohttp import web
from botocore.model import OperationModel
from multidict import CIMultiDict
from yarl import URL

from pinterest_sandbox.aws.msk.clusters import bootstrap_brokers, complete_v1, complete_v2
from pinterest_sandbox.aws.shapes import from_json
from pinterest_sandbox.aws.wire import AwsError, Call, HttpAnswer, RestJsonService

_log = logging.getLogger(__name__)

_SESSION = web.AppKey("session", aiohttp.ClientSession)

#: What moto has of MSK. Its paths swallow other operations and answer them with something else.
MOTO_OPERATIONS = frozenset(
    {
        "CreateCluster",
        "CreateClusterV2",
        "DeleteCluster",
        "DeleteClusterPolicy",
        "DescribeCluster",
        "DescribeClusterV2",
        "GetClusterPolicy",
        "ListClusters",
        "ListClustersV2",
        "ListTagsForResource",
        "PutClusterPolicy",
        "TagResource",
        "UntagResource",
    }
)


@dataclass(frozen=True)
class _Incoming:
    """A request as it came."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes


class Msk:
    """The service.

    :param moto: URL of the moto server.
    :param bootstrap: ``host:port`` of the real broker.
    """

    def __init__(self, moto: str, bootstrap: str) -> None:
        self._moto = moto
        self._bootstrap = bootstrap
        self._protocol = RestJsonService("kafka")

    async def handle(self, request: web.Request) -> web.Response:
        """Answer one request."""
        incoming = _Incoming(request.method, request.raw_path, dict(request.headers), await request.read())
        try:
            answer = await self._answer(incoming, request.app[_SESSION])
        except Exception:
            _log.exception("%s %s", incoming.method, incoming.path)
            answer = self._protocol.error(AwsError("InternalServerErrorException", "Internal server error"))
        return web.Response(status=answer.status, headers=dict(answer.headers), body=answer.body)

    async def _answer(self, incoming: _Incoming, session: aiohttp.ClientSession) -> HttpAnswer:
        try:
            call = self._protocol.parse(incoming.method, incoming.path, incoming.body)
            try:
                return await self._execute(call, incoming, session)
            except (aiohttp.ClientError, TimeoutError) as error:
                _log.error("moto does not answer: %r", error)
                raise _unavailable(call.operation) from error
        except AwsError as error:
            return self._protocol.error(error)

    async def _execute(self, call: Call, incoming: _Incoming, session: aiohttp.ClientSession) -> HttpAnswer:
        name, arn = call.operation.name, call.parameters.get("ClusterArn")
        if name == "GetBootstrapBrokers":
            cluster = await self._cluster(call.parameters["ClusterArn"], incoming, session)
            return self._protocol.answer(call.operation, bootstrap_brokers(cluster, self._bootstrap))
        if name not in MOTO_OPERATIONS:
            raise AwsError("BadRequestException", f"The sandbox's MSK has no {name}.")
        found = await self._ask(incoming, session, arn)
        if name == "DescribeCluster":
            found["clusterInfo"] = complete_v1(found["clusterInfo"])
        elif name == "DescribeClusterV2":
            found["clusterInfo"] = complete_v2(found["clusterInfo"])
        elif name == "ListClusters":
            provisioned = [row for row in found["clusterInfoList"] if row["clusterType"] == "PROVISIONED"]
            found["clusterInfoList"] = [
                await self._cluster(row["clusterArn"], incoming, session) for row in provisioned
            ]
        elif name == "ListClustersV2":
            found["clusterInfoList"] = [complete_v2(cluster) for cluster in found["clusterInfoList"]]
        shape = call.operation.output_shape
        if shape is None:
            return self._protocol.answer(call.operation, {})
        return self._protocol.answer(call.operation, from_json(shape, found))

    async def _cluster(self, arn: str, incoming: _Incoming, session: aiohttp.ClientSession) -> dict[str, Any]:
        describe = _Incoming("GET", f"/v1/clusters/{quote(arn, safe='')}", incoming.headers, b"")
        return complete_v1((await self._ask(describe, session, arn))["clusterInfo"])

    async def _ask(
        self, incoming: _Incoming, session: aiohttp.ClientSession, arn: str | None = None
    ) -> dict[str, Any]:
        """moto's answer, by names on the wire.

        :param arn: of the cluster that the request is about.
        :raises AwsError: moto's own; ``NotFoundException`` for a cluster that moto does not have.
        """
        headers = CIMultiDict(incoming.headers)
        for name in ("Host", "Content-Length", "Transfer-Encoding", "Connection", "Accept-Encoding"):
            headers.pop(name, None)
        # moto chooses the service by the credential scope of the signature, which requests by hand may lack.
        headers.setdefault(
            "Authorization", "AWS4-HMAC-SHA256 Credential=k/20260101/us-east-1/kafka/aws4_request"
        )
        target = URL(self._moto + incoming.path, encoded=True)
        async with session.request(incoming.method, target, headers=headers, data=incoming.body) as answer:
            body = await answer.read()
        if answer.status >= 500:
            # moto stumbles over clusters that it does not have, but not only over them.
            if arn is not None and not await self._exists(arn, incoming, session):
                raise AwsError("NotFoundException", "The cluster does not exist.", "clusterArn")
            raise AwsError("InternalServerErrorException", f"moto answered {answer.status}")
        content = json.loads(body or b"{}")
        if answer.status >= 400:
            code = answer.headers.get("x-amzn-errortype") or content.get("__type") or "BadRequestException"
            message = content.get("message") or content.get("Message") or body.decode()
            raise AwsError(code.rpartition("#")[2], message)
        return dict(content)

    async def _exists(self, arn: str, incoming: _Incoming, session: aiohttp.ClientSession) -> bool:
        listing = _Incoming("GET", "/v1/clusters", incoming.headers, b"")
        return any(row["clusterArn"] == arn for row in (await self._ask(listing, session))["clusterInfoList"])


def _unavailable(operation: OperationModel) -> AwsError:
    """What an operation answers when moto does not: not every one may say that the service is unavailable."""
    own = {shape.name for shape in operation.error_shapes}
    code = "ServiceUnavailableException"
    return AwsError(code if code in own else "InternalServerErrorException", "moto does not answer")


def application(msk: Msk) -> web.Application:
    """The HTTP application: every request goes to ``msk``."""

    async def session(app: web.Application) -> AsyncIterator[None]:
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=30)) as opened:
            app[_SESSION] = opened
            yield

    app = web.Application(client_max_size=2**22)
    app.cleanup_ctx.append(session)
    app.router.add_route("*", "/{path:.*}", msk.handle)
    return app
