"""A worker as the workspace starts it, but without a JVM: notebooks run, statements give nothing."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

from pinterest_sandbox.databricks import runner, worker


class Session:
    """As much of a Spark session as a notebook without Spark needs."""

    _jvm = None
    _jsc = SimpleNamespace(hadoopConfiguration=lambda: None)
    streams = SimpleNamespace(active=[], awaitAnyTermination=lambda seconds: False)
    sparkContext = SimpleNamespace(
        _jsc=object(), setJobGroup=lambda *_, **__: None, cancelAllJobs=lambda: None
    )
    table = None

    def newSession(self) -> Session:
        return self

    def sql(self, statement: str, args: Any = None) -> Any:
        return SimpleNamespace(schema=SimpleNamespace(fields=[]))


@contextlib.contextmanager
def same_session(root: Session) -> Iterator[Session]:
    yield root


if __name__ == "__main__":
    worker._ready_session = lambda settings, channel: Session()  # type: ignore[assignment,return-value]
    worker._watch_jvm = lambda channel: None
    runner.new_session = same_session  # type: ignore[assignment]
    worker.main()
