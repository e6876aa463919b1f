"""A machine whose scripts have nothing but a folder, and documents for it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any


class FakeMachine:
    """What :class:`~pinterest_sandbox.aws.ssm.commands.Commands` needs of a machine.

    :param folder: its own.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "machine"
        self.environment = {"PATH": "/usr/bin:/bin", "WHERE": str(self.folder)}
        self.running = True

    def is_there(self) -> bool:
        return self.running


def document(*scripts: str, seconds: int = 60, **parameters: Any) -> str:
    """A document with a step for each script.

    :param seconds: of each step.
    :param parameters: as the document has them.
    """
    return json.dumps(
        {
            "schemaVersion": "2.2",
            "description": "For tests.",
            "parameters": parameters,
            "mainSteps": [
                {
                    "action": "aws:runShellScript",
                    "name": f"step{number}",
                    "precondition": {"StringEquals": ["platformType", "Linux"]},
                    "inputs": {
                        "timeoutSeconds": str(seconds),
                        "runCommand": ["#!/bin/bash", *script.split("\n")],
                    },
                }
                for number, script in enumerate(scripts, start=1)
            ],
        }
    )
