"""Jupyter's notebooks (``.ipynb``) in Databricks' source format, as an import makes them.

https://nbformat.readthedocs.io/en/latest/format_description.html
"""

from __future__ import annotations

import json
from typing import Any

from pinterest_sandbox.databricks.cells import COMMENTS, HEADERS

_NOTEBOOK = "application/vnd.databricks.v1+notebook"
_CELL = "application/vnd.databricks.v1+cell"


class NoJupyterNotebook(ValueError):
    """The content is no notebook of Jupyter's, or none that can be run here; the message has the reason."""


def to_source(content: bytes) -> tuple[str, str]:
    """The language of a notebook, ``python`` or ``sql``, and its text in Databricks' source format.

    :raises NoJupyterNotebook: when it can't be read.
    """
    try:
        notebook = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise NoJupyterNotebook(f"it is no JSON: {error}") from None
    if not isinstance(notebook, dict) or not isinstance(notebook.get("cells"), list):
        raise NoJupyterNotebook("it has no list of cells, as notebooks of format 4 have")
    language = _language(_member(notebook, "metadata"))
    if language not in HEADERS:
        raise NoJupyterNotebook(f"its language {language} is not supported here: {' or '.join(HEADERS)}")
    comment = COMMENTS[language]
    cells = [_cell(cell, comment) for cell in notebook["cells"]]
    return language, f"{HEADERS[language]}\n" + f"\n\n{comment} COMMAND ----------\n\n".join(cells) + "\n"


def _language(metadata: dict[str, Any]) -> str:
    named = (
        _member(metadata, _NOTEBOOK).get("language"),
        _member(metadata, "language_info").get("name"),
        _member(metadata, "kernelspec").get("language"),
    )
    return str(next(filter(None, named), "python")).lower()


def _cell(cell: Any, comment: str) -> str:
    if not isinstance(cell, dict):
        raise NoJupyterNotebook("one of its cells is no object")
    text = _text(cell.get("source", ""))
    if cell.get("cell_type") != "code":
        text = f"%md\n{text}"
    if text.lstrip().startswith("%"):
        lines = text.lstrip().split("\n")
        text = "\n".join(f"{comment} MAGIC {line}" if line else f"{comment} MAGIC" for line in lines)
    details = _member(_member(cell, "metadata"), _CELL)
    title = details.get("title")
    return f"{comment} DBTITLE 1,{title}\n{text}" if title and details.get("showTitle") else text


def _text(source: Any) -> str:
    """A text of the format: as it is, or as a list of its lines."""
    if isinstance(source, list) and all(isinstance(line, str) for line in source):
        return "".join(source)
    if isinstance(source, str):
        return source
    raise NoJupyterNotebook("the source of one of its cells is no text")


def _member(values: dict[str, Any], name: str) -> dict[str, Any]:
    found = values.get(name)
    return found if isinstance(found, dict) else {}
