"""What is kept of a notebook that a cell runs by ``dbutils.notebook.run``: a part of that cell's output."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence

from pinterest_sandbox.databricks.output import CUT, Output, Part
from pinterest_sandbox.databricks.results import CellOutput

#: Characters of an error or exit value for which there is no room.
SHORT = 200
#: Stands for pieces of output that were left out.
LEFT_OUT: Part = {"kind": "text", "text": CUT}


class ChildNotebook:
    """One such run. It stands in the cell's output where it began, and grows there with each of its cells.

    All of it takes from the room that the cell has for what it displays, so that a run of many notebooks
    keeps no more than a cell that displays much.

    :param output: of the cell.
    :param path: the notebook's path in the workspace.
    :param parameters: what it was given.
    """

    def __init__(self, output: Output, path: str, parameters: Mapping[str, str]) -> None:
        self._output = output
        self._began = time.monotonic()
        self._part: Part = {
            "kind": "notebook",
            "path": path,
            "parameters": {str(name): value for name, value in parameters.items()},
            "cells": [],
            "cut": False,
            "seconds": None,
            "exit_value": None,
            "error": None,
        }
        output.show(self._part)

    def add(self, cell: CellOutput) -> None:
        """Keep a cell; of one that is too large only those pieces of its output for which there is room."""
        kept = dict(vars(cell))
        if not self._output.reserve(kept):
            kept["output"] = []
            if not self._output.reserve(kept):
                self._part["cut"] = True
                return
            kept["output"] = self._pieces(cell.output)
        self._part["cells"].append(kept)

    def _pieces(self, parts: Sequence[Part]) -> list[Part]:
        kept: list[Part] = []
        for part in parts:
            if self._output.reserve(part):
                kept.append(part)
            elif part["kind"] == "notebook" and self._output.reserve(
                bare := part | {"cells": [], "cut": True}
            ):
                kept.append(bare)
            elif not kept or kept[-1] != LEFT_OUT:
                kept.append(LEFT_OUT)
        return kept

    def end(self, *, exit_value: str | None = None, error: str | None = None) -> None:
        """It has ended.

        :param exit_value: what it gave back; ``None`` when it ran to its end.
        :param error: type and message of what ended it.
        """
        words = {"exit_value": exit_value, "error": error}
        if not self._output.reserve(words):
            words = {name: _shortened(text) for name, text in words.items()}
        self._part |= {**words, "seconds": round(time.monotonic() - self._began, 3)}


def _shortened(text: str | None) -> str | None:
    return text if text is None or len(text) <= SHORT else text[:SHORT] + CUT
