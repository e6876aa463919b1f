from __future__ import annotations

import os
from pathlib import Path

import pytest

from pinterest_pipeline import paths
from tests.unit.pinterest_pipeline.airflow_home import CHECKOUT


def test_the_dags_folder_comes_before_the_home(tmp_path: Path) -> None:
    first, second = tmp_path / "dags" / "include", tmp_path / "include"
    second.mkdir()
    assert paths.include_folder([first, second]) == second
    first.mkdir(parents=True)
    assert paths.include_folder([first, second]) == first


def test_no_folder_names_the_places(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"no include folder at .*/a or .*/b"):
        paths.include_folder([tmp_path / "a", tmp_path / "b"])


def test_the_home_is_airflows_own() -> None:
    home = Path(os.environ["AIRFLOW_HOME"])
    assert paths.candidates() == [home / "dags" / "include", home / "include"]


def test_the_checkouts_folder_is_found() -> None:
    assert paths.include_folder().resolve() == CHECKOUT / "include"
    assert "SELECT" in paths.read_include("sql/source/pin.sql")


def test_a_missing_file_is_named() -> None:
    with pytest.raises(FileNotFoundError, match=r"no file sql/nothing\.sql in .*include"):
        paths.include_file("sql/nothing.sql")
