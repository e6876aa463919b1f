"""The SSM documents for the EC2 Kafka client, made of ``include/ssm``.

A document's file says its parameters and names the shell files of each step; what runs on the instance is
the text of these files, unchanged. SSM Agent hands over the parameters as environment variables
(``interpolationType``), so none becomes part of a script.

.. seealso:: https://docs.aws.amazon.com/systems-manager/latest/userguide/documents-syntax-data-elements-parameters.html
"""

from __future__ import annotations

import json
from collections.abc import Callable
from enum import StrEnum
from typing import Any

#: Systems Manager takes no longer document.
LONGEST = 64 * 1024


class SsmDocument(StrEnum):
    """A document, by the name of its file in ``include/ssm``."""

    INSTALL = "install-kafka-client"
    STATUS = "show-kafka-client-status"
    RESTART = "restart-rest-proxy"


def ssm_document(document: SsmDocument, read: Callable[[str], str]) -> dict[str, Any]:
    """A document with its scripts in it.

    :param document: which one.
    :param read: gives the text of a file by its path below ``include``, as
        :func:`pinterest_pipeline.paths.read_include` does.
    :raises ValueError: when a script has two opening braces in a row, which the agent takes for a parameter.
    """
    found: dict[str, Any] = json.loads(read(f"ssm/{document}.json"))
    for step in found["mainSteps"]:
        files = step["inputs"]["runCommand"]
        step["inputs"]["runCommand"] = [line for file in files for line in _lines(file, read)]
    return found


def ssm_content(document: SsmDocument, read: Callable[[str], str]) -> str:
    """A document as ``CreateDocument`` and ``UpdateDocument`` take it, in the format JSON.

    The same files give the same text, so that whether a document has changed can be told by comparing.

    :param document: which one.
    :param read: gives the text of a file by its path below ``include``.
    :raises ValueError: when it is longer than Systems Manager allows, or a script can't be put into it.
    """
    content = json.dumps(ssm_document(document, read), indent=1)
    size = len(content.encode())
    if size > LONGEST:
        raise ValueError(f"SSM document {document} has {size} bytes, {LONGEST} are allowed")
    return content


def _lines(file: str, read: Callable[[str], str]) -> list[str]:
    text = read(f"ssm/{file}")
    if "{{" in text:
        line = text[: text.index("{{")].count("\n") + 1
        raise ValueError(f"ssm/{file}, line {line}: SSM Agent would take what follows {{{{ for a parameter")
    return text.removesuffix("\n").split("\n")
