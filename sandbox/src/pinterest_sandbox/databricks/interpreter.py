"""The Python surroundings of a notebook: its folder, its modules, and all put back afterwards."""

from __future__ import annotations

import contextlib
import importlib
import linecache
import os
import sys
import traceback
import types
from collections.abc import Iterator, Sequence
from pathlib import Path

_OWN_PACKAGE = __name__.partition(".")[0]


def library_path() -> list[str]:
    """``sys.path`` reduced to Python's own library and the installed packages.

    A notebook must find what was published to the workspace and nothing of the checkout that it came from.
    """
    roots = [Path(prefix).resolve() / "lib" for prefix in {sys.prefix, sys.base_prefix}]
    return [entry for entry in sys.path if any(Path(entry).resolve().is_relative_to(root) for root in roots)]


@contextlib.contextmanager
def notebook_surroundings(
    *, folder: Path, workspace: Path, libraries: Sequence[str]
) -> Iterator[types.ModuleType]:
    """Run the body as Databricks runs a notebook that lies in ``folder``.

    The folder is the working directory and first on ``sys.path``. Modules of the workspace that were imported
    before are hidden, and so is this package; those imported meanwhile are forgotten afterwards: the next run
    sees what is published then.

    :param folder: the notebook's folder.
    :param workspace: root of the workspace's tree.
    :param libraries: the rest of ``sys.path``.
    :returns: a new ``__main__`` module, the notebook's namespace.
    """
    before = (os.getcwd(), sys.path, dict(os.environ), sys.modules["__main__"])
    hidden = _forget_modules(workspace)
    main = types.ModuleType("__main__")
    os.chdir(folder)
    sys.path = [str(folder), *libraries]
    sys.modules["__main__"] = main
    importlib.invalidate_caches()
    try:
        yield main
    finally:
        directory, sys.path, environment, sys.modules["__main__"] = before
        os.chdir(directory)
        if dict(os.environ) != environment:
            os.environ.clear()
            os.environ.update(environment)
        _forget_modules(workspace)
        sys.modules.update(hidden)


def _forget_modules(workspace: Path) -> dict[str, types.ModuleType]:
    forgotten = {
        name: module
        for name, module in list(sys.modules.items())
        if name.partition(".")[0] == _OWN_PACKAGE or _is_in(module, workspace)
    }
    for name in forgotten:
        del sys.modules[name]
    # A copy: threads of this or another notebook may import meanwhile.
    for entry in [entry for entry in list(sys.path_importer_cache) if Path(entry).is_relative_to(workspace)]:
        sys.path_importer_cache.pop(entry, None)
    linecache.checkcache()
    return forgotten


def _is_in(module: types.ModuleType, folder: Path) -> bool:
    # A package without __init__.py has no file, only places.
    places = [getattr(module, "__file__", None), *(getattr(module, "__path__", None) or ())]
    return any(isinstance(place, str) and Path(place).is_relative_to(folder) for place in places)


def format_trace(error: BaseException, *, filename: str, workspace: Path) -> str:
    """The traceback of ``error`` from the notebook's own frame on, with paths as the workspace names them.

    :param filename: the name that the notebook was compiled under.
    :param workspace: root of the workspace's tree, shown as ``/Workspace``.
    """
    frames = error.__traceback__
    while frames is not None and frames.tb_frame.f_code.co_filename != filename:
        frames = frames.tb_next
    lines = traceback.format_exception(type(error), error, frames)
    return "".join(lines).replace(str(workspace), "/Workspace")
