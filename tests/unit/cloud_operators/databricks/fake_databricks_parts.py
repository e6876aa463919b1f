"""What the fake workspace is told to do, and what it keeps."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

TOKEN = "dapi-test"
IMPORT_LIMIT = 10 * 1024 * 1024
ENDED = ("TERMINATED", "SKIPPED", "INTERNAL_ERROR")


class ApiError(Exception):
    def __init__(self, status: int, error_code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.body = {"error_code": error_code, "message": message}


@dataclass
class Notebook:
    """What a run of a notebook does.

    :param looks: answers of runs/get before the end, as life cycle states; runs/list tells the next of them
    :param life_cycle: life cycle state at the end
    :param result: result state at the end
    """

    looks: tuple[str, ...] = ("PENDING", "RUNNING")
    life_cycle: str = "TERMINATED"
    result: str | None = "SUCCESS"
    message: str = ""
    exit_value: str | None = None
    truncated: bool = False
    error: str | None = None
    trace: str | None = None
    has_output: bool = True


@dataclass
class Answer:
    """What a statement does: rows in chunks, or an error."""

    columns: tuple[tuple[str, str], ...] = ()
    chunks: tuple[list[list[str | None]], ...] = ()
    looks: tuple[str, ...] = ("PENDING", "RUNNING")
    state: str = "SUCCEEDED"
    error: dict[str, str] | None = None
    row_count: int | None = None
    truncated: bool = False


@dataclass
class Run:
    run_id: int
    request: dict[str, Any]
    script: Notebook
    looks: list[str]
    start_time: int
    cancelled: bool = False
    deleted: bool = False
    #: looks that find it still TERMINATING once it is cancelled
    slow_end: int = 0
    #: runs that had not ended when it was submitted
    beside: tuple[int, ...] = ()

    @property
    def task_run_id(self) -> int:
        return self.run_id + 1

    @property
    def state(self) -> dict[str, str]:
        """As it is now; looking on its own does not bring a run forward."""
        state = {"state_message": self.script.message}
        if self.cancelled and self.slow_end:
            return state | {"life_cycle_state": "TERMINATING"}
        if self.cancelled:
            return state | {"life_cycle_state": "TERMINATED", "result_state": "CANCELED"}
        if self.looks:
            return state | {"life_cycle_state": self.looks[0]}
        result = {"result_state": self.script.result} if self.script.result else {}
        return state | {"life_cycle_state": self.script.life_cycle} | result


@dataclass
class RunningStatement:
    request: dict[str, Any]
    script: Answer
    looks: list[str]
    cancelled: bool = False


@dataclass
class Fault:
    """Answers requests whose ``METHOD /path`` matches with an error.

    :param times: how many of them
    :param skip: how many go well before
    :param after: do the work first, so that only the answer is lost
    """

    pattern: str
    status: int
    times: int = 1
    skip: int = 0
    after: bool = False

    def strikes(self, call: str) -> bool:
        if self.times == 0 or not re.search(self.pattern, call):
            return False
        if self.skip:
            self.skip -= 1
            return False
        self.times -= 1
        return True
