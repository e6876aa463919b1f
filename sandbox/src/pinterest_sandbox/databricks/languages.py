"""How a cell of each language is run."""

from __future__ import annotations

import ast
import re
import shlex
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from pinterest_sandbox.databricks.cells import Cell, NotebookError
from pinterest_sandbox.databricks.dbutils import FileSystem
from pinterest_sandbox.databricks.rendering import display
from pinterest_sandbox.databricks.sqltext import split_statements

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

#: What of ``dbutils.fs`` a ``%fs`` cell may call.
_FILE_COMMANDS = ("ls", "head", "put", "cp", "mv", "rm", "mkdirs", "mounts", "refreshMounts", "unmount")
_LINE_MAGIC = re.compile(r"\s*(%%?[a-z]\w*|!)")


def run_python(cell: Cell, filename: str, namespace: dict[str, Any]) -> None:
    """Run the statements; the value of a last expression is shown, as Databricks does.

    :param filename: what tracebacks name it.
    :raises NotebookError: for a magic command among the statements.
    """
    # Blank lines in front make line numbers those of the file.
    try:
        tree = ast.parse("\n" * (cell.line - 1) + cell.source, filename)
    except SyntaxError as error:
        magic = _LINE_MAGIC.match(error.text or "")
        if magic is None:
            raise
        raise NotebookError(f"line {error.lineno}: {magic[1]} is not supported here") from None
    last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
    exec(compile(tree, filename, "exec"), namespace)
    if isinstance(last, ast.Expr):
        value = eval(compile(ast.Expression(last.value), filename, "eval"), namespace)
        if value is not None:
            print(repr(value))


def run_sql(cell: Cell, session: SparkSession, widgets: Mapping[str, str], namespace: dict[str, Any]) -> None:
    """Run each statement; the last result is shown and becomes ``_sqldf``.

    :param widgets: values of ``:name``; ``$name`` and ``${name}`` stand for text of the statement.
    """
    result = None
    for statement in split_statements(_filled_in(cell.source, widgets)):
        namespace["_sqldf"] = result = session.sql(statement, args=dict(widgets))
    if result is not None:
        display(result)


def run_files(cell: Cell, fs: FileSystem) -> None:
    """Run ``%fs <command> <arguments>``.

    :raises NotebookError: when there is no such command.
    """
    command, *arguments = shlex.split(cell.source, comments=True) or [""]
    if command not in _FILE_COMMANDS:
        raise NotebookError(f"line {cell.line}: %fs {command} is not one of {', '.join(_FILE_COMMANDS)}")
    recurse = {"recurse": True} if {"-r", "--recurse"} & set(arguments) else {}
    given = [argument for argument in arguments if argument not in ("-r", "--recurse")]
    display(getattr(fs, command)(*given, **recurse))


def read_include(cell: Cell) -> tuple[str, dict[str, str]]:
    """Path and widgets of ``%run path $name="value"``.

    :raises NotebookError: when it has another form.
    """
    target, *arguments = shlex.split(cell.source, comments=True) or [""]
    if not target:
        raise NotebookError(f"line {cell.line}: %run needs a path")
    widgets = {}
    for argument in arguments:
        found = re.fullmatch(r"\$(\w+)=(.*)", argument, re.DOTALL)
        if found is None:
            raise NotebookError(f'line {cell.line}: %run takes arguments as $name="value", not {argument!r}')
        widgets[found[1]] = found[2]
    return target, widgets


def _filled_in(sql: str, widgets: Mapping[str, str]) -> str:
    """Widgets as they were named in SQL before ``:name``; other dollars stay."""
    return re.sub(r"\$(\{)?(\w+)(?(1)\})", lambda found: widgets.get(found[2], found[0]), sql)
