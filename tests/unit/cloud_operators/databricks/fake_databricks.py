"""A small Databricks workspace over HTTP: the calls that the operators make, as its public API has them.

Jobs API 2.2, Workspace API 2.0 and Statement Execution API 2.0. What notebooks and statements do is
scripted; nothing is executed.
"""

from __future__ import annotations

import base64
import json
import re
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from tests.unit.cloud_operators.databricks.fake_databricks_parts import (
    ENDED,
    IMPORT_LIMIT,
    TOKEN,
    Answer,
    ApiError,
    Fault,
    Notebook,
    Run,
    RunningStatement,
)


@dataclass
class FakeDatabricks:
    """State of the workspace; ``requests`` holds ``METHOD /path`` of every call in order."""

    objects: dict[str, dict[str, Any]] = field(default_factory=dict)
    notebooks: dict[str, list[Notebook]] = field(default_factory=dict)
    statements: Callable[[dict[str, Any]], Answer] = lambda request: Answer()
    runs: dict[int, Run] = field(default_factory=dict)
    tokens: dict[str, int] = field(default_factory=dict)
    running: dict[str, RunningStatement] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)
    #: id -> state of what is there to run on
    clusters: dict[str, str] = field(default_factory=lambda: {"0123-456789-abcdefgh": "TERMINATED"})
    warehouses: dict[str, str] = field(default_factory=lambda: {"0123456789abcdef": "STOPPED"})
    #: answered for a run that is not there, instead of what the workspace answers today
    no_run: ApiError | None = None
    clock_ms: int = 1_700_000_000_000
    port: int = 0
    lock: threading.RLock = field(default_factory=threading.RLock)

    def called(self, pattern: str) -> int:
        """Count the calls whose ``METHOD /path`` matches."""
        return sum(1 for request in self.requests if re.search(pattern, request))

    # --- Workspace API

    def get_status(self, query: dict[str, Any]) -> dict[str, Any]:
        found = self.objects.get(query["path"])
        if found is None:
            raise ApiError(404, "RESOURCE_DOES_NOT_EXIST", f"Path ({query['path']}) doesn't exist.")
        return {key: value for key, value in found.items() if key != "content"}

    def list(self, query: dict[str, Any]) -> dict[str, Any]:
        folder = query["path"].rstrip("/")
        self.get_status({"path": folder})
        inside = [self.get_status({"path": p}) for p in self.objects if p.rsplit("/", 1)[0] == folder]
        return {"objects": inside} if inside else {}

    def mkdirs(self, body: dict[str, Any]) -> dict[str, Any]:
        parts = body["path"].strip("/").split("/")
        for depth in range(1, len(parts) + 1):
            path = "/" + "/".join(parts[:depth])
            found = self.objects.setdefault(
                path, {"path": path, "object_type": "DIRECTORY", "object_id": depth}
            )
            if found["object_type"] != "DIRECTORY":
                raise ApiError(400, "RESOURCE_ALREADY_EXISTS", f"{path} is not a folder")
        return {}

    def import_(self, body: dict[str, Any]) -> dict[str, Any]:
        path, content = body["path"], base64.b64decode(body.get("content", ""))
        if len(body.get("content", "")) > IMPORT_LIMIT:
            raise ApiError(400, "MAX_NOTEBOOK_SIZE_EXCEEDED", "content exceeds 10 MB")
        if body["format"] != "AUTO":
            raise ApiError(400, "INVALID_PARAMETER_VALUE", f"format {body['format']}")
        parent = path.rsplit("/", 1)[0]
        if self.objects.get(parent, {}).get("object_type") != "DIRECTORY":
            raise ApiError(404, "RESOURCE_DOES_NOT_EXIST", f"The parent folder ({parent}) does not exist.")
        kind = "FILE"
        if path.endswith((".py", ".sql")) and b"Databricks notebook source" in content.partition(b"\n")[0]:
            kind, path = "NOTEBOOK", path.rsplit(".", 1)[0]
        if path in self.objects and not body.get("overwrite"):
            raise ApiError(400, "RESOURCE_ALREADY_EXISTS", f"{path} already exists.")
        self.clock_ms += 1000
        self.objects[path] = {
            "path": path,
            "object_type": kind,
            "object_id": len(self.objects),
            "created_at": self.objects.get(path, {}).get("created_at", self.clock_ms),
            "modified_at": self.clock_ms,
            "content": content,
        }
        return {}

    def delete(self, body: dict[str, Any]) -> dict[str, Any]:
        path = body["path"]
        self.get_status({"path": path})
        inside = [each for each in self.objects if each.startswith(path + "/")]
        if inside and not body.get("recursive"):
            raise ApiError(400, "DIRECTORY_NOT_EMPTY", f"Folder ({path}) is not empty")
        for each in [path, *inside]:
            del self.objects[each]
        return {}

    # --- Clusters and Warehouses APIs

    def get_cluster(self, query: dict[str, Any]) -> dict[str, Any]:
        cluster = query["cluster_id"]
        if cluster not in self.clusters:
            raise ApiError(400, "INVALID_PARAMETER_VALUE", f"Cluster {cluster} does not exist")
        return {"cluster_id": cluster, "state": self.clusters[cluster], "state_message": ""}

    def get_spark_versions(self, query: dict[str, Any]) -> dict[str, Any]:
        return {"versions": [{"key": "17.3.x-scala2.13", "name": "17.3 LTS"}]}

    def get_warehouse(self, warehouse: str) -> dict[str, Any]:
        if not re.fullmatch(r"[0-9a-f]{16}", warehouse):
            raise ApiError(400, "INVALID_PARAMETER_VALUE", f"{warehouse} is not a valid endpoint id.")
        if warehouse not in self.warehouses:
            raise ApiError(404, "RESOURCE_DOES_NOT_EXIST", f"The warehouse {warehouse} was not found.")
        return {"id": warehouse, "name": "starter", "state": self.warehouses[warehouse]}

    # --- Jobs API

    def submit(self, body: dict[str, Any]) -> dict[str, Any]:
        token = body.get("idempotency_token")
        if token and len(token) > 64:
            raise ApiError(400, "INVALID_PARAMETER_VALUE", "idempotency_token is longer than 64 characters")
        if token in self.tokens:
            return {"run_id": self.tokens[token]}
        path = body["tasks"][0]["notebook_task"]["notebook_path"]
        scripts = self.notebooks.get(path)
        if not scripts:
            raise ApiError(400, "INVALID_PARAMETER_VALUE", f"no notebook {path}")
        script = scripts.pop(0) if len(scripts) > 1 else scripts[0]
        run_id = 1000 + 10 * len(self.runs)
        beside = tuple(run.run_id for run in self.runs.values() if run.state["life_cycle_state"] not in ENDED)
        started = int(time.time() * 1000)
        self.runs[run_id] = Run(run_id, body, script, list(script.looks), started, beside=beside)
        if token:
            self.tokens[token] = run_id
        return {"run_id": run_id}

    def get_run(self, query: dict[str, Any]) -> dict[str, Any]:
        run = self.runs.get(int(query["run_id"]))
        if run is None or run.deleted:
            raise self.no_run or ApiError(
                400, "INVALID_PARAMETER_VALUE", f"Run {query['run_id']} does not exist."
            )
        state = run.state
        if run.looks and not run.cancelled:
            run.looks.pop(0)
        if run.cancelled and run.slow_end:
            run.slow_end -= 1
        asked = run.request["tasks"][0]
        task = {
            "run_id": run.task_run_id,
            "task_key": asked["task_key"],
            "notebook_task": asked["notebook_task"],
            "state": state,
        }
        return {**self.describe(run), "state": state, "tasks": [task]}

    def describe(self, run: Run) -> dict[str, Any]:
        return {
            "run_id": run.run_id,
            "job_id": 1,
            "run_name": run.request["run_name"],
            "start_time": run.start_time,
            "state": run.state,
            "run_page_url": f"http://127.0.0.1:{self.port}/#job/1/run/{run.run_id}",
        }

    def list_runs(self, query: dict[str, Any]) -> dict[str, Any]:
        known = {"limit", "page_token", "active_only", "completed_only", "start_time_from"}
        flags = {query[name] for name in ("active_only", "completed_only") if name in query}
        if set(query) - known or flags - {"true", "false"}:
            raise ApiError(400, "INVALID_PARAMETER_VALUE", f"not known here: {query}")
        limit = int(query.get("limit", 20))
        if limit > 26:
            raise ApiError(
                400, "INVALID_PARAMETER_VALUE", f"Invalid limit {limit} - it has to be no more than 26."
            )
        found = [
            run
            for run in sorted(self.runs.values(), key=lambda run: (-run.start_time, -run.run_id))
            if not run.deleted and run.start_time >= int(query.get("start_time_from", 0))
        ]
        if query.get("active_only") == "true":
            found = [run for run in found if run.state["life_cycle_state"] not in ENDED]
        if query.get("completed_only") == "true":
            found = [run for run in found if run.state["life_cycle_state"] in ENDED]
        begin = int(query.get("page_token", 0))
        page = found[begin : begin + limit]
        answer: dict[str, Any] = {"runs": [self.describe(run) for run in page]} if page else {}
        if len(found) > begin + limit:
            answer["next_page_token"] = str(begin + limit)
        return answer

    def get_output(self, query: dict[str, Any]) -> dict[str, Any]:
        run = next((run for run in self.runs.values() if run.task_run_id == int(query["run_id"])), None)
        if run is None or not run.script.has_output:
            raise ApiError(
                400, "INVALID_PARAMETER_VALUE", "Retrieving the output is not supported for this run"
            )
        output: dict[str, Any] = {"metadata": {"run_id": run.task_run_id}}
        if run.script.error is not None:
            output |= {"error": run.script.error, "error_trace": run.script.trace or ""}
        elif run.script.exit_value is not None:
            output["notebook_output"] = {"result": run.script.exit_value, "truncated": run.script.truncated}
        else:
            output["notebook_output"] = {"truncated": False}
        return output

    def cancel_run(self, body: dict[str, Any]) -> dict[str, Any]:
        self.runs[int(body["run_id"])].cancelled = True
        return {}

    # --- Statement Execution API

    def execute(self, body: dict[str, Any]) -> dict[str, Any]:
        if body["wait_timeout"] != "0s" or body["disposition"] != "INLINE" or body["format"] != "JSON_ARRAY":
            raise ApiError(400, "INVALID_PARAMETER_VALUE", "only the asynchronous inline form is known here")
        statement_id = f"01ef-{len(self.running):04d}"
        script = self.statements(body)
        self.running[statement_id] = RunningStatement(body, script, list(script.looks))
        return {"statement_id": statement_id, "status": {"state": "PENDING"}}

    def get_statement(self, statement_id: str) -> dict[str, Any]:
        statement = self._statement(statement_id)
        script = statement.script
        if statement.cancelled:
            return {"statement_id": statement_id, "status": {"state": "CANCELED"}}
        if statement.looks:
            return {"statement_id": statement_id, "status": {"state": statement.looks.pop(0)}}
        status: dict[str, Any] = {"state": script.state}
        if script.error:
            status["error"] = script.error
        answer: dict[str, Any] = {"statement_id": statement_id, "status": status}
        if script.state == "SUCCEEDED":
            columns = [
                {"name": name, "type_name": type_name, "type_text": type_name, "position": position}
                for position, (name, type_name) in enumerate(script.columns)
            ]
            rows = sum(len(chunk) for chunk in script.chunks)
            answer["manifest"] = {
                "format": "JSON_ARRAY",
                "schema": {"column_count": len(columns), "columns": columns},
                "total_chunk_count": len(script.chunks),
                "total_row_count": rows if script.row_count is None else script.row_count,
                "truncated": script.truncated,
            }
            answer["result"] = self.get_chunk(statement_id, 0) if script.chunks else {}
        return answer

    def get_chunk(self, statement_id: str, index: int) -> dict[str, Any]:
        chunks = self._statement(statement_id).script.chunks
        chunk: dict[str, Any] = {
            "chunk_index": index,
            "data_array": chunks[index],
            "row_count": len(chunks[index]),
        }
        if index + 1 < len(chunks):
            chunk["next_chunk_index"] = index + 1
            link = f"/api/2.0/sql/statements/{statement_id}/result/chunks/{index + 1}"
            chunk["next_chunk_internal_link"] = link
        return chunk

    def cancel_statement(self, statement_id: str) -> dict[str, Any]:
        self._statement(statement_id).cancelled = True
        return {}

    def _statement(self, statement_id: str) -> RunningStatement:
        if statement_id not in self.running:
            raise ApiError(404, "NOT_FOUND", f"The statement {statement_id} was not found.")
        return self.running[statement_id]

    # --- HTTP

    def handle(self, method: str, path: str, body: dict[str, Any]) -> dict[str, Any]:
        call = f"{method} {path}"
        with self.lock:
            self.requests.append(call)
            fault = next((fault for fault in self.faults if fault.strikes(call)), None)
            if fault:
                if fault.after:
                    self.route(call, body)
                raise ApiError(fault.status, "TEMPORARILY_UNAVAILABLE", "scripted fault")
            return self.route(call, body)

    def route(self, call: str, body: dict[str, Any]) -> dict[str, Any]:
        fixed: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
            "GET /api/2.0/workspace/get-status": self.get_status,
            "GET /api/2.0/workspace/list": self.list,
            "POST /api/2.0/workspace/mkdirs": self.mkdirs,
            "POST /api/2.0/workspace/import": self.import_,
            "POST /api/2.0/workspace/delete": self.delete,
            "POST /api/2.2/jobs/runs/submit": self.submit,
            "GET /api/2.2/jobs/runs/get": self.get_run,
            "GET /api/2.2/jobs/runs/list": self.list_runs,
            "GET /api/2.2/jobs/runs/get-output": self.get_output,
            "POST /api/2.2/jobs/runs/cancel": self.cancel_run,
            "POST /api/2.0/sql/statements": self.execute,
            "GET /api/2.1/clusters/get": self.get_cluster,
            "GET /api/2.1/clusters/spark-versions": self.get_spark_versions,
        }
        if call in fixed:
            return fixed[call](body)
        if warehouse := re.fullmatch(r"GET /api/2.0/sql/warehouses/([\w-]+)", call):
            return self.get_warehouse(warehouse[1])
        statement = re.fullmatch(
            r"(GET|POST) /api/2.0/sql/statements/([\w-]+)(/cancel|/result/chunks/(\d+))?", call
        )
        if statement and statement[1] == "POST":
            return self.cancel_statement(statement[2])
        if statement and statement[4]:
            return self.get_chunk(statement[2], int(statement[4]))
        if statement:
            return self.get_statement(statement[2])
        raise ApiError(404, "ENDPOINT_NOT_FOUND", f"No API found for '{call}'")


def serve(fake: FakeDatabricks) -> ThreadingHTTPServer:
    """Serve ``fake`` on a free port of 127.0.0.1 from a thread of its own."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self.answer()

        def do_POST(self) -> None:
            self.answer()

        def answer(self) -> None:
            parts = urlsplit(self.path)
            length = int(self.headers.get("Content-Length") or 0)
            # The provider's asynchronous hook sends a body with GET, the synchronous one a query.
            body = {**dict(parse_qsl(parts.query)), **json.loads(self.rfile.read(length) or "{}")}
            try:
                if self.headers.get("Authorization") != f"Bearer {TOKEN}":
                    raise ApiError(403, "PERMISSION_DENIED", "Invalid access token.")
                status, answer = 200, fake.handle(self.command, parts.path, body)
            except ApiError as error:
                status, answer = error.status, error.body
            payload = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(payload)))
            self.end_headers()
            self.wfile.write(payload)

        def log_message(self, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    fake.port = server.server_port
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    return server
