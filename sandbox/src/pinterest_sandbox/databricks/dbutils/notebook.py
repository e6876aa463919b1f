"""``dbutils.notebook``: end with a value, run another notebook."""

from __future__ import annotations

from collections.abc import Callable, Mapping

#: Runs a notebook by path with a time limit in seconds (0: none) and parameters; gives its exit value.
RunNotebook = Callable[[str, float, Mapping[str, str]], str]


class NotebookExit(Exception):
    """Ends the notebook; not an error, though a broad ``except`` swallows it here as on Databricks.

    :param value: what the run gives back.
    """

    def __init__(self, value: str) -> None:
        super().__init__(value)
        self.value = value


class NotebookUtils:
    """The ``dbutils.notebook`` of one run.

    :param run: runs another notebook.
    """

    def __init__(self, run: RunNotebook) -> None:
        self._run = run

    def exit(self, value: object = "") -> None:
        """End the notebook with ``value`` as text.

        :raises NotebookExit: always.
        """
        raise NotebookExit(str(value))

    def run(
        self, path: str, timeout_seconds: float = 0, arguments: Mapping[str, object] | None = None
    ) -> str:
        """Run another notebook in a session and namespace of its own.

        :param path: absolute in the workspace, or relative to this notebook's folder.
        :param timeout_seconds: time limit; 0 is none.
        :param arguments: its parameters.
        :returns: its exit value.
        """
        return self._run(path, timeout_seconds, {key: str(value) for key, value in (arguments or {}).items()})
