"""What becomes of content that is imported into the workspace: a notebook, or a file.

https://docs.databricks.com/api/workspace/workspace/import
"""

from __future__ import annotations

from pathlib import PurePosixPath

from pinterest_sandbox.databricks.cells import HEADERS
from pinterest_sandbox.databricks.errors import InvalidParameter
from pinterest_sandbox.databricks.jupyter import NoJupyterNotebook, to_source

_LANGUAGES = {"PYTHON": ".py", "SQL": ".sql"}
_FORMATS = ("AUTO", "SOURCE", "JUPYTER", "RAW")
_JUPYTER = ".ipynb"


def read_import(
    path: str, content: bytes, format: str, language: str | None
) -> tuple[str, str | None, bytes]:
    """Where ``content`` goes, the language of the notebook that it becomes, if it is one, and its bytes.

    :param format: ``AUTO`` (source with a notebook's first line, and ``.ipynb``, become notebooks without
        extension, all else a file), ``SOURCE`` (a notebook in ``language``), ``JUPYTER`` or ``RAW`` (a file).
    :raises InvalidParameter: for an unknown format or language, or content that is no notebook.
    """
    if format not in _FORMATS:
        raise InvalidParameter(f"format {format!r} is not supported here: one of {', '.join(_FORMATS)}")
    if format == "RAW":
        return path, None, content
    if format == "SOURCE":
        return path, *_from_source(content, language)
    if format == "JUPYTER":
        return path, *_from_jupyter(content)
    suffix = PurePosixPath(path).suffix
    if suffix == _JUPYTER:
        return path.removesuffix(suffix), *_from_jupyter(content)
    recognised = _recognised(suffix, content)
    return path.removesuffix(suffix) if recognised else path, recognised, content


def _recognised(suffix: str, content: bytes) -> str | None:
    first = content.split(b"\n", 1)[0].decode(errors="replace").rstrip()
    for language, extension in _LANGUAGES.items():
        if suffix == extension and first == HEADERS[language.lower()]:
            return language
    return None


def _from_source(content: bytes, language: str | None) -> tuple[str, bytes]:
    """Its first line is added where it lacks."""
    if language not in _LANGUAGES:
        raise InvalidParameter(f"language must be one of {', '.join(_LANGUAGES)} here, not {language!r}")
    header = HEADERS[language.lower()].encode()
    if content.split(b"\n", 1)[0].rstrip() == header:
        return language, content
    return language, header + b"\n" + content


def _from_jupyter(content: bytes) -> tuple[str, bytes]:
    try:
        language, source = to_source(content)
        return language.upper(), source.encode()
    except NoJupyterNotebook as error:
        raise InvalidParameter(f"The notebook can't be imported: {error}") from None
    except UnicodeEncodeError:
        raise InvalidParameter("The notebook can't be imported: it has text without bytes in UTF-8") from None
