"""The records of MSK Connect in memory and in one file, so that a restart of the process keeps them."""

from __future__ import annotations

import dataclasses
import json
import os
from datetime import datetime
from pathlib import Path
from typing import Any

from pinterest_sandbox.aws.msk_connect.records import Connector, CustomPlugin, Operation, WorkerConfiguration
from pinterest_sandbox.aws.wire import AwsError

Tagged = CustomPlugin | WorkerConfiguration | Connector
_TIMES = ("created", "changed", "submitted", "ended")


class Store:
    """All resources by ARN. Changes are made on the records; :meth:`save` keeps them.

    :param file: where they are kept; ``None`` keeps them in memory only.
    """

    def __init__(self, file: Path | None = None) -> None:
        self._file = file
        self._saved = ""
        self.plugins: dict[str, CustomPlugin] = {}
        self.workers: dict[str, WorkerConfiguration] = {}
        self.connectors: dict[str, Connector] = {}
        self.operations: dict[str, Operation] = {}
        if file is not None and file.exists():
            self._load(json.loads(file.read_text(encoding="utf-8")))

    def _load(self, content: dict[str, list[dict[str, Any]]]) -> None:
        self.plugins = {row["arn"]: CustomPlugin(**_revived(row)) for row in content["plugins"]}
        self.workers = {row["arn"]: WorkerConfiguration(**_revived(row)) for row in content["workers"]}
        self.connectors = {row["arn"]: Connector(**_revived(row)) for row in content["connectors"]}
        self.operations = {row["arn"]: Operation(**_revived(row)) for row in content["operations"]}

    def save(self) -> None:
        """Write the file when something has changed, in one step, readable by its owner only."""
        if self._file is None:
            return
        content = {
            kind: [dataclasses.asdict(record) for record in getattr(self, kind).values()]
            for kind in ("plugins", "workers", "connectors", "operations")
        }
        text = json.dumps(content, default=datetime.isoformat)
        if text == self._saved:
            return
        self._file.parent.mkdir(parents=True, exist_ok=True)
        partial = self._file.with_suffix(".partial")
        with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as target:
            target.write(text)
        partial.replace(self._file)
        self._saved = text

    def plugin(self, arn: str) -> CustomPlugin:
        """The custom plugin with this ARN.

        :raises AwsError: ``NotFoundException``.
        """
        return _found(self.plugins.get(arn), "custom plugin", arn)

    def worker(self, arn: str) -> WorkerConfiguration:
        """The worker configuration with this ARN.

        :raises AwsError: ``NotFoundException``.
        """
        return _found(self.workers.get(arn), "worker configuration", arn)

    def connector(self, arn: str) -> Connector:
        """The connector with this ARN.

        :raises AwsError: ``NotFoundException``.
        """
        return _found(self.connectors.get(arn), "connector", arn)

    def operation(self, arn: str) -> Operation:
        """The connector operation with this ARN.

        :raises AwsError: ``NotFoundException``.
        """
        return _found(self.operations.get(arn), "connector operation", arn)

    def tagged(self, arn: str) -> Tagged:
        """The resource with this ARN, of any kind that has tags.

        :raises AwsError: ``NotFoundException``.
        """
        found: Tagged | None = self.plugins.get(arn) or self.workers.get(arn) or self.connectors.get(arn)
        if found is None:
            raise _not_found("resource", arn)
        return found


def _found[Record](record: Record | None, kind: str, arn: str) -> Record:
    if record is None:
        raise _not_found(kind, arn)
    return record


def _not_found(kind: str, arn: str) -> AwsError:
    return AwsError("NotFoundException", f"The {kind} with ARN {arn} does not exist.")


def _revived(row: dict[str, Any]) -> dict[str, Any]:
    return {
        key: datetime.fromisoformat(value) if key in _TIMES and value else value for key, value in row.items()
    }
