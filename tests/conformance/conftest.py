"""The target, and what the cases of one service share."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any
from uuid import uuid4

import pytest

from tests.conformance.api import Api, deploy
from tests.conformance.target import Target, Unusable, aws_target, sandbox_target
from tests.sandbox.databricks.client import WorkspaceClient


@pytest.fixture(scope="session")
def target(request: pytest.FixtureRequest) -> Iterator[Target]:
    """What ``CONFORMANCE_TARGET`` names: ``sandbox`` (the default) or ``aws``."""
    name = os.environ.get("CONFORMANCE_TARGET") or "sandbox"
    prefix = f"conformance-{uuid4().hex[:8]}"
    if name == "sandbox":
        with sandbox_target(request.getfixturevalue("sandbox"), prefix) as made:
            yield made
    elif name == "aws":
        try:
            made = aws_target(os.environ, prefix)
        except Unusable as error:
            pytest.exit(str(error), returncode=2)
        yield made
    else:
        pytest.exit(f"TARGET={name}: sandbox and aws are known", returncode=2)


@pytest.fixture(scope="session")
def api(target: Target) -> Iterator[Api]:
    """One API for all cases with the REST proxy behind it: an account may delete one in thirty seconds."""
    with ExitStack() as removal:
        yield deploy(target, target.client("apigateway"), removal)


class TidyClient(WorkspaceClient):
    """Remembers what it has started, so that nothing of a failed case goes on running."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._removal = ExitStack()

    def post(self, path: str, /, **values: Any) -> dict[str, Any]:
        answer = super().post(path, **values)
        # What has ended is not harmed by being cancelled.
        if path.endswith("/runs/submit"):
            cancel = {"json": {"run_id": answer["run_id"]}}
            self._removal.callback(self.call, "POST", "2.2/jobs/runs/cancel", **cancel)
        elif path == "2.0/sql/statements":
            self._removal.callback(self.call, "POST", f"{path}/{answer['statement_id']}/cancel")
        elif path == "2.0/workspace/mkdirs" and values["path"] == self.folder:
            folder = {"path": self.folder, "recursive": True}
            self._removal.callback(super().post, "2.0/workspace/delete", **folder)
        return answer

    def tidy(self) -> None:
        """Cancel and remove everything, the newest first."""
        self._removal.close()


@pytest.fixture
def workspace(target: Target) -> Iterator[WorkspaceClient]:
    """The workspace, with a folder of the test's own."""
    databricks = target.databricks
    client = TidyClient(
        databricks.host,
        databricks.token,
        f"{databricks.folder}/{target.prefix}-{uuid4().hex[:8]}",
        compute=databricks.compute,
        warehouse=databricks.warehouse,
        # A cluster may have to start first.
        limit=max(target.pace.limit, 180),
        interval=min(target.pace.interval, 2),
    )
    client.post("2.0/workspace/mkdirs", path=client.folder)
    yield client
    client.tidy()
