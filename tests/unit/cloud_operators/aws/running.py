"""Run operators and sensors as a worker and a triggerer do."""

from __future__ import annotations

import asyncio
import json
from importlib import import_module
from typing import Any

from airflow.sdk import BaseOperator, Context
from airflow.sdk.exceptions import TaskDeferred
from airflow.triggers.base import BaseTrigger, TriggerEvent


class TaskInstance:
    """Keeps the XComs that a task pushes."""

    def __init__(self) -> None:
        self.xcoms: dict[str, Any] = {}

    def xcom_push(self, key: str, value: Any) -> None:
        json.dumps(value)
        self.xcoms[key] = value


def context() -> Any:
    """A context with the one thing the operators use."""
    return {"ti": TaskInstance()}


def run(operator: BaseOperator, task_context: Context) -> Any:
    """Execute a task to its end, through any number of deferrals.

    Triggers and events go through what the database does to them: a class path with JSON arguments, and JSON.
    As with ``airflow dags test``, nothing else reaches the method that goes on.
    """
    try:
        return operator.execute(task_context)
    except TaskDeferred as deferred:
        pending = deferred
    while True:
        event = asyncio.run(_first_event(rebuilt(pending.trigger)))
        assert not pending.kwargs
        try:
            return getattr(operator, pending.method_name)(
                task_context, event=json.loads(json.dumps(event.payload))
            )
        except TaskDeferred as deferred:
            pending = deferred


def rebuilt(trigger: BaseTrigger) -> BaseTrigger:
    """Make a trigger anew from its serialized form."""
    path, arguments = trigger.serialize()
    module, _, name = path.rpartition(".")
    new: BaseTrigger = getattr(import_module(module), name)(**json.loads(json.dumps(arguments)))
    return new


async def _first_event(trigger: BaseTrigger) -> TriggerEvent:
    async for event in trigger.run():
        return event
    raise RuntimeError("The trigger ended without an event.")
