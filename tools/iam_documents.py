"""Fill in the IAM documents under ``include/iam``, for ``aws iam create-policy`` and ``create-role``.

Needs the standard library only. See ``include/iam/README.md``.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(CHECKOUT / "plugins"))

from pinterest_pipeline.provisioning.iam_documents import render  # noqa: E402


def main() -> None:
    """Write all documents, or none when a value is missing or wrong."""
    parser = argparse.ArgumentParser(description="Fill in the IAM documents")
    parser.add_argument("--output", type=Path, default=CHECKOUT / "build" / "iam", help="folder to write to")
    parser.add_argument("values", nargs="+", metavar="NAME=value", help="a placeholder's value")
    options = parser.parse_args()
    values = dict(pair.partition("=")[::2] for pair in options.values)
    rendered = {}
    for file in sorted((CHECKOUT / "include" / "iam").glob("*.json")):
        try:
            rendered[file.name] = render(file.read_text(encoding="utf-8"), values)
        except ValueError as error:
            sys.exit(f"{parser.prog}: {file.name}: {error}")
    options.output.mkdir(parents=True, exist_ok=True)
    for name, policy in rendered.items():
        (options.output / name).write_text(f"{json.dumps(policy, indent=2)}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
