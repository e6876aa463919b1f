"""Runs notebooks of a workspace on a Spark session."""

from __future__ import annotations

import contextlib
import linecache
import time
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from pinterest_sandbox.databricks import deadline
from pinterest_sandbox.databricks.cells import Cell, NotebookError, parse, split_lines
from pinterest_sandbox.databricks.children import ChildNotebook
from pinterest_sandbox.databricks.dbutils import DBUtils, FileSystem, NotebookUtils, Secrets, Widgets
from pinterest_sandbox.databricks.dbutils.notebook import NotebookExit
from pinterest_sandbox.databricks.errors import NotFound, describe
from pinterest_sandbox.databricks.frame import Frame, OnCell
from pinterest_sandbox.databricks.interpreter import format_trace, notebook_surroundings
from pinterest_sandbox.databricks.languages import read_include, run_files, run_python, run_sql
from pinterest_sandbox.databricks.local_files import LocalFiles
from pinterest_sandbox.databricks.mounts import Mounts
from pinterest_sandbox.databricks.output import captured_output
from pinterest_sandbox.databricks.results import CellOutput, NotebookResult
from pinterest_sandbox.databricks.session import new_session
from pinterest_sandbox.databricks.streams import outlasting_streams
from pinterest_sandbox.databricks.workspace import Workspace

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


class NotebookFailed(Exception):
    """A notebook that another one ran has failed."""


class NotebookRunner:
    """Runs notebooks of a workspace one after the other.

    :param workspace: where they are published.
    :param session: every run gets a new session beside this one, with the same catalog.
    :param secrets: JSON file of the secret scopes.
    :param mounts: the workspace's.
    :param files: what Python's own file functions see of ``dbfs:/``.
    :param libraries: ``sys.path`` without the notebook's folder.
    """

    def __init__(
        self,
        *,
        workspace: Workspace,
        session: SparkSession,
        secrets: Path,
        mounts: Mounts,
        files: LocalFiles,
        libraries: Sequence[str],
    ) -> None:
        self._workspace = workspace
        self._root_session = session
        self._secrets = Secrets(secrets)
        self._mounts = mounts
        self._files = files
        self._libraries = libraries

    def run(
        self, path: str, parameters: Mapping[str, str], on_cell: OnCell = lambda _: None
    ) -> NotebookResult:
        """Run the notebook at ``path`` to its end.

        :param path: its path in the workspace, without extension.
        :param parameters: values of its widgets.
        :param on_cell: called after each cell.
        """
        try:
            with self._files.reachable():
                return NotebookResult(exit_value=self._run(path, parameters, on_cell))
        except BaseException as error:
            # Also sys.exit() and KeyboardInterrupt: they end the notebook, not what runs it.
            trace = format_trace(error, filename=path, workspace=self._workspace.root)
            return NotebookResult(error=describe(error), error_trace=trace)

    def _run(
        self,
        path: str,
        parameters: Mapping[str, str],
        on_cell: OnCell,
        timeout: float = 0,
    ) -> str | None:
        cells = self._read(path)
        file = self._workspace.file(path)
        value = None
        with (
            notebook_surroundings(
                folder=file.parent, workspace=self._workspace.root, libraries=self._libraries
            ) as main,
            new_session(self._root_session) as session,
            _time_limit(session, path, timeout),
            outlasting_streams(session),
        ):
            frame = self._frame(session, path, parameters, on_cell)
            with frame.in_module(main):
                try:
                    self._run_cells(frame, path, cells)
                except NotebookExit as end:
                    value = end.value
        return value

    def _frame(
        self, session: SparkSession, path: str, parameters: Mapping[str, str], on_cell: OnCell
    ) -> Frame:
        def run(target: str, timeout: float, arguments: Mapping[str, str]) -> str:
            return self._run_other(frame, _absolute(path, target), timeout, arguments)

        dbutils = DBUtils(
            widgets=Widgets(parameters),
            notebook=NotebookUtils(run),
            secrets=self._secrets,
            fs=FileSystem(session, self._mounts),
        )
        dbutils.fs.refreshMounts()
        frame = Frame(session=session, dbutils=dbutils, on_cell=on_cell)
        return frame

    def _read(self, path: str) -> list[Cell]:
        try:
            source = self._workspace.notebook_source(path)
        except NotFound:
            raise NotebookError(f"Notebook not found: {path}") from None
        # Tracebacks show the notebook's lines under its path in the workspace.
        linecache.cache[path] = (len(source), None, [f"{line}\n" for line in split_lines(source)], path)
        try:
            return parse(source)
        except NotebookError as error:
            raise NotebookError(f"{path}: {error}") from None

    def _run_cells(self, frame: Frame, path: str, cells: Sequence[Cell]) -> None:
        if path in frame.running:
            raise NotebookError(f"%run of {path} inside itself")
        frame.running.append(path)
        for cell in cells:
            self._run_cell(frame, path, cell)
        frame.running.pop()

    def _run_cell(self, frame: Frame, path: str, cell: Cell) -> None:
        started, failed = time.monotonic(), False
        try:
            with captured_output() as output, frame.writing_to(output):
                self._execute(frame, path, cell)
        except NotebookExit:
            raise
        except BaseException as error:
            failed = True
            trace = format_trace(error, filename=path, workspace=self._workspace.root)
            output.parts.append({"kind": "error", "text": trace})
            raise
        finally:
            frame.on_cell(
                CellOutput(
                    line=cell.line,
                    language=cell.language,
                    title=cell.title,
                    source=cell.source,
                    output=output.parts,
                    seconds=round(time.monotonic() - started, 3),
                    failed=failed,
                )
            )

    def _execute(self, frame: Frame, path: str, cell: Cell) -> None:
        if cell.language == "python":
            run_python(cell, path, frame.namespace)
        elif cell.language == "sql":
            run_sql(cell, frame.session, frame.dbutils.widgets.getAll(), frame.namespace)
        elif cell.language == "fs":
            run_files(cell, frame.dbutils.fs)
        elif cell.language == "run":
            self._include(frame, path, cell)

    def _include(self, frame: Frame, path: str, cell: Cell) -> None:
        """``%run path $name="value"``: the other notebook's cells in this one's namespace."""
        target, arguments = read_include(cell)
        for name, value in arguments.items():
            frame.dbutils.widgets.set(name, value)
        other = _absolute(path, target)
        self._run_cells(frame, other, self._read(other))

    def _run_other(self, parent: Frame, path: str, timeout: float, arguments: Mapping[str, str]) -> str:
        child = ChildNotebook(parent.output, path, arguments)
        try:
            value = self._run(path, arguments, child.add, timeout)
        except BaseException as error:
            child.end(error=describe(error))
            raise NotebookFailed(f"{path} failed: {describe(error)}") from error
        child.end(exit_value=value)
        return value or ""


def _time_limit(session: SparkSession, path: str, seconds: float) -> contextlib.AbstractContextManager[None]:
    """End the body after ``seconds``, unless they are 0, with all that Spark does for it."""

    def stop_waiting() -> None:
        session.sparkContext.cancelAllJobs()
        for query in session.streams.active:
            query.stop()

    if not seconds:
        return contextlib.nullcontext()
    return deadline.limit(seconds, f"{path}: not ended after {seconds:g} s", stop_waiting)


def _absolute(base: str, path: str) -> str:
    """``path`` as seen from the notebook ``base``: absolute, without ``.`` and ``..``."""
    parts: list[str] = []
    for part in (PurePosixPath(base).parent / path).parts:
        if part == "..":
            del parts[-1:]
        elif part != "/":
            parts.append(part)
    return "/" + "/".join(parts)
