"""Become one of the sandbox's services: ``python -m pinterest_sandbox.launch <description.json>``.

The supervisor's configuration format has quoting rules of its own; command, environment and folder
are therefore kept in a JSON file beside it, and this module turns into the described process.
"""

from __future__ import annotations

import json
import os
import sys


def main() -> None:
    """Replace this process by the one that the file named in ``sys.argv[1]`` describes."""
    with open(sys.argv[1], encoding="utf-8") as source:
        description = json.load(source)
    os.chdir(description["directory"])
    environment = {**os.environ, **description["environment"]}
    for name in description["without"]:
        environment.pop(name, None)
    os.execvpe(description["command"][0], description["command"], environment)


if __name__ == "__main__":
    main()
