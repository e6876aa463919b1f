"""Wait in the triggerer until a run or a SQL statement has ended.

The provider's triggers are not used: theirs for runs fails on a run that has no output (its cluster never
came up), and neither reports an error of its own, so that a task would fail without a reason.
"""

from __future__ import annotations

import asyncio
import time
from abc import abstractmethod
from collections.abc import AsyncIterator
from typing import Any

from airflow.providers.databricks.hooks.databricks import DatabricksHook
from airflow.triggers.base import BaseTrigger, TriggerEvent

from cloud_operators.databricks import runs

#: Even with a polling period of 0 the triggerer's other triggers get their turn.
_SHORTEST_PAUSE_SECONDS = 0.01


class DatabricksEndTrigger(BaseTrigger):
    """Base of the triggers below: look until the end, for at most the time given.

    The event is ``{"status": "ended" | "timeout" | "error", "id": <id>, "message": <only on error>}``. How it
    ended the task reads itself, with what it does when it waits on a worker. When the time is over, and when
    somebody marks or clears the deferred task, the run or statement is cancelled; a triggerer that stops or
    hands over cancels nothing.

    :param external_id: id of the run or statement
    :param databricks_conn_id: the Databricks connection
    :param polling_period_seconds: seconds between two looks
    :param end_time: Unix time in seconds at which it is cancelled; ``None`` sets no limit
    :param retry_limit: how often a request is sent before it counts as failed
    :param retry_delay: seconds before the first repetition; it doubles with each
    """

    def __init__(
        self,
        *,
        external_id: int | str,
        databricks_conn_id: str,
        polling_period_seconds: float,
        end_time: float | None = None,
        retry_limit: int = 3,
        retry_delay: float = 1,
    ) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.external_id = external_id
        self.databricks_conn_id = databricks_conn_id
        self.polling_period_seconds = polling_period_seconds
        self.end_time = end_time
        self.retry_limit = retry_limit
        self.retry_delay = retry_delay

    @abstractmethod
    async def has_ended(self, hook: DatabricksHook) -> bool:
        """Look once."""

    @abstractmethod
    def cancel(self, hook: DatabricksHook) -> None:
        """Cancel the run or statement."""

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """Give class path and arguments, for the triggerer."""
        arguments = (
            "external_id",
            "databricks_conn_id",
            "polling_period_seconds",
            "end_time",
            "retry_limit",
            "retry_delay",
        )
        path = f"{type(self).__module__}.{type(self).__qualname__}"
        return path, {name: getattr(self, name) for name in arguments}

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Look again and again. An error goes to the task, which fails with it."""
        event: dict[str, Any] = {"status": "ended", "id": self.external_id}
        try:
            hook = await self._hook()
            async with hook:
                while not await self.has_ended(hook):
                    self.log.info("%s has not ended", self.external_id)
                    pause = self._pause()
                    if pause <= 0:
                        event["status"] = "timeout"
                        break
                    await asyncio.sleep(pause)
            if event["status"] == "timeout":
                await asyncio.to_thread(self.cancel, hook)
        except Exception as error:
            event |= {"status": "error", "message": f"{type(error).__name__}: {error}"}
        yield TriggerEvent(event)

    async def on_kill(self) -> None:
        """Cancel it: somebody has marked or cleared the task (Airflow 3.3 calls this on nothing else)."""
        self.log.info("Cancelling %s", self.external_id)
        await asyncio.to_thread(self.cancel, await self._hook())

    async def _hook(self) -> DatabricksHook:
        hook = DatabricksHook(
            self.databricks_conn_id,
            retry_limit=self.retry_limit,
            retry_delay=self.retry_delay,
            caller=type(self).__name__,
        )
        # The hook looks its connection up once and without await: in a thread that holds nobody up.
        await asyncio.to_thread(lambda: hook.databricks_conn)
        return hook

    def _pause(self) -> float:
        pause = max(self.polling_period_seconds, _SHORTEST_PAUSE_SECONDS)
        return pause if self.end_time is None else min(pause, self.end_time - time.time())


class DatabricksRunEndTrigger(DatabricksEndTrigger):
    """Wait until a run has ended, however it ends.

    .. seealso:: https://docs.databricks.com/api/jobs/v2.2/getrun
    """

    async def has_ended(self, hook: DatabricksHook) -> bool:
        """Look at the run's life cycle state."""
        return runs.has_ended(await hook.a_get_run(int(self.external_id)))

    def cancel(self, hook: DatabricksHook) -> None:
        """Cancel the run; one that has ended stays as it is."""
        hook.cancel_run(int(self.external_id))


class DatabricksStatementEndTrigger(DatabricksEndTrigger):
    """Wait until a SQL statement has ended, however it ends.

    .. seealso:: https://docs.databricks.com/api/statement-execution/v1/get-statement
    """

    async def has_ended(self, hook: DatabricksHook) -> bool:
        """Look at the statement's state."""
        return bool((await hook.a_get_sql_statement_state(str(self.external_id))).is_terminal)

    def cancel(self, hook: DatabricksHook) -> None:
        """Cancel the statement; one that has ended stays as it is."""
        hook.cancel_sql_statement(str(self.external_id))
