"""Run operators and sensors as a worker and a triggerer do."""

from __future__ import annotations

import asyncio
import json
from importlib import import_module
from typing import Any

from airflow.sdk import BaseOperator, Context
from airflow.sdk.exceptions import TaskDeferred
from airflow.triggers.base import BaseTrigger, TriggerEvent


class StateStore(dict[str, Any]):
    """Keeps JSON values over the tries of a task, as the task state store does."""

    def set(self, key: str, value: Any) -> None:
        self[key] = json.loads(json.dumps(value))

    def delete(self, key: str) -> None:
        self.pop(key, None)


class TaskInstance:
    """What the operators use of a running task instance; keeps the XComs that the task pushes."""

    dag_id = "example_dag"
    task_id = "example_task"
    stats_tags: dict[str, str] = {}  # noqa: RUF012

    def __init__(self) -> None:
        self.xcoms: dict[str, Any] = {}

    def xcom_push(self, key: str, value: Any) -> None:
        json.dumps(value)
        self.xcoms[key] = value


def context() -> Any:
    """The context of one task; the same one stands for its next try."""
    return {"ti": TaskInstance(), "task_state_store": StateStore()}


def run(operator: BaseOperator, task_context: Context, triggers: list[BaseTrigger] | None = None) -> Any:
    """Execute a task to its end, through any number of deferrals.

    :param operator: the task
    :param task_context: its context
    :param triggers: takes the triggers to which it was deferred
    """
    try:
        return operator.execute(task_context)
    except TaskDeferred as deferred:
        pending = deferred
    while True:
        # As with ``airflow dags test``, nothing but the event reaches the method that goes on.
        assert not pending.kwargs
        if triggers is not None:
            triggers.append(pending.trigger)
        event = fire(pending.trigger)
        try:
            return getattr(operator, pending.method_name)(task_context, event=event)
        except TaskDeferred as deferred:
            pending = deferred


def fire(trigger: BaseTrigger) -> Any:
    """Run a trigger as the triggerer does; gives the payload of its first event.

    Trigger and event go through what the database does to them: a class path with JSON arguments, and JSON.
    """

    async def first() -> TriggerEvent:
        return await anext(aiter(rebuilt(trigger).run()))

    event = asyncio.run(asyncio.wait_for(first(), 30))
    return json.loads(json.dumps(event.payload))


def rebuilt(trigger: BaseTrigger) -> BaseTrigger:
    """Make a trigger anew from its serialized form; the new one must be equal to it."""
    path, arguments = trigger.serialize()
    module, _, name = path.rpartition(".")
    new: BaseTrigger = getattr(import_module(module), name)(**json.loads(json.dumps(arguments)))
    assert type(new) is type(trigger)
    assert new.serialize() == (path, arguments)
    # An argument that is not serialized at all shows only here.
    assert _state(new) == _state(trigger)
    return new


def _state(trigger: BaseTrigger) -> dict[str, Any]:
    return {name: value for name, value in vars(trigger).items() if not name.startswith("_")}


def addresses(operator: BaseOperator, task_context: Any) -> dict[str, str]:
    """Give what the operator's links show once the task has run: name -> address, as far as it has one."""
    xcoms = task_context["ti"].xcoms
    shown: dict[str, str] = {}
    for link in operator.operator_extra_links:
        stored = xcoms.get(getattr(link, "key", None))
        # Links of AWS keep the parts of the address, the others the address itself.
        address = link.format_link(**stored) if isinstance(stored, dict) else stored  # type: ignore[attr-defined]
        if address:
            shown[link.name] = address
    return shown
