"""DatabricksPublishFolderOperator against the fake workspace."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from airflow.providers.databricks.exceptions import DatabricksApiError

from cloud_operators.databricks.operators.workspace import DatabricksPublishFolderOperator
from tests.unit.cloud_operators.databricks.fake_databricks import FakeDatabricks, Fault

ROOT = "/Shared/pipeline"
IMPORT = r"POST /api/2\.0/workspace/import"


@pytest.fixture
def source(tmp_path: Path) -> Path:
    (tmp_path / "notebooks").mkdir()
    (tmp_path / "lib").mkdir()
    (tmp_path / "notebooks" / "daily.py").write_text("# Databricks notebook source\nprint(1)\n")
    (tmp_path / "lib" / "schemas.py").write_text("x = 1\n")
    return tmp_path


def publish(source: Path, context: Any, **arguments: Any) -> str:
    given = {"workspace_root": ROOT, **arguments}
    operator = DatabricksPublishFolderOperator(task_id="publish", source_folder=source, **given)
    folder: str = operator.execute(context)
    return folder


def releases(databricks: FakeDatabricks) -> set[str]:
    return {
        path
        for path, each in databricks.objects.items()
        if path.rsplit("/", 1)[0] == ROOT and each["object_type"] == "DIRECTORY"
    }


def new_release(source: Path, context: Any, number: int, **arguments: Any) -> str:
    (source / "lib" / "schemas.py").write_text(f"x = {number}\n")
    return publish(source, context, **arguments)


def test_first_publication(databricks: FakeDatabricks, context: Any, source: Path) -> None:
    folder = publish(source, context)
    assert folder.startswith(f"{ROOT}/")
    assert {
        path.removeprefix(folder): each["object_type"]
        for path, each in databricks.objects.items()
        if path.startswith(folder)
    } == {
        "": "DIRECTORY",
        "/lib": "DIRECTORY",
        "/lib/schemas.py": "FILE",  # a module stays a module
        "/notebooks": "DIRECTORY",
        "/notebooks/daily": "NOTEBOOK",
        "/.published": "FILE",
    }
    assert databricks.objects[f"{folder}/lib/schemas.py"]["content"] == b"x = 1\n"
    newest = max(databricks.objects.values(), key=lambda each: each.get("created_at", 0))
    assert newest["path"] == f"{folder}/.published"
    assert json.loads(newest["content"])["files"] == 2
    assert context["ti"].xcoms["workspace_folder_url"] == (
        f"http://127.0.0.1:{databricks.port}/#workspace{folder}"
    )


def test_same_content_is_not_published_again(databricks: FakeDatabricks, context: Any, source: Path) -> None:
    folder = publish(source, context)
    imports = databricks.called(IMPORT)
    assert publish(source, context, workspace_root=f"{ROOT}/") == folder
    assert databricks.called(IMPORT) == imports


def test_a_release_never_changes(databricks: FakeDatabricks, context: Any, source: Path) -> None:
    first = publish(source, context)
    second = new_release(source, context, 2)
    assert second != first
    assert databricks.objects[f"{first}/lib/schemas.py"]["content"] == b"x = 1\n"
    assert databricks.objects[f"{second}/lib/schemas.py"]["content"] == b"x = 2\n"


@pytest.mark.parametrize("broken_import", [1, 2, 3])
def test_half_published_release_is_completed(
    databricks: FakeDatabricks, context: Any, source: Path, broken_import: int
) -> None:
    databricks.faults = [Fault(IMPORT, status=403, skip=broken_import - 1)]
    with pytest.raises(DatabricksApiError):
        publish(source, context)
    assert not [path for path in databricks.objects if path.endswith(".published")]
    folder = publish(source, context)
    assert {path for path in databricks.objects if path.startswith(f"{folder}/")} == {
        f"{folder}/lib",
        f"{folder}/lib/schemas.py",
        f"{folder}/notebooks",
        f"{folder}/notebooks/daily",
        f"{folder}/.published",
    }


@pytest.mark.parametrize("status", [429, 503])
def test_busy_workspace_is_asked_again(
    databricks: FakeDatabricks, context: Any, source: Path, status: int
) -> None:
    databricks.faults = [Fault(IMPORT, status=status), Fault("get-status", status=status)]
    assert f"{publish(source, context)}/.published" in databricks.objects


def test_old_releases_are_deleted(databricks: FakeDatabricks, context: Any, source: Path) -> None:
    folders = [new_release(source, context, number, keep=3) for number in range(5)]
    assert releases(databricks) == set(folders[2:])


def test_current_release_is_kept_though_it_is_the_oldest(
    databricks: FakeDatabricks, context: Any, source: Path
) -> None:
    folders = [new_release(source, context, number, keep=4) for number in range(4)]
    assert new_release(source, context, 0, keep=2) == folders[0]
    assert releases(databricks) == {folders[0], folders[3]}
    assert new_release(source, context, 0, keep=1) == folders[0]
    assert releases(databricks) == {folders[0]}


def test_keep_zero_deletes_nothing(databricks: FakeDatabricks, context: Any, source: Path) -> None:
    folders = [new_release(source, context, number, keep=0) for number in range(7)]
    assert releases(databricks) == set(folders)


def test_what_is_no_complete_release_is_left(databricks: FakeDatabricks, context: Any, source: Path) -> None:
    in_the_making, foreign = f"{ROOT}/0123456789ab", f"{ROOT}/notes"
    for path in (in_the_making, foreign):
        databricks.mkdirs({"path": path})
    databricks.import_({"path": f"{ROOT}/fedcba987654", "format": "AUTO", "content": ""})
    current = publish(source, context, keep=1)
    assert releases(databricks) == {in_the_making, foreign, current}
    assert f"{ROOT}/fedcba987654" in databricks.objects


def test_trouble_with_old_releases_does_not_fail_the_task(
    databricks: FakeDatabricks,
    context: Any,
    source: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    old = publish(source, context)
    databricks.faults = [Fault("workspace/delete", status=403)]
    current = new_release(source, context, 2, keep=1)
    assert releases(databricks) == {old, current}
    assert "could not be deleted" in capsys.readouterr().out


def test_release_deleted_by_somebody_else(databricks: FakeDatabricks, context: Any, source: Path) -> None:
    publish(source, context)
    databricks.faults = [Fault("workspace/delete", status=404, after=True)]
    current = new_release(source, context, 2, keep=1)
    assert releases(databricks) == {current}


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        pytest.param({"workspace_root": "Shared/x"}, "absolute path", id="relative-root"),
        pytest.param({"workspace_root": "/"}, "absolute path", id="root-of-all"),
        pytest.param({"keep": -1}, "keep=-1", id="negative-keep"),
        pytest.param({"include": ("none",)}, "matches no file", id="no-match"),
    ],
)
def test_wrong_arguments_call_nothing(
    databricks: FakeDatabricks, context: Any, source: Path, arguments: dict[str, Any], text: str
) -> None:
    with pytest.raises(ValueError, match=text):
        publish(source, context, **arguments)
    assert databricks.requests == []
