"""Commands while they run: SSM Agent's part."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from pinterest_sandbox.aws.ssm.content import Step
from pinterest_sandbox.aws.ssm.store import UNDER_WAY, Command, StepResult

#: Characters that are kept of what a step prints, and what stands for the rest.
LONGEST_OUTPUT, LONGEST_ERROR = 24_000, 8_000
TRUNCATED = "--output truncated--"
#: Exit code of what was stopped, and how many commands run at once: the agent's own numbers.
STOPPED, AT_ONCE = 137, 5


class Runner:
    """Runs commands on the machine.

    :param folder: where scripts are written.
    :param environment: variables of every script.
    :param changed: called whenever the record of a command has changed.
    """

    def __init__(self, folder: Path, environment: Mapping[str, str], changed: Callable[[], None]) -> None:
        self._folder = folder
        self._environment = dict(environment)
        self._changed = changed
        self._places = asyncio.Semaphore(AT_ONCE)
        self._tasks: dict[str, asyncio.Task[None]] = {}

    def start(self, command: Command, steps: Sequence[Step]) -> None:
        """Begin a command, whose record is kept up to date until its end."""
        command.steps = [StepResult(name=step.name) for step in steps]
        task = asyncio.create_task(self._run(command, steps))
        self._tasks[command.id] = task
        task.add_done_callback(lambda _: self._tasks.pop(command.id, None))

    def cancel(self, command: Command) -> None:
        """Stop a command that is under way; its processes are killed."""
        if command.id in self._tasks:
            command.status = command.details = "Cancelling"
            self._tasks[command.id].cancel()

    async def close(self) -> None:
        """Stop all that runs."""
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _run(self, command: Command, steps: Sequence[Step]) -> None:
        try:
            async with self._places:
                _become(command, "InProgress", "InProgress")
                for step, result in zip(steps, command.steps, strict=True):
                    await self._run_step(command.id, step, result)
            # Steps go on after one that has failed, as in schema 2.2 without onFailure.
            worst = next((each for each in command.steps if each.status != "Success"), None)
            _become(command, *((worst.status, worst.details) if worst else ("Success", "Success")))
        except asyncio.CancelledError:
            _become(command, "Cancelled", "Cancelled")
            for result in command.steps:
                if result.status in UNDER_WAY:
                    _become(result, "Cancelled", "Cancelled")
        finally:
            self._changed()

    async def _run_step(self, command_id: str, step: Step, result: StepResult) -> None:
        folder = self._folder / command_id / step.name
        folder.mkdir(parents=True)
        script = folder / "_script.sh"
        script.write_text(step.script, encoding="utf-8")
        script.chmod(0o700)
        _become(result, "InProgress", "InProgress")
        result.began = _now()
        self._changed()
        # A session of its own, so that the children are reached too. The agent starts scripts in this way.
        process = await asyncio.create_subprocess_exec(
            "sh",
            "-c",
            str(script),
            cwd=folder,
            env={**self._environment, **step.environment},
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            start_new_session=True,
        )
        output = asyncio.create_task(process.communicate())
        try:
            done, _ = await asyncio.wait({output}, timeout=step.seconds)
        except asyncio.CancelledError:
            result.code = STOPPED
            await _stop(process, output, result)
            raise
        if not done:
            await _stop(process, output, result)
            _become(result, "TimedOut", "ExecutionTimedOut")
            result.code = STOPPED
            return
        _take(result, *output.result())
        result.code = process.returncode if process.returncode is not None else STOPPED
        status = "Success" if result.code == 0 else "Failed"
        _become(result, status, status)


async def _stop(
    process: asyncio.subprocess.Process, output: asyncio.Task[tuple[bytes, bytes]], result: StepResult
) -> None:
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    _take(result, *await output)


def _take(result: StepResult, output: bytes, error: bytes) -> None:
    result.output = cut(output.decode(errors="replace"), LONGEST_OUTPUT)
    result.error = cut(error.decode(errors="replace"), LONGEST_ERROR)
    result.ended = _now()


def cut(text: str, longest: int) -> str:
    """The beginning of a text, with a word on what was cut off.

    :param longest: characters that may be left.
    """
    return text if len(text) <= longest else text[: longest - len(TRUNCATED)] + TRUNCATED


def _become(record: Command | StepResult, status: str, details: str) -> None:
    record.status, record.details = status, details


def _now() -> float:
    """Seconds since the epoch, with milliseconds: JSON keeps them as they are."""
    return round(time.time(), 3)
