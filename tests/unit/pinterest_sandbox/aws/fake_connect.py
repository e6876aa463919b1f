"""A Kafka Connect REST API whose connectors do what a test says.

Its answers have the form of Kafka 4.3's: https://kafka.apache.org/documentation/#connect_rest
"""

from __future__ import annotations

import asyncio
import threading
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

SINK = "pinterest.sandbox.connect.s3.S3SinkConnector"


@dataclass
class FakeConnect:
    """State and behaviour of the worker.

    :param configurations: of its connectors, by name.
    :param tasks: state of each connector's tasks; ``RUNNING`` for one task when not set.
    :param trace: of failed tasks.
    :param refusal: answered to every configuration, when set.
    :param calls: requests that changed something, as ``METHOD path``.
    :param down: answers 409 to everything, as during a rebalance.
    :param restart_helps: failed tasks run after a restart.
    :param hold: configurations are answered only after it is set.
    """

    configurations: dict[str, dict[str, str]] = field(default_factory=dict)
    tasks: dict[str, list[str]] = field(default_factory=dict)
    trace: str = "org.apache.kafka.connect.errors.ConnectException: gone\n\tat a.B.c(B.java:1)"
    refusal: tuple[int, str] | None = None
    calls: list[str] = field(default_factory=list)
    down: bool = False
    paused: set[str] = field(default_factory=set)
    restart_helps: bool = True
    hold: threading.Event | None = None

    def application(self) -> web.Application:
        @web.middleware
        async def noting(request: web.Request, handler: Any) -> web.StreamResponse:
            if request.method != "GET":
                self.calls.append(f"{request.method} {request.path_qs}")
            if request.method in ("PUT", "POST") and request.content_type != "application/json":
                return web.Response(status=415, text="HTTP 415 Unsupported Media Type")
            if self.down:
                return web.json_response({"error_code": 409, "message": "rebalance"}, status=409)
            if request.match_info.get("name") not in self.configurations and not request.path.endswith(
                "/config"
            ):
                return web.json_response({"error_code": 404, "message": "not found"}, status=404)
            return await handler(request)  # type: ignore[no-any-return]

        app = web.Application(middlewares=[noting])
        app.router.add_put("/connectors/{name}/config", self._put)
        app.router.add_get("/connectors/{name}/status", self._status)
        app.router.add_delete("/connectors/{name}", self._delete)
        app.router.add_post("/connectors/{name}/restart", self._restart)
        app.router.add_put("/connectors/{name}/pause", self._pause)
        app.router.add_put("/connectors/{name}/resume", self._resume)
        return app

    async def _put(self, request: web.Request) -> web.Response:
        configuration = await request.json()
        if self.refusal is not None and configuration.get("flush.size", "") != "500":
            status, message = self.refusal
            return web.json_response({"error_code": status, "message": message}, status=status)
        name = request.match_info["name"]
        if self.hold is not None:
            await asyncio.to_thread(self.hold.wait, 20)
        known = name in self.configurations
        self.configurations[name] = configuration
        return web.json_response({"name": name, "config": configuration}, status=200 if known else 201)

    async def _status(self, request: web.Request) -> web.Response:
        name = request.match_info["name"]
        states = ["PAUSED"] if name in self.paused else self.tasks.get(name, ["RUNNING"])
        tasks = [
            {
                "id": i,
                "state": state,
                "worker_id": "w",
                **({"trace": self.trace} if state == "FAILED" else {}),
            }
            for i, state in enumerate(states)
        ]
        state = "PAUSED" if name in self.paused else "RUNNING"
        return web.json_response(
            {"name": name, "connector": {"state": state, "worker_id": "w"}, "tasks": tasks, "type": "sink"}
        )

    async def _delete(self, request: web.Request) -> web.Response:
        del self.configurations[request.match_info["name"]]
        return web.Response(status=204)

    async def _restart(self, request: web.Request) -> web.Response:
        if self.restart_helps:
            self.tasks.pop(request.match_info["name"], None)
        return web.Response(status=202, text="{}")

    async def _pause(self, request: web.Request) -> web.Response:
        self.paused.add(request.match_info["name"])
        return web.Response(status=202)

    async def _resume(self, request: web.Request) -> web.Response:
        self.paused.discard(request.match_info["name"])
        return web.Response(status=202)
