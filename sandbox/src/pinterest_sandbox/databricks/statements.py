"""SQL statements: started on the SQL worker, kept with their results for a while.

https://docs.databricks.com/api/workspace/statementexecution
"""

from __future__ import annotations

import threading
import uuid
from collections import OrderedDict
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any

from pinterest_sandbox.databricks.channel import Message
from pinterest_sandbox.databricks.errors import ApiError, InvalidParameter, NotFound, describe
from pinterest_sandbox.databricks.process import Lane, WorkerDied, WorkerProcess

#: Rows of one chunk of a result.
CHUNK_ROWS = 5_000
#: Statements whose results are kept.
KEPT = 500


@dataclass
class Statement:
    """One statement.

    :param state: PENDING, RUNNING, SUCCEEDED, FAILED or CANCELED.
    :param error: ``code``, ``message`` and ``sql_state`` of a failed one.
    """

    spec: dict[str, Any]
    statement_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    state: str = "PENDING"
    error: dict[str, Any] | None = None
    columns: list[dict[str, Any]] = field(default_factory=list)
    rows: list[list[str | None]] = field(default_factory=list)
    truncated: bool = False
    ended: threading.Event = field(default_factory=threading.Event)

    def to_api(self) -> dict[str, Any]:
        """The answer of the statement's ``GET``."""
        answer: dict[str, Any] = {"statement_id": self.statement_id, "status": {"state": self.state}}
        if self.error:
            answer["status"]["error"] = {"error_code": self.error["code"], "message": self.error["message"]}
            if self.error["sql_state"]:
                answer["status"]["sql_state"] = self.error["sql_state"]
        if self.state == "SUCCEEDED":
            answer["manifest"] = self._manifest()
            answer["result"] = self.chunk(0)
        return answer

    def chunk(self, index: int) -> dict[str, Any]:
        """One chunk of the result.

        :raises InvalidParameter: when there is no such chunk.
        """
        count = self._chunk_count()
        if index and not 0 <= index < count:
            raise InvalidParameter(f"chunk_index {index} is out of range: the result has {count} chunks")
        start = index * CHUNK_ROWS
        rows = self.rows[start : start + CHUNK_ROWS]
        chunk: dict[str, Any] = {
            "chunk_index": index,
            "row_offset": start,
            "row_count": len(rows),
            "data_array": rows,
        }
        if index + 1 < count:
            link = f"/api/2.0/sql/statements/{self.statement_id}/result/chunks/{index + 1}"
            chunk |= {"next_chunk_index": index + 1, "next_chunk_internal_link": link}
        return chunk

    def _chunk_count(self) -> int:
        return -(-len(self.rows) // CHUNK_ROWS)

    def _manifest(self) -> dict[str, Any]:
        offsets = range(0, len(self.rows), CHUNK_ROWS)
        return {
            "format": "JSON_ARRAY",
            "schema": {"column_count": len(self.columns), "columns": self.columns},
            "total_row_count": len(self.rows),
            "total_chunk_count": self._chunk_count(),
            "truncated": self.truncated,
            "chunks": [
                {"chunk_index": n, "row_offset": start, "row_count": min(CHUNK_ROWS, len(self.rows) - start)}
                for n, start in enumerate(offsets)
            ],
        }


class Statements:
    """All statements that are kept.

    They run on a worker of their own, several at a time, so that they neither wait behind a notebook nor die
    when one is cancelled.

    :param lane: the SQL worker.
    """

    def __init__(self, lane: Lane) -> None:
        self._lane = lane
        self._lock = threading.Lock()
        self._kept: OrderedDict[str, Statement] = OrderedDict()
        self._running: dict[str, tuple[WorkerProcess, int]] = {}

    def execute(self, spec: dict[str, Any]) -> Statement:
        """Start a statement and come back at once.

        :param spec: the arguments of :func:`~pinterest_sandbox.databricks.sql.run_statement`.
        """
        statement = Statement(spec)
        with self._lock:
            self._kept[statement.statement_id] = statement
            while len(self._kept) > KEPT:
                self._kept.popitem(last=False)
        threading.Thread(target=self._start, args=(statement,), daemon=True).start()
        return statement

    def find(self, statement_id: str) -> Statement:
        """The statement with this id.

        :raises NotFound: when there is none, or it is no longer kept.
        """
        try:
            return self._kept[statement_id]
        except KeyError:
            raise NotFound(f"The statement {statement_id} was not found.", "NOT_FOUND") from None

    def chunk(self, statement_id: str, index: int) -> dict[str, Any]:
        """One chunk of a statement's result.

        :raises ApiError: when it has not succeeded.
        """
        statement = self.find(statement_id)
        if statement.state != "SUCCEEDED":
            raise ApiError(
                "BAD_REQUEST", f"The statement {statement_id} has no result: it is {statement.state}."
            )
        return statement.chunk(index)

    def cancel(self, statement: Statement) -> None:
        """Stop a statement; nothing happens when it has ended."""
        with self._lock:
            if statement.ended.is_set():
                return
            statement.state = "CANCELED"
            statement.ended.set()
            running = self._running.get(statement.statement_id)
        if running:
            worker, number = running
            worker.tell({"op": "cancel", "target": number})

    def _start(self, statement: Statement) -> None:
        try:
            worker = self._lane.ready_worker()
            with self._lock:
                if statement.ended.is_set():
                    return
                statement.state = "RUNNING"
                number, answer = worker.call({"op": "statement", "statement": statement.spec})
                self._running[statement.statement_id] = (worker, number)
            self._finish(statement, answer)
        except WorkerDied as error:
            self._fail(statement, _internal_error(str(error)))
        except Exception as error:
            # Nobody else would end it.
            self._fail(statement, _internal_error(describe(error)))
        finally:
            self._running.pop(statement.statement_id, None)

    def _finish(self, statement: Statement, answer: Future[Message]) -> None:
        message = answer.result()
        if message["event"] == "failed":
            self._fail(statement, message["error"])
            return
        with self._lock:
            if statement.ended.is_set():
                return
            result = message["result"]
            statement.columns, statement.rows = result["columns"], result["rows"]
            statement.truncated = result["truncated"]
            statement.state = "SUCCEEDED"
            statement.ended.set()

    def _fail(self, statement: Statement, error: dict[str, Any]) -> None:
        with self._lock:
            if statement.ended.is_set():
                return
            statement.state, statement.error = "FAILED", error
            statement.ended.set()


def _internal_error(message: str) -> dict[str, Any]:
    return {"code": "INTERNAL_ERROR", "message": message, "sql_state": None}
