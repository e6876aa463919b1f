"""Every way in which a notebook's code can end, without Spark; the worker outlives all of them."""

from __future__ import annotations

import pytest

from tests.sandbox.databricks.client import WorkspaceClient

UNPRINTABLE = """
class Mute(Exception):
    def __str__(self):
        raise RuntimeError("no words")

raise Mute
"""


@pytest.mark.parametrize(
    ("cell", "error"),
    [
        ("import sys\nsys.exit(1)", "SystemExit: 1"),
        ("import sys\nsys.exit(0)", "SystemExit: 0"),
        ("raise SystemExit('enough')", "SystemExit: enough"),
        ("raise KeyboardInterrupt", "KeyboardInterrupt: "),
        ("class End(BaseException): pass\nraise End('all')", "End: all"),
        (UNPRINTABLE, "Mute: <exception str() failed>"),
        ("def deeper(): deeper()\ndeeper()", "RecursionError: maximum recursion depth exceeded"),
        ("1 +", "SyntaxError: invalid syntax"),
        ("dbutils.notebook.run('other', 0)", "NotebookFailed: /Shared/other failed: SystemExit: 7"),
    ],
    ids=["exit", "exit-0", "text", "interrupt", "base", "mute", "recursion", "syntax", "other-notebook"],
)
def test_end_is_reported_with_its_message(workspace: WorkspaceClient, cell: str, error: str) -> None:
    workspace.notebook("import sys\nsys.exit(7)", name="other.py")
    before = workspace.workers()["notebook"]["pid"]

    run = workspace.wait(workspace.submit(workspace.notebook("print('first')", cell)))

    assert run["tasks"][0]["state"] == {
        "life_cycle_state": "TERMINATED",
        "result_state": "FAILED",
        "state_message": "Workload failed, see run output for details",
    }
    output = workspace.output(run)
    assert output["error"].startswith(error)
    assert error.partition(":")[0] in output["error_trace"]
    assert workspace.workers()["notebook"]["pid"] == before
    assert workspace.result(workspace.notebook("dbutils.notebook.exit('next')")) == "next"


def test_exit_of_another_notebook_can_be_caught(workspace: WorkspaceClient) -> None:
    workspace.notebook("import sys\nsys.exit(7)", name="other.py")
    path = workspace.notebook(
        "try:\n    dbutils.notebook.run('other', 0)\n"
        "except Exception as error:\n    dbutils.notebook.exit(f'went on after {error}')"
    )
    assert workspace.result(path) == "went on after /Shared/other failed: SystemExit: 7"
