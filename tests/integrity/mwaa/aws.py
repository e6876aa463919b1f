"""Enough of the ``aws`` command for the deployment: S3 is moto, MWAA an object here.

Arguments are checked against botocore's model of the service, as the real command does.
"""

from __future__ import annotations

import functools
import hashlib
import json
import re
import sys
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import botocore.exceptions
import botocore.session
import jmespath
from botocore.validate import validate_parameters

#: What stands on the PATH as ``aws``: hands its arguments over. Importing boto3 for each call takes a second.
PROGRAM = """\
#!{python} -SE
import json, os, sys, urllib.request
request = json.dumps({{"arguments": sys.argv[1:], "folder": os.getcwd()}}).encode()
answer = json.load(urllib.request.urlopen("http://127.0.0.1:{port}", request))
sys.stdout.write(answer["output"])
sys.stderr.write(answer["error"])
sys.exit(answer["code"])
"""


@dataclass
class Aws:
    """An account with an MWAA environment.

    :param s3: a boto3 S3 client.
    :param environment: what GetEnvironment shows.
    :param updates: arguments of the updates so far.
    :param failure: message with which the next update fails; empty if it does not.
    :param refused: key of the object that may not be put; empty if all may.
    :param blind: how many looks at an environment that is updated fail.
    """

    s3: Any
    environment: dict[str, Any] = field(default_factory=lambda: {"Name": "production", "Status": "AVAILABLE"})
    updates: list[dict[str, Any]] = field(default_factory=list)
    failure: str = ""
    refused: str = ""
    blind: int = 0

    def install(self, folder: Path) -> ThreadingHTTPServer:
        """Put the command into a folder, and serve it until ``shutdown`` is called."""

        class Handler(BaseHTTPRequestHandler):
            def do_POST(handler) -> None:
                body = json.loads(handler.rfile.read(int(handler.headers["Content-Length"])))
                code, output, error = self.run(body["arguments"], Path(body["folder"]))
                handler.send_response(200)
                handler.end_headers()
                handler.wfile.write(json.dumps({"code": code, "output": output, "error": error}).encode())

            def log_message(handler, *args: Any) -> None:
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        program = folder / "aws"
        program.write_text(PROGRAM.format(python=sys.executable, port=server.server_port))
        program.chmod(0o755)
        return server

    def run(self, arguments: list[str], folder: Path) -> tuple[int, str, str]:
        """Run one command line in a folder; gives its exit code, output and error."""
        try:
            return 0, self._run(folder, *arguments), ""
        except botocore.exceptions.ClientError as error:
            return 254, "", f"{error}\n"
        except Exception as error:
            return 252, "", f"{error!r}\n"

    def _run(self, folder: Path, service: str, operation: str, *rest: str) -> str:
        if (service, operation) == ("s3", "sync"):
            self._sync(folder / rest[0], *rest[1:])
            return ""
        options = dict(zip(rest[::2], rest[1::2], strict=True))
        query, output = options.pop("--query", "@"), options.pop("--output", "json")
        parameters = _parameters("s3" if service == "s3api" else service, operation, options, folder)
        if service == "s3api":
            if operation == "put-object" and parameters["Key"] == self.refused:
                error = {"Code": "AccessDenied", "Message": "Access Denied"}
                raise botocore.exceptions.ClientError({"Error": error}, "PutObject")
            answer = getattr(self.s3, operation.replace("-", "_"))(**parameters)
        else:
            answer = {"get-environment": self._get, "update-environment": self._update}[operation](
                **parameters
            )
        shown = jmespath.search(query, answer)
        return f"{shown if output == 'text' else json.dumps(shown, default=str)}\n"

    def _get(self, Name: str) -> dict[str, Any]:
        assert Name == self.environment["Name"]
        seen = dict(self.environment)
        if seen["Status"] == "UPDATING":
            if self.blind:
                self.blind -= 1
                error = {"Code": "ExpiredTokenException", "Message": "The security token has expired"}
                raise botocore.exceptions.ClientError({"Error": error}, "GetEnvironment")
            self._finish()
        return {"Environment": seen}

    def _update(self, Name: str, **changes: Any) -> dict[str, Any]:
        assert Name == self.environment["Name"]
        assert self.environment["Status"] == "AVAILABLE"
        self.updates.append(changes)
        self.environment["Status"] = "UPDATING"
        return {"Arn": "arn:aws:airflow:us-east-1:123456789012:environment/production"}

    def _finish(self) -> None:
        self.environment["Status"] = "AVAILABLE"
        if self.failure:
            error = {"ErrorCode": "INCORRECT_CONFIGURATION", "ErrorMessage": self.failure}
            self.environment["LastUpdate"] = {"Status": "FAILED", "Error": error}
        else:
            versions = {
                key: value for key, value in self.updates[-1].items() if key.endswith("ObjectVersion")
            }
            self.environment |= {**versions, "LastUpdate": {"Status": "SUCCESS"}}

    def _sync(self, source: Path, target: str, option: str) -> None:
        assert option == "--delete"
        bucket, _, prefix = target.removeprefix("s3://").partition("/")
        names = {f"{prefix}/{path.relative_to(source)}": path for path in source.rglob("*") if path.is_file()}
        listed = self.s3.list_objects_v2(Bucket=bucket, Prefix=f"{prefix}/").get("Contents", [])
        there = {entry["Key"]: entry["ETag"].strip('"') for entry in listed}
        for key in there.keys() - names.keys():
            self.s3.delete_object(Bucket=bucket, Key=key)
        for key, path in names.items():
            content = path.read_bytes()
            if there.get(key) != hashlib.md5(content).hexdigest():
                self.s3.put_object(Bucket=bucket, Key=key, Body=content)


@functools.cache
def _model(service: str) -> Any:
    return botocore.session.get_session().get_service_model(service)


def _parameters(service: str, operation: str, options: dict[str, str], folder: Path) -> dict[str, Any]:
    """The parameters that the options of a command mean, which must be ones that the operation has."""
    shape = (
        _model(service).operation_model("".join(part.title() for part in operation.split("-"))).input_shape
    )
    # PluginsS3Path is --plugins-s3-path.
    members = {re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", member).lower(): member for member in shape.members}
    found: dict[str, Any] = {members[option.removeprefix("--")]: value for option, value in options.items()}
    if "Metadata" in found:
        found["Metadata"] = dict([found["Metadata"].split("=")])
    if "Body" in found:
        found["Body"] = (folder / found["Body"]).read_bytes()
    validate_parameters(found, shape)
    return found
