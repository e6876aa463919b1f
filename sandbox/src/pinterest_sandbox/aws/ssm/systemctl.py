"""``systemctl`` of the machine, as far as the SSM documents use it: ``python -m … <folder> <arguments>``."""

from __future__ import annotations

import sys
from pathlib import Path

from pinterest_sandbox.aws.ssm.unit import UNIT, Unit
from pinterest_sandbox.config import load_config

NOT_LOADED = {"LoadState": "not-found", "ActiveState": "inactive", "SubState": "dead", "NRestarts": "0"}


def main() -> int:
    """Do what the arguments say.

    :returns: the exit code, as systemctl's.
    """
    folder, *arguments = sys.argv[1:]
    options = [each for each in arguments if each.startswith("-")]
    verb, *units = [each for each in arguments if not each.startswith("-")]
    unit = Unit(load_config(), Path(folder) / "started")
    known = units == [UNIT] and unit.is_there()
    if verb == "daemon-reload":
        return 0
    if verb == "show":
        name = next(each.removeprefix("--property=") for each in options if each.startswith("--property="))
        print((unit.properties() if known else NOT_LOADED).get(name, ""))
        return 0
    if not known:
        print(f"Unit {' '.join(units)} could not be found.", file=sys.stderr)
        return 4
    match verb:
        case "restart" | "start":
            unit.restart()
        case "stop":
            unit.stop()
        case "is-active":
            state = unit.properties()["ActiveState"]
            if "--quiet" not in options:
                print(state)
            return 0 if state == "active" else 3
        case "is-enabled" | "enable":
            # `up` starts it.
            return 0
        case _:
            print(f"Unknown command verb {verb}: the sandbox's machine has no such.", file=sys.stderr)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
