"""Cells of a notebook and what they gave, as HTML."""

from __future__ import annotations

from html import escape
from typing import Any

from pinterest_sandbox.databricks.output import CUT, Part

STYLE = """
.cell { color: #5a6b7b; margin: 1rem 0 -.5rem; }
pre { background: #f5f7f9; border: 1px solid #dfe5ea; border-radius: 6px; padding: .7rem; overflow-x: auto; }
pre.source { background: #fff; } pre.error { background: #fdf1f0; border-color: #e6b8b4; }
.result { overflow-x: auto; margin: 1em 0; } .result table { font-size: .9rem; width: auto; }
.result p, .null { color: #8a97a3; }
.notebook { border-left: 3px solid #dfe5ea; margin: 1rem 0; padding-left: 1rem; }
.notebook h3 { font-size: 1rem; margin: 0; } .notebook > table { width: auto; }
iframe { border: 1px solid #dfe5ea; border-radius: 6px; width: 100%; height: 24rem; resize: vertical; }
"""


def cell_html(cell: dict[str, Any]) -> str:
    """One cell: its source and its output. Everything is text, except what it displayed as HTML itself.

    :param cell: a :class:`~pinterest_sandbox.databricks.results.CellOutput` as it was kept.
    """
    heading = f"{cell['title']} " if cell["title"] else ""
    return (
        f'<p class="cell">{escape(heading)}line {cell["line"]}, {escape(cell["language"])}, '
        f"{cell['seconds']:.1f} s</p>"
        f'<pre class="source">{escape(cell["source"])}</pre>{"".join(map(_part, cell["output"]))}'
    )


def _part(part: Part) -> str:
    if part["kind"] == "html":
        # A document of its own without an origin: its scripts run, and reach nothing of the page.
        return f'<iframe sandbox="allow-scripts" srcdoc="{escape(part["html"])}"></iframe>'
    if part["kind"] == "table":
        return _table(part)
    if part["kind"] == "notebook":
        return _notebook(part)
    return f"<pre{' class=error' if part['kind'] == 'error' else ''}>{escape(part['text'])}</pre>"


def _notebook(part: Part) -> str:
    """A notebook that the cell has run, with its cells."""
    took = "" if part["seconds"] is None else f" {part['seconds']:.1f} s"
    rows = "".join(
        f"<tr><th>{escape(name)}</th><td>{escape(value)}</td></tr>"
        for name, value in part["parameters"].items()
    )
    return "".join(
        [
            f'<div class="notebook"><h3>{escape(part["path"])}{took}</h3>',
            f"<table>{rows}</table>" if rows else "",
            "" if part["exit_value"] is None else f"<p>Exit value</p><pre>{escape(part['exit_value'])}</pre>",
            "" if part["error"] is None else f'<p>Error</p><pre class="error">{escape(part["error"])}</pre>',
            *map(cell_html, part["cells"]),
            f"<pre>{CUT}</pre>" if part["cut"] else "",
            "</div>",
        ]
    )


def _table(part: Part) -> str:
    head = "".join(f"<th>{escape(name)}</th>" for name in part["columns"])
    body = "".join(f"<tr>{''.join(map(_value, row))}</tr>" for row in part["rows"])
    note = f"<p>{escape(part['note'])}</p>" if part["note"] else ""
    return f'<div class="result"><table><tr>{head}</tr>{body}</table>{note}</div>'


def _value(value: str | None) -> str:
    return '<td class="null">null</td>' if value is None else f"<td>{escape(value)}</td>"
