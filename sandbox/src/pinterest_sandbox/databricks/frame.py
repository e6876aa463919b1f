"""One running notebook, and the names that Databricks gives it."""

from __future__ import annotations

import contextlib
import sys
import types
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pinterest_sandbox.databricks.dbutils import DBUtils
from pinterest_sandbox.databricks.output import Output
from pinterest_sandbox.databricks.rendering import display, display_html
from pinterest_sandbox.databricks.results import CellOutput

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

#: Called after each cell.
OnCell = Callable[[CellOutput], None]


@dataclass(kw_only=True)
class Frame:
    """A notebook, and those that it includes by ``%run``.

    :param namespace: what its cells see and define.
    :param running: paths of the notebook and of those that are being included.
    :param output: of the cell that runs; before the first one it is thrown away.
    """

    session: SparkSession
    dbutils: DBUtils
    on_cell: OnCell
    namespace: dict[str, Any] = field(default_factory=dict)
    running: list[str] = field(default_factory=list)
    output: Output = field(default_factory=Output)

    @contextlib.contextmanager
    def writing_to(self, output: Output) -> Iterator[None]:
        """Within the body a cell runs that gives ``output``."""
        before, self.output = self.output, output
        try:
            yield
        finally:
            self.output = before

    @contextlib.contextmanager
    def in_module(self, main: types.ModuleType) -> Iterator[None]:
        """Within the body the notebook is the module ``main`` and finds the names that it expects.

        Modules that it imports find its utilities by ``from pyspark.dbutils import DBUtils``.
        """
        self.namespace = main.__dict__
        self.namespace.update(
            spark=self.session,
            sc=self.session.sparkContext,
            sql=self.session.sql,
            table=self.session.table,
            dbutils=self.dbutils,
            getArgument=self.dbutils.widgets.getArgument,
            display=display,
            displayHTML=display_html,
        )
        utilities = types.ModuleType("pyspark.dbutils")
        utilities.DBUtils = lambda *_: self.dbutils  # type: ignore[attr-defined]
        before = sys.modules.get(utilities.__name__)
        sys.modules[utilities.__name__] = utilities
        try:
            yield
        finally:
            del sys.modules[utilities.__name__]
            if before is not None:
                sys.modules[utilities.__name__] = before
