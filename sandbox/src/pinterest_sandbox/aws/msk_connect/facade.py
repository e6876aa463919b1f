"""The MSK Connect API as an aiohttp application, with the loop that carries out what was asked."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any

from aiohttp import web
from botocore.exceptions import BotoCoreError, ClientError

from pinterest_sandbox.aws.msk_connect.connectors import Connectors
from pinterest_sandbox.aws.msk_connect.lifecycle import Lifecycle
from pinterest_sandbox.aws.msk_connect.monitoring import Monitoring, log_group, log_stream, new_errors
from pinterest_sandbox.aws.msk_connect.plugin_file import BadPluginFile, PluginFile, inspect_plugin
from pinterest_sandbox.aws.msk_connect.records import IN_TRANSIT, Connector, CustomPlugin
from pinterest_sandbox.aws.msk_connect.resources import Resources
from pinterest_sandbox.aws.msk_connect.store import Store
from pinterest_sandbox.aws.wire import AwsError, HttpAnswer, RestJsonService

_log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Intervals:
    """Seconds between two looks at resources in transit, at settled connectors, and between two metrics."""

    transit: float = 0.25
    settled: float = 1.0
    metrics: float = 5.0


class MskConnect:
    """The service: requests change the records, :meth:`run` carries the changes out.

    :param store: the records.
    :param lifecycle: moves the connectors.
    :param s3: boto3 client of S3, for plugin files.
    :param monitoring: metrics and log lines.
    :param intervals: how often it looks.
    """

    def __init__(
        self,
        store: Store,
        lifecycle: Lifecycle,
        s3: Any,
        monitoring: Monitoring,
        *,
        intervals: Intervals | None = None,
    ) -> None:
        self._store = store
        self._lifecycle = lifecycle
        self._s3 = s3
        self._monitoring = monitoring
        self._intervals = intervals or Intervals()
        self._protocol = RestJsonService("kafkaconnect")
        self._resources = Resources(store)
        self._connectors = Connectors(store)
        self._wake = asyncio.Event()

    def answer(self, method: str, raw_path: str, body: bytes) -> HttpAnswer:
        """Answer one request."""
        try:
            call = self._protocol.parse(method, raw_path, body)
            answer = self._protocol.answer(
                call.operation, self._operation(call.operation.name)(call.parameters)
            )
        except AwsError as error:
            return self._protocol.error(error)
        if method != "GET":
            self._store.save()
            self._wake.set()
        return answer

    def _operation(self, name: str) -> Callable[[dict[str, Any]], dict[str, Any]]:
        method = "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name).lstrip("_")
        found = getattr(self._resources, method, None) or getattr(self._connectors, method, None)
        if found is None:
            raise AwsError("BadRequestException", f"The sandbox's MSK Connect has no {name}.")
        operation: Callable[[dict[str, Any]], dict[str, Any]] = found
        return operation

    async def close(self) -> None:
        """Close the connections to the worker."""
        await self._lifecycle.close()

    async def run(self) -> None:
        """Carry out what was asked, until cancelled."""
        settled_at = metrics_at = 0.0
        while True:
            moment = time.monotonic()
            settled = moment - settled_at >= self._intervals.settled
            settled_at = moment if settled else settled_at
            await self._round(settled)
            if moment - metrics_at >= self._intervals.metrics:
                metrics_at = moment
                await self._publish()
            self._store.save()
            self._wake.clear()
            with contextlib.suppress(TimeoutError):
                pause = self._intervals.transit if self._busy() else self._intervals.settled
                await asyncio.wait_for(self._wake.wait(), pause)

    def _busy(self) -> bool:
        return (
            any(plugin.state in ("CREATING", "DELETING") for plugin in self._store.plugins.values())
            or any(worker.state == "DELETING" for worker in self._store.workers.values())
            or any(connector.state in IN_TRANSIT for connector in self._store.connectors.values())
        )

    async def _round(self, settled: bool) -> None:
        for plugin in list(self._store.plugins.values()):
            if plugin.state == "CREATING":
                await self._check_plugin(plugin)
            elif plugin.state == "DELETING":
                del self._store.plugins[plugin.arn]
        for worker in [found for found in self._store.workers.values() if found.state == "DELETING"]:
            del self._store.workers[worker.arn]
        for connector in list(self._store.connectors.values()):
            if settled or connector.state in IN_TRANSIT:
                await self._step(connector)

    async def _step(self, connector: Connector) -> None:
        status = await self._lifecycle.step(connector)
        lines = new_errors(connector, status)
        group = log_group(connector)
        if lines and group:
            await self._monitored(self._monitoring.report, group, log_stream(connector), lines)

    async def _publish(self) -> None:
        counts = {
            found.name: (found.running_tasks, found.failed_tasks)
            for found in self._store.connectors.values()
            if found.state != "CREATING"
        }
        await self._monitored(self._monitoring.publish, counts)

    async def _monitored(self, call: Callable[..., None], *arguments: Any) -> None:
        """Monitoring may fail without harm to what is monitored."""
        try:
            await asyncio.to_thread(call, *arguments)
        except (BotoCoreError, ClientError) as error:
            _log.warning("monitoring: %s", error)

    async def _check_plugin(self, plugin: CustomPlugin) -> None:
        file, code, message = None, None, None
        try:
            file = await asyncio.to_thread(self._read_plugin, plugin)
        except BadPluginFile as error:
            code, message = "InvalidInput.InvalidCustomPlugin", str(error)
        except (BotoCoreError, ClientError) as error:
            code = "InvalidInput.InvalidS3Location"
            message = f"The plugin file can't be read from Amazon S3: {error}"
        if plugin.state != "CREATING":
            return  # deleted meanwhile
        plugin.code, plugin.message = code, message
        plugin.state = "CREATE_FAILED" if file is None else "ACTIVE"
        if file is not None:
            plugin.file_size, plugin.file_md5, plugin.classes = file.size, file.md5, list(file.classes)

    def _read_plugin(self, plugin: CustomPlugin) -> PluginFile:
        arguments = {
            "Bucket": plugin.location["bucketArn"].rpartition(":::")[2],
            "Key": plugin.location["fileKey"],
        }
        if plugin.location.get("objectVersion"):
            arguments["VersionId"] = plugin.location["objectVersion"]
        content = self._s3.get_object(**arguments)["Body"].read()
        return inspect_plugin(content, plugin.content_type)


def application(service: MskConnect) -> web.Application:
    """The HTTP application: every request goes to ``service``, whose loop runs along."""

    async def handle(request: web.Request) -> web.Response:
        answer = service.answer(request.method, request.raw_path, await request.read())
        return web.Response(status=answer.status, headers=dict(answer.headers), body=answer.body)

    async def loop(app: web.Application) -> AsyncIterator[None]:
        task = asyncio.create_task(service.run())
        task.add_done_callback(_end_process)
        yield
        task.cancel()
        await asyncio.wait([task])
        await service.close()

    app = web.Application(client_max_size=2**22)
    app.router.add_route("*", "/{path:.*}", handle)
    app.cleanup_ctx.append(loop)
    return app


def _end_process(task: asyncio.Task[None]) -> None:
    """A loop that died must not leave a service behind that only says yes: the supervisor starts it again."""
    if not task.cancelled() and task.exception() is not None:
        _log.critical("the loop died", exc_info=task.exception())
        signal.raise_signal(signal.SIGTERM)
