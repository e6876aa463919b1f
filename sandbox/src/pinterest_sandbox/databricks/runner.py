"""Runs notebooks in Databricks' source format on a Spark session."""

from __future__ import annotations

import ast
import contextlib
import linecache
import re
import shlex
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from pinterest_sandbox.databricks import deadline
from pinterest_sandbox.databricks.cells import Cell, NotebookError, parse
from pinterest_sandbox.databricks.dbutils import DBUtils, FileSystem, NotebookUtils, Secrets, Widgets
from pinterest_sandbox.databricks.dbutils.notebook import NotebookExit
from pinterest_sandbox.databricks.errors import NotFound, describe
from pinterest_sandbox.databricks.interpreter import captured_output, format_trace, notebook_surroundings
from pinterest_sandbox.databricks.rendering import render
from pinterest_sandbox.databricks.session import new_session
from pinterest_sandbox.databricks.sqltext import split_statements
from pinterest_sandbox.databricks.workspace import Workspace

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


@dataclass(frozen=True, kw_only=True)
class CellOutput:
    """What one cell gave.

    :param line: line of the file that it begins on.
    :param output: what it printed and displayed; of a failed one also the traceback.
    :param seconds: how long it took.
    """

    line: int
    language: str
    title: str
    source: str
    output: str
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


class NotebookFailed(Exception):
    """A notebook that another one ran has failed."""


@dataclass(kw_only=True)
class _Frame:
    """One running notebook: its namespace and its widgets."""

    session: SparkSession
    widgets: Widgets
    namespace: dict[str, Any]
    on_cell: Callable[[CellOutput], None]
    running: list[str] = field(default_factory=list)


class NotebookRunner:
    """Runs notebooks of a workspace one after the other.

    :param workspace: where they are published.
    :param session: every run gets a new session beside this one, with the same catalog.
    :param secrets: JSON file of the secret scopes.
    :param libraries: ``sys.path`` without the notebook's folder.
    """

    def __init__(
        self, *, workspace: Workspace, session: SparkSession, secrets: Path, libraries: Sequence[str]
    ) -> None:
        self._workspace = workspace
        self._root_session = session
        self._secrets = Secrets(secrets)
        self._libraries = libraries

    def run(
        self, path: str, parameters: Mapping[str, str], on_cell: Callable[[CellOutput], None] = lambda _: None
    ) -> NotebookResult:
        """Run the notebook at ``path`` to its end.

        :param path: its path in the workspace, without extension.
        :param parameters: values of its widgets.
        :param on_cell: called after each cell.
        """
        try:
            return NotebookResult(exit_value=self._run(path, parameters, on_cell))
        except BaseException as error:
            # Also sys.exit() and KeyboardInterrupt: they end the notebook, not what runs it.
            trace = format_trace(error, filename=path, workspace=self._workspace.root)
            return NotebookResult(error=describe(error), error_trace=trace)

    def _run(
        self, path: str, parameters: Mapping[str, str], on_cell: Callable[[CellOutput], None]
    ) -> str | None:
        cells = self._read(path)
        file = self._workspace.file(path)
        with (
            notebook_surroundings(
                folder=file.parent, workspace=self._workspace.root, libraries=self._libraries
            ) as main,
            new_session(self._root_session) as session,
        ):
            frame = _Frame(
                session=session, widgets=Widgets(parameters), namespace=main.__dict__, on_cell=on_cell
            )
            frame.namespace.update(self._builtins(frame, path))
            try:
                self._run_cells(frame, path, cells)
            except NotebookExit as end:
                return end.value
        return None

    def _builtins(self, frame: _Frame, path: str) -> dict[str, Any]:
        def run(target: str, timeout: float, arguments: Mapping[str, str]) -> str:
            return self._run_other(_absolute(path, target), timeout, arguments)

        dbutils = DBUtils(
            widgets=frame.widgets,
            notebook=NotebookUtils(run),
            secrets=self._secrets,
            fs=FileSystem(frame.session),
        )
        return {
            "spark": frame.session,
            "sc": frame.session.sparkContext,
            "sql": frame.session.sql,
            "table": frame.session.table,
            "dbutils": dbutils,
            "getArgument": frame.widgets.getArgument,
            "display": lambda *values: print(*map(render, values), sep="\n"),
            "displayHTML": print,
        }

    def _read(self, path: str) -> list[Cell]:
        try:
            source = self._workspace.notebook_source(path)
        except NotFound:
            raise NotebookError(f"Notebook not found: {path}") from None
        # Tracebacks show the notebook's lines under its path in the workspace.
        linecache.cache[path] = (len(source), None, source.splitlines(keepends=True), path)
        try:
            return parse(source)
        except NotebookError as error:
            raise NotebookError(f"{path}: {error}") from None

    def _run_cells(self, frame: _Frame, path: str, cells: Sequence[Cell]) -> None:
        if path in frame.running:
            raise NotebookError(f"%run of {path} inside itself")
        frame.running.append(path)
        for cell in cells:
            self._run_cell(frame, path, cell)
        frame.running.pop()

    def _run_cell(self, frame: _Frame, path: str, cell: Cell) -> None:
        started, failed, trace = time.monotonic(), False, ""
        try:
            with captured_output() as output:
                self._execute(frame, path, cell)
        except NotebookExit:
            raise
        except BaseException as error:
            failed, trace = True, format_trace(error, filename=path, workspace=self._workspace.root)
            raise
        finally:
            frame.on_cell(
                CellOutput(
                    line=cell.line,
                    language=cell.language,
                    title=cell.title,
                    source=cell.source,
                    output=output.text() + trace,
                    seconds=round(time.monotonic() - started, 3),
                    failed=failed,
                )
            )

    def _execute(self, frame: _Frame, path: str, cell: Cell) -> None:
        if cell.language == "python":
            _run_python(cell, path, frame.namespace)
        elif cell.language == "sql":
            self._run_sql(frame, cell)
        elif cell.language == "run":
            self._include(frame, path, cell)

    def _run_sql(self, frame: _Frame, cell: Cell) -> None:
        """Run each statement; widgets are its ``:name`` parameters, the last result is ``_sqldf``."""
        for statement in split_statements(cell.source):
            frame.namespace["_sqldf"] = frame.session.sql(statement, args=frame.widgets.getAll())
        if "_sqldf" in frame.namespace and frame.namespace["_sqldf"].columns:
            print(render(frame.namespace["_sqldf"]))

    def _include(self, frame: _Frame, path: str, cell: Cell) -> None:
        """``%run path $name="value"``: the other notebook's cells in this one's namespace."""
        target, *arguments = shlex.split(cell.source, comments=True) or [""]
        if not target:
            raise NotebookError(f"line {cell.line}: %run needs a path")
        for argument in arguments:
            match = re.fullmatch(r"\$(\w+)=(.*)", argument, re.DOTALL)
            if match is None:
                raise NotebookError(
                    f'line {cell.line}: %run takes arguments as $name="value", not {argument!r}'
                )
            frame.widgets.set(match[1], match[2])
        other = _absolute(path, target)
        self._run_cells(frame, other, self._read(other))

    def _run_other(self, path: str, timeout: float, arguments: Mapping[str, str]) -> str:
        context = self._root_session.sparkContext
        limit = deadline.limit(timeout, f"{path}: not ended after {timeout:g} s", context.cancelAllJobs)
        try:
            with limit if timeout else contextlib.nullcontext():
                return self._run(path, arguments, lambda _: None) or ""
        except BaseException as error:
            raise NotebookFailed(f"{path} failed: {describe(error)}") from error


def _run_python(cell: Cell, filename: str, namespace: dict[str, Any]) -> None:
    """Run the statements; the value of a last expression is shown, as Databricks does."""
    # Blank lines in front make line numbers those of the file.
    tree = ast.parse("\n" * (cell.line - 1) + cell.source, filename)
    last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
    exec(compile(tree, filename, "exec"), namespace)
    if isinstance(last, ast.Expr):
        value = eval(compile(ast.Expression(last.value), filename, "eval"), namespace)
        if value is not None:
            print(repr(value))


def _absolute(base: str, path: str) -> str:
    """``path`` as seen from the notebook ``base``: absolute, without ``.`` and ``..``."""
    parts: list[str] = []
    for part in (PurePosixPath(base).parent / path).parts:
        if part == "..":
            del parts[-1:]
        elif part != "/":
            parts.append(part)
    return "/" + "/".join(parts)
