"""A notebook's surroundings in Python."""

from __future__ import annotations

import importlib
import os
import sys
from pathlib import Path

import pytest

from pinterest_sandbox.databricks.deadline import DeadlineExceeded, limit
from pinterest_sandbox.databricks.interpreter import (
    format_trace,
    library_path,
    notebook_surroundings,
)


def test_library_path_has_no_checkout(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    checkout = str(Path(__file__).resolve().parents[4])
    monkeypatch.setattr(sys, "path", ["", str(tmp_path), checkout, *sys.path])
    found = library_path()
    assert found
    assert not {"", str(tmp_path), checkout} & set(found)
    assert all("lib/python" in entry for entry in found)


def test_modules_and_process_are_put_back(tmp_path: Path) -> None:
    folder = tmp_path / "notebooks"
    folder.mkdir()
    (tmp_path / "published_module.py").write_text("X = 1\n")
    before = (os.getcwd(), list(sys.path), dict(os.environ), sys.modules["__main__"])

    with notebook_surroundings(folder=folder, workspace=tmp_path, libraries=library_path()) as main:
        assert Path.cwd() == folder
        assert sys.path[0] == str(folder)
        assert sys.modules["__main__"] is main
        os.environ["LEFT_BEHIND"] = "1"
        sys.path.insert(0, os.path.abspath(".."))
        assert importlib.import_module("published_module").X == 1
        assert not [name for name in sys.modules if name.startswith("pinterest_sandbox")]

    assert (os.getcwd(), list(sys.path), dict(os.environ), sys.modules["__main__"]) == before
    assert "published_module" not in sys.modules
    assert "pinterest_sandbox.databricks.interpreter" in sys.modules


class ImportedMeanwhile:
    """An entry of Python's cache of importers; a look at it lets others come, as a thread's import does."""

    looks = 0

    def __fspath__(self) -> str:
        self.looks += 1
        sys.path_importer_cache[f"/another/{self.looks}"] = None
        return "/entry"


def test_imports_of_threads_do_no_harm(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    entry = ImportedMeanwhile()
    # Without importers: Python itself drops such entries, whatever their kind.
    cache = {entry: None, str(tmp_path / "published"): None}
    monkeypatch.setattr(sys, "path_importer_cache", cache)
    with notebook_surroundings(folder=tmp_path, workspace=tmp_path, libraries=library_path()):
        pass
    assert entry.looks
    assert str(tmp_path / "published") not in cache


def test_trace_begins_in_the_notebook_and_names_the_workspace(tmp_path: Path) -> None:
    code = compile(f"\n\nraise LookupError('{tmp_path}/x')", "/Shared/n", "exec")

    def run() -> None:
        exec(code)

    with pytest.raises(LookupError) as raised:
        run()
    trace = format_trace(raised.value, filename="/Shared/n", workspace=tmp_path)
    assert trace.splitlines()[1].strip() == 'File "/Shared/n", line 3, in <module>'
    assert trace.endswith("LookupError: /Workspace/x\n")


def test_endless_work_is_ended() -> None:
    def work() -> None:
        while True:
            pass

    with pytest.raises(DeadlineExceeded, match="too long"), limit(0.1, "too long", lambda: None):
        work()
    with limit(60, "too long", lambda: None):
        pass
