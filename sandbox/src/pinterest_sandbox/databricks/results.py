"""What running a notebook gives."""

from __future__ import annotations

from dataclasses import dataclass

from pinterest_sandbox.databricks.output import Part


@dataclass(frozen=True, kw_only=True)
class CellOutput:
    """What one cell gave.

    :param line: line of the file that it begins on.
    :param output: what it printed and displayed, piece by piece; of a failed one also the traceback.
    :param seconds: how long it took.
    """

    line: int
    language: str
    title: str
    source: str
    output: list[Part]
    seconds: float
    failed: bool


@dataclass(frozen=True, kw_only=True)
class NotebookResult:
    """How a notebook ended.

    :param exit_value: the value of ``dbutils.notebook.exit``; ``None`` when it ran to its end.
    :param error: type and message of the exception that ended it.
    :param error_trace: its traceback, with lines of the notebook's file.
    """

    exit_value: str | None = None
    error: str | None = None
    error_trace: str | None = None
