"""Notebooks that a cell runs by ``dbutils.notebook.run``: what is kept of them in the cell's output."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import Any

from pinterest_sandbox.databricks.children import SHORT, ChildNotebook
from pinterest_sandbox.databricks.output import CUT, DISPLAY_LIMIT, Output
from pinterest_sandbox.databricks.results import CellOutput
from tests.sandbox.databricks.client import WorkspaceClient

BIG = "x" * (DISPLAY_LIMIT // 2)
COUNTER = (
    "# DBTITLE 1,Counting\nprint('counted', dbutils.widgets.get('n'))",
    "displayHTML('<b>' + dbutils.widgets.get('n') + '</b>')",
    "assert dbutils.widgets.get('n') != '3', '<i>three</i> is too much'",
    "dbutils.notebook.exit('done ' + dbutils.widgets.get('n'))",
)


def exported(workspace: WorkspaceClient, run: dict[str, Any]) -> str:
    [view] = workspace.get("2.2/jobs/runs/export", run_id=run["run_id"])["views"]
    return str(view["content"])


def words(html: str) -> list[str]:
    """The text of the page, piece by piece, without how long something took."""
    body = html.partition("</h2>")[2]
    pieces = (re.sub(r",? [\d.]+ s$", "", piece.strip()) for piece in re.split(r"<[^>]*>", body))
    return [piece for piece in pieces if piece]


def test_cells_of_children_stand_under_the_cell_that_ran_them(workspace: WorkspaceClient) -> None:
    workspace.notebook(*COUNTER, name="counter.py")
    path = workspace.notebook(
        "for n in (1, 2, 3):\n    print('before', n)\n    dbutils.notebook.run('counter', 0, {'n': n})",
        "print('never')",
    )

    run = workspace.wait(workspace.submit(path))

    html = exported(workspace, run)
    found = words(html)
    assert run["tasks"][0]["state"]["result_state"] == "FAILED"
    assert html.count('<div class="notebook">') == html.count("<h3>/Shared/counter ") == 3
    order = ["before 1", "counted 1", "before 2", "counted 2", "before 3", "counted 3"]
    assert [piece for piece in found if piece in order] == order
    assert re.findall(r"<tr><th>n</th><td>(\d)</td></tr>", html) == ["1", "2", "3"]
    assert re.findall(r"<p>Exit value</p><pre>(.*?)</pre>", html) == ["done 1", "done 2"]
    assert html.count('srcdoc="&lt;b&gt;') == 3
    assert found.count("Counting line 3, python") == 3
    # Its error, and the traceback in its own cell.
    assert '<p>Error</p><pre class="error">AssertionError: &lt;i&gt;three&lt;/i&gt; is too much</pre>' in html
    assert re.search(r"<pre class=error>Traceback[^<]*/Shared/counter&quot;, line 7,", html)
    assert "<i>three" not in html
    page = workspace.call("GET", f"../jobs/{run['job_id']}/runs/{run['run_id']}").text
    assert html.partition("</h2>")[2].partition("</body>")[0] in page


def test_children_of_children_are_kept_in_theirs(workspace: WorkspaceClient) -> None:
    workspace.notebook("print('deepest')", name="third.py")
    workspace.notebook("dbutils.notebook.run('third', 0)", "print('second')", name="second.py")
    path = workspace.notebook("dbutils.notebook.run('./second', 0)\nprint('first')")

    run = workspace.wait(workspace.submit(path))

    html = exported(workspace, run)
    names = re.findall(r"<h3>(/Shared/\w+)|<pre>(deepest|second|first)\n</pre>", html)
    assert ["".join(pair) for pair in names] == [
        "/Shared/second",
        "/Shared/third",
        "deepest",
        "second",
        "first",
    ]


def test_child_that_is_not_there_is_kept_with_its_error(workspace: WorkspaceClient) -> None:
    path = workspace.notebook(
        "try:\n    dbutils.notebook.run('gone', 0, {'a': '<b>'})\nexcept Exception:\n    print('caught')"
    )

    run = workspace.wait(workspace.submit(path))

    html = exported(workspace, run)
    assert run["state"]["result_state"] == "SUCCESS"
    assert "<tr><th>a</th><td>&lt;b&gt;</td></tr>" in html
    assert '<pre class="error">NotebookError: Notebook not found: /Shared/gone</pre>' in html
    assert words(html)[-1] == "caught"


def test_run_in_an_included_notebook_stands_in_its_cell(workspace: WorkspaceClient) -> None:
    workspace.notebook("print('child')", name="child.py")
    workspace.notebook("dbutils.notebook.run('child', 0)", name="included.py")
    path = workspace.notebook("# MAGIC %run ./included", "dbutils.notebook.run('child', 0)")

    run = workspace.wait(workspace.submit(path))

    html = exported(workspace, run)
    assert run["state"]["result_state"] == "SUCCESS"
    assert (
        re.findall(r"run\(&#x27;child|<h3>/Shared/child", html)
        == [
            "run(&#x27;child",
            "<h3>/Shared/child",
        ]
        * 2
    )


def cell(text: str, source: str = "print()") -> CellOutput:
    return CellOutput(
        line=2,
        language="python",
        title="",
        source=source,
        output=[{"kind": "text", "text": text}],
        seconds=0.0,
        failed=False,
    )


def texts(part: dict[str, Any]) -> list[str]:
    return [kept["output"][0]["text"] for kept in part["cells"]]


def test_output_of_cells_beyond_the_room_of_the_parent_is_left_out() -> None:
    output = Output()
    children = [ChildNotebook(output, f"/n{number}", {}) for number in range(2)]
    for child in children:
        for text in (BIG, "small"):
            child.add(cell(text))
        child.end(exit_value="v")

    first, second = output.parts
    assert (texts(first), texts(second)) == ([BIG, "small"], [CUT, "small"])
    assert not first["cut"]
    assert len(json.dumps(output.parts)) < 1.01 * DISPLAY_LIMIT


def test_of_a_cell_that_is_too_large_the_pieces_that_fit_are_kept() -> None:
    inner = Output()
    a, b = (ChildNotebook(inner, path, {}) for path in ("/a", "/b"))
    a.add(cell("of a"))
    b.add(cell(BIG))
    a.end(exit_value="v")
    b.end(error="E: wrong")
    outer = Output()
    outer.reserve({"text": BIG})
    parts = [*inner.parts, {"kind": "html", "html": BIG}, {"kind": "error", "text": "Traceback"}]

    ChildNotebook(outer, "/middle", {}).add(replace(cell(""), output=parts))

    [middle] = outer.parts
    [kept] = middle["cells"]
    assert kept["source"] == "print()"
    assert kept["output"] == [
        inner.parts[0],
        inner.parts[1] | {"cells": [], "cut": True},
        {"kind": "text", "text": CUT},
        {"kind": "error", "text": "Traceback"},
    ]
    assert kept["output"][1]["error"] == "E: wrong"


def test_cells_without_any_room_are_said_to_be_left_out() -> None:
    output = Output()
    child = ChildNotebook(output, "/n", {})
    child.add(cell("kept"))
    child.add(cell("", source=BIG + BIG))
    child.end()

    [part] = output.parts
    assert (texts(part), part["cut"]) == (["kept"], True)


def test_long_words_are_shortened_when_there_is_no_room_for_them() -> None:
    output = Output()
    children = [ChildNotebook(output, "/n", {}) for _ in range(3)]
    children[0].end(error=BIG)
    children[1].end(error=BIG, exit_value=None)
    children[2].end(exit_value="v")

    assert [part["error"] for part in output.parts] == [BIG, BIG[:SHORT] + CUT, None]
    assert [part["exit_value"] for part in output.parts] == [None, None, "v"]


def test_children_without_any_room_are_said_once_to_be_left_out() -> None:
    output = Output()
    for number in range(3):
        child = ChildNotebook(output, f"/n{number}", {"a": BIG + BIG})
        child.add(cell("text"))
        child.end(error="wrong")

    assert output.parts == [{"kind": "text", "text": CUT}]
