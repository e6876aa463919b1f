"""Methods that Databricks' Spark has, and this one has not or not in order."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from pinterest_sandbox.databricks.rendering import display

_FACTORY = "spark.sql.codegen.factoryMode"


def add_methods() -> None:
    """Add them to this process's PySpark."""
    from pyspark.sql import DataFrame
    from pyspark.sql.catalog import Catalog
    from pyspark.sql.streaming.readwriter import DataStreamWriter

    for kind, name, method in (
        (DataFrame, "display", display),
        (DataStreamWriter, "table", DataStreamWriter.toTable),
        (Catalog, "listTables", _compiled(Catalog.listTables)),
    ):
        setattr(kind, name, method)


def _compiled(method: Callable[..., Any]) -> Callable[..., Any]:
    """``method`` of a catalog with code generation: without it Spark 4.0 can't make the list's entries."""

    @functools.wraps(method)
    def call(catalog: Any, *arguments: Any, **options: Any) -> Any:
        settings = catalog._sparkSession.conf
        before = settings.get(_FACTORY)
        settings.set(_FACTORY, "FALLBACK")
        try:
            return method(catalog, *arguments, **options)
        finally:
            settings.set(_FACTORY, before)

    return call
