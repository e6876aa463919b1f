"""The workspace's tree."""

from __future__ import annotations

from pathlib import Path

import pytest

from pinterest_sandbox.databricks.errors import ApiError, InvalidParameter, NotFound
from pinterest_sandbox.databricks.workspace import Workspace

NOTEBOOK = b"# Databricks notebook source\nx = 1\n"
JUPYTER = b'{"nbformat": 4, "metadata": {}, "cells": [{"cell_type": "code", "source": "x = 1"}]}'


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace(tmp_path)


@pytest.mark.parametrize(
    ("path", "content", "format", "language", "becomes"),
    [
        ("/Shared/n.py", NOTEBOOK, "AUTO", None, ("/Shared/n", "NOTEBOOK", "PYTHON")),
        ("/Shared/q.sql", b"-- Databricks notebook source\n", "AUTO", None, ("/Shared/q", "NOTEBOOK", "SQL")),
        ("/Shared/m.py", b"x = 1\n", "AUTO", None, ("/Shared/m.py", "FILE", None)),
        ("/Shared/a.txt", NOTEBOOK, "AUTO", None, ("/Shared/a.txt", "FILE", None)),
        ("/Shared/.published", b"", "AUTO", None, ("/Shared/.published", "FILE", None)),
        ("/Shared/s", b"x = 1\n", "SOURCE", "PYTHON", ("/Shared/s", "NOTEBOOK", "PYTHON")),
        ("/Shared/n.py", NOTEBOOK, "RAW", None, ("/Shared/n.py", "FILE", None)),
        ("/Shared/j.ipynb", JUPYTER, "AUTO", None, ("/Shared/j", "NOTEBOOK", "PYTHON")),
        ("/Shared/j.ipynb", JUPYTER, "JUPYTER", None, ("/Shared/j.ipynb", "NOTEBOOK", "PYTHON")),
        ("/Shared/j", JUPYTER, "JUPYTER", None, ("/Shared/j", "NOTEBOOK", "PYTHON")),
        ("/Shared/j.ipynb", JUPYTER, "RAW", None, ("/Shared/j.ipynb", "FILE", None)),
        ("/Shared/j.json", JUPYTER, "AUTO", None, ("/Shared/j.json", "FILE", None)),
    ],
    ids=[
        "notebook",
        "sql-notebook",
        "module",
        "other-extension",
        "dot-file",
        "source",
        "raw",
        "jupyter-auto",
        "jupyter",
        "jupyter-no-extension",
        "jupyter-raw",
        "json",
    ],
)
def test_what_an_import_becomes(
    workspace: Workspace,
    path: str,
    content: bytes,
    format: str,
    language: str | None,
    becomes: tuple[str, str, str | None],
) -> None:
    workspace.write(path, content, format=format, language=language)
    [found] = workspace.list("/Shared")
    assert (found.path, found.kind, found.language) == becomes
    assert workspace.file(found.path).is_file()


def test_source_gets_the_first_line_of_a_notebook(workspace: Workspace) -> None:
    workspace.write("/Shared/s", b"x = 1\n", language="PYTHON")
    assert workspace.notebook_source("/Shared/s") == NOTEBOOK.decode()
    assert workspace.notebook_source("/Workspace/Shared/s") == NOTEBOOK.decode()


def test_jupyter_becomes_source(workspace: Workspace) -> None:
    workspace.write("/Shared/j.ipynb", JUPYTER, format="AUTO")
    assert workspace.notebook_source("/Shared/j") == NOTEBOOK.decode()


def test_file_is_no_notebook(workspace: Workspace) -> None:
    workspace.write("/Shared/a.txt", NOTEBOOK, format="AUTO")
    with pytest.raises(NotFound):
        workspace.notebook_source("/Shared/a.txt")


def test_object_of_another_kind_is_never_replaced(workspace: Workspace) -> None:
    workspace.write("/Shared/x", NOTEBOOK, language="PYTHON")
    with pytest.raises(ApiError) as refused:
        workspace.write("/Shared/x", b"text", format="RAW", overwrite=True)
    assert refused.value.code == "RESOURCE_ALREADY_EXISTS"
    workspace.write("/Shared/x", b"y = 2\n", language="PYTHON", overwrite=True)
    assert workspace.notebook_source("/Shared/x").endswith("y = 2\n")


def test_kind_is_forgotten_with_the_object(workspace: Workspace) -> None:
    workspace.mkdirs("/Shared/a/b")
    workspace.write("/Shared/a/b/x", NOTEBOOK, language="PYTHON")
    workspace.delete("/Shared/a", recursive=True)
    workspace.mkdirs("/Shared/a/b")
    workspace.write("/Shared/a/b/x", b"text", format="AUTO")
    assert workspace.status("/Shared/a/b/x").kind == "FILE"


def test_folder_is_deleted_only_when_empty_or_asked(workspace: Workspace) -> None:
    workspace.mkdirs("/Shared/a/b")
    with pytest.raises(ApiError) as refused:
        workspace.delete("/Shared/a")
    assert refused.value.code == "DIRECTORY_NOT_EMPTY"
    workspace.delete("/Shared/a/b")
    workspace.delete("/Shared/a")
    assert workspace.list("/Shared") == []


def test_folder_in_place_of_a_file(workspace: Workspace) -> None:
    workspace.write("/Shared/x", b"", format="AUTO")
    for path in ("/Shared/x", "/Shared/x/y"):
        with pytest.raises(ApiError) as refused:
            workspace.mkdirs(path)
        assert refused.value.code == "RESOURCE_ALREADY_EXISTS"


def test_listing_of_a_file_is_itself(workspace: Workspace) -> None:
    workspace.write("/Shared/x.json", b"{}", format="AUTO")
    [found] = workspace.list("/Shared/x.json")
    assert (found.path, found.size) == ("/Shared/x.json", 2)


@pytest.mark.parametrize("path", ["relative", "/Shared/../../etc/passwd", "/a\0b"])
def test_path_out_of_the_workspace_is_refused(workspace: Workspace, path: str) -> None:
    with pytest.raises(InvalidParameter, match="must be absolute"):
        workspace.write(path, b"", format="AUTO")


def test_unknown_format_and_language(workspace: Workspace) -> None:
    with pytest.raises(InvalidParameter, match="'DBC' is not supported"):
        workspace.write("/Shared/x", b"", format="DBC")
    with pytest.raises(InvalidParameter, match="language must be one of PYTHON, SQL"):
        workspace.write("/Shared/x", b"", format="SOURCE", language="SCALA")
