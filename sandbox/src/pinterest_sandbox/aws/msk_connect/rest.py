"""A small client of the Kafka Connect REST API: only what MSK Connect needs of it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self
from urllib.parse import quote

import aiohttp


class ConnectUnavailable(Exception):
    """The worker can't be reached, or is between two rebalances: ask again later."""


class ConnectRefused(Exception):
    """The worker refused the request; the message is its own."""


@dataclass(frozen=True)
class Status:
    """State of a connector in Connect.

    :param connector: ``RUNNING``, ``FAILED``, ``PAUSED``, ``UNASSIGNED``, ``RESTARTING`` or ``STOPPED``.
    :param tasks: the tasks' states, by number.
    :param traces: what the failed ones died of: ``connector`` or a task's number, and the stack trace.
    """

    connector: str
    tasks: Mapping[int, str]
    traces: tuple[tuple[str, str], ...]

    @classmethod
    def parse(cls, answer: Mapping[str, Any]) -> Self:
        """From the body of ``GET /connectors/<name>/status``."""
        traces = []
        if answer["connector"]["state"] == "FAILED":
            traces.append(("connector", str(answer["connector"].get("trace", ""))))
        traces += [
            (f"task-{task['id']}", str(task.get("trace", "")))
            for task in answer["tasks"]
            if task["state"] == "FAILED"
        ]
        return cls(
            connector=answer["connector"]["state"],
            tasks={task["id"]: task["state"] for task in answer["tasks"]},
            traces=tuple(traces),
        )

    @property
    def running(self) -> bool:
        """The connector and all of its tasks (one at least) run."""
        return self.connector == "RUNNING" and self.count("RUNNING") == len(self.tasks) > 0

    @property
    def paused(self) -> bool:
        """The connector and all of its tasks are paused."""
        return self.connector == "PAUSED" and self.count("PAUSED") == len(self.tasks)

    def count(self, state: str) -> int:
        """How many tasks are in ``state``."""
        return sum(found == state for found in self.tasks.values())


class ConnectRest:
    """The Connect worker at an address.

    :param url: the REST API's URL.
    """

    def __init__(self, url: str) -> None:
        self._url = url
        self._session: aiohttp.ClientSession | None = None

    async def close(self) -> None:
        """Close the connections."""
        if self._session is not None:
            await self._session.close()

    async def put(self, name: str, configuration: Mapping[str, str]) -> None:
        """Create the connector, or give it another configuration.

        :raises ConnectRefused: when the configuration is wrong.
        """
        await self._call("PUT", f"/connectors/{quote(name, safe='')}/config", body=dict(configuration))

    async def status(self, name: str) -> Status | None:
        """Its state; ``None`` while Connect does not know it (also for a moment after it was made)."""
        answer = await self._call("GET", f"/connectors/{quote(name, safe='')}/status", missing_ok=True)
        return Status.parse(answer) if answer is not None else None

    async def delete(self, name: str) -> None:
        """Remove the connector; it need not be there."""
        await self._call("DELETE", f"/connectors/{quote(name, safe='')}", missing_ok=True)

    async def restart(self, name: str, *, only_failed: bool) -> None:
        """Restart the connector with its tasks, or only what has failed."""
        flag = "true" if only_failed else "false"
        path = f"/connectors/{quote(name, safe='')}/restart?includeTasks=true&onlyFailed={flag}"
        await self._call("POST", path)

    async def pause(self, name: str) -> None:
        """Pause the connector and its tasks."""
        await self._call("PUT", f"/connectors/{quote(name, safe='')}/pause")

    async def resume(self, name: str) -> None:
        """Resume the connector and its tasks."""
        await self._call("PUT", f"/connectors/{quote(name, safe='')}/resume")

    async def _call(self, method: str, path: str, *, body: Any = None, missing_ok: bool = False) -> Any:
        if self._session is None:
            # Connect answers 415 to a request with another content type, also when it has no body.
            self._session = aiohttp.ClientSession(
                timeout=aiohttp.ClientTimeout(total=15), headers={"Content-Type": "application/json"}
            )
        try:
            async with self._session.request(method, self._url + path, json=body) as answer:
                if answer.status == 404 and missing_ok:
                    return None
                if answer.status >= 400:
                    raise _problem(answer.status, await answer.read())
                return await answer.json(content_type=None) if answer.content_length != 0 else {}
        except (aiohttp.ClientError, TimeoutError) as error:
            raise ConnectUnavailable(f"Kafka Connect at {self._url}: {error}") from error


def _problem(status: int, body: bytes) -> ConnectRefused | ConnectUnavailable:
    text = body.decode("utf-8", "replace")
    try:
        message = str(json.loads(text)["message"])
    except (ValueError, KeyError, TypeError):
        message = text[:500]
    # 409 is a rebalance; a worker whose broker is away answers 500 and "Request timed out".
    if status == 409 or (status >= 500 and "timed out" in message):
        return ConnectUnavailable(message)
    return ConnectRefused(message)
