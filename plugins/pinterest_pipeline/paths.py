"""Where the ``include`` folder lies: on MWAA under the DAGs folder, elsewhere beside it."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from airflow.configuration import AIRFLOW_HOME
from airflow.sdk import conf

#: What of ``include`` is published to the Databricks workspace.
PUBLISHED = ("contracts", "spark", "sql")


def candidates() -> list[Path]:
    """The places of ``include``, best first: MWAA syncs only the DAGs folder, Astro the whole project."""
    # Airflow has loaded its configuration when a DAG file is parsed: neither costs anything here.
    return [Path(conf.get("core", "dags_folder")) / "include", Path(AIRFLOW_HOME) / "include"]


def include_folder(places: Iterable[Path] | None = None) -> Path:
    """The ``include`` folder.

    :param places: where to look, best first; :func:`candidates` by default.
    :raises FileNotFoundError: naming the places that were tried.
    """
    tried = list(candidates() if places is None else places)
    for place in tried:
        if place.is_dir():
            return place
    raise FileNotFoundError(f"no include folder at {' or '.join(map(str, tried))}")


def include_file(relative: str) -> Path:
    """A file under ``include``.

    :param relative: path below ``include``, with slashes.
    :raises FileNotFoundError: when it is not there.
    """
    target = include_folder() / relative
    if not target.is_file():
        raise FileNotFoundError(f"no file {relative} in {target.parents[len(Path(relative).parts) - 1]}")
    return target


def read_include(relative: str) -> str:
    """The text of a file under ``include``.

    :param relative: path below ``include``, with slashes.
    :raises FileNotFoundError: when it is not there.
    """
    return include_file(relative).read_text(encoding="utf-8")
