"""A small Systems Manager: its wire protocol over a dictionary, and an instance that only says it obeys."""

from __future__ import annotations

import copy
import json
import re
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

INSTANCE = "i-0123456789abcdef0"
#: What the status document prints of a client that is as the install document leaves it.
HEALTHY = {
    "healthy": True,
    "unit": "kafka-rest-proxy.service",
    "state": "active",
    "sub_state": "running",
    "enabled": True,
    "restarts": 0,
    "port": 8082,
    "listening": True,
    "http_status": 200,
    "installed": {"java": "17.0.13", "kafka": "3.9.1", "kafka-rest": "7.9.1", "aws-msk-iam-auth": "2.3.2"},
    "bootstrap_servers": "b-1.example.com:9098",
    "role_arn": "instance",
    "errors": [],
}
EMPTY = HEALTHY | {
    "healthy": False,
    "state": "inactive",
    "sub_state": "dead",
    "enabled": False,
    "port": None,
    "listening": False,
    "http_status": 0,
    "installed": {"java": None, "kafka": None, "kafka-rest": None, "aws-msk-iam-auth": None},
    "bootstrap_servers": None,
    "role_arn": None,
}
DOWN = HEALTHY | {"healthy": False, "state": "failed", "http_status": 0, "errors": ["ERROR Access denied"]}
_PARTS = {"KafkaVersion": "kafka", "IamAuthVersion": "aws-msk-iam-auth", "RestProxyVersion": "kafka-rest"}


class Refused(Exception):
    """An error answer of the service."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass
class Document:
    """A document: its contents, the first is version 1."""

    contents: list[str]
    default: int = 1
    kind: str = "Command"
    tags: list[dict[str, str]] = field(default_factory=list)


@dataclass
class FakeSsm:
    """The state of the service; tests read and change it directly."""

    documents: dict[str, Document] = field(default_factory=dict)
    #: what the status document prints
    status: dict[str, Any] = field(default_factory=lambda: copy.deepcopy(HEALTHY))
    #: end of a document's name to what its script writes to its standard error, ending with code 1
    failures: dict[str, str] = field(default_factory=dict)
    #: looks that a command lasts
    looks: int = 1
    #: looks that a new version is not active
    inactive: int = 0
    #: whether an installation or a restart helps
    helps: bool = True
    instances: set[str] = field(default_factory=lambda: {INSTANCE})
    commands: dict[str, dict[str, Any]] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)
    url: str = ""

    def sent(self) -> list[tuple[str, dict[str, str]]]:
        """Document and parameters of each command."""
        return [(each["DocumentName"], each["given"]) for each in self.commands.values()]

    def answer(self, operation: str, body: dict[str, Any]) -> dict[str, Any]:
        self.calls.append(operation)
        known: dict[str, Any] = {
            "CreateDocument": self._create,
            "UpdateDocument": self._update,
            "UpdateDocumentDefaultVersion": self._set_default,
            "GetDocument": self._get,
            "DescribeDocument": self._describe,
            "DeleteDocument": self._delete,
            "DescribeInstanceInformation": self._instances,
            "SendCommand": self._send,
            "GetCommandInvocation": self._invocation,
            "ListCommandInvocations": self._list,
        }
        found: dict[str, Any] = known[operation](body)
        return found

    def _document(self, body: dict[str, Any]) -> Document:
        if body["Name"] not in self.documents:
            raise Refused("InvalidDocument", f"Document with name {body['Name']} does not exist.")
        return self.documents[body["Name"]]

    def _version(self, body: dict[str, Any]) -> int:
        document = self._document(body)
        wanted = body.get("DocumentVersion", "$DEFAULT")
        number = {"$DEFAULT": document.default, "$LATEST": len(document.contents)}.get(wanted)
        number = int(wanted) if number is None else number
        if number > len(document.contents):
            raise Refused("InvalidDocumentVersion", f"no version {wanted}")
        return number

    def _create(self, body: dict[str, Any]) -> dict[str, Any]:
        if body["Name"] in self.documents:
            raise Refused("DocumentAlreadyExists", "The specified document already exists.")
        self.documents[body["Name"]] = Document([body["Content"]], tags=body.get("Tags", []))
        return {"DocumentDescription": self._described(body["Name"], 1)}

    def _update(self, body: dict[str, Any]) -> dict[str, Any]:
        document = self._document(body)
        assert self._version(body) == len(document.contents)
        if body["Content"] in document.contents:
            raise Refused("DuplicateDocumentContent", "The content matches another version.")
        document.contents.append(body["Content"])
        return {"DocumentDescription": self._described(body["Name"], len(document.contents))}

    def _set_default(self, body: dict[str, Any]) -> dict[str, Any]:
        number = self._version(body)
        if self._described(body["Name"], number)["Status"] != "Active":
            raise Refused("InvalidDocumentVersion", "The version is not active.")
        self._document(body).default = number
        return {"Description": {"Name": body["Name"], "DefaultVersion": str(number)}}

    def _get(self, body: dict[str, Any]) -> dict[str, Any]:
        number = self._version(body)
        # The service writes JSON in its own way.
        content = json.dumps(json.loads(self._document(body).contents[number - 1]), sort_keys=True)
        return {"Name": body["Name"], "DocumentVersion": str(number), "Content": content}

    def _describe(self, body: dict[str, Any]) -> dict[str, Any]:
        found = {"Document": self._described(body["Name"], self._version(body))}
        self.inactive = max(0, self.inactive - 1)
        return found

    def _described(self, name: str, number: int) -> dict[str, Any]:
        document = self.documents[name]
        return {
            "Name": name,
            "DocumentVersion": str(number),
            "LatestVersion": str(len(document.contents)),
            "DefaultVersion": str(document.default),
            "DocumentType": document.kind,
            "Status": "Updating" if self.inactive else "Active",
            "CreatedDate": 1767225600,
        }

    def _delete(self, body: dict[str, Any]) -> dict[str, Any]:
        self._document(body)
        del self.documents[body["Name"]]
        return {}

    def _instances(self, body: dict[str, Any]) -> dict[str, Any]:
        (chosen,) = body["Filters"]
        return {
            "InstanceInformationList": [
                {"InstanceId": each, "PingStatus": "Online"}
                for each in sorted(self.instances & set(chosen["Values"]))
            ]
        }

    def _send(self, body: dict[str, Any]) -> dict[str, Any]:
        document = self._document({"Name": body["DocumentName"]})
        (instance,) = body["InstanceIds"]
        if instance not in self.instances:
            raise Refused("InvalidInstanceId", f"Instances [[{instance}]] not in a valid state")
        content = json.loads(document.contents[document.default - 1])
        values = self._values(content.get("parameters", {}), body.get("Parameters", {}))
        command = {
            "CommandId": str(uuid.uuid4()),
            "InstanceId": instance,
            "DocumentName": body["DocumentName"],
            "Status": "InProgress",
            "looks": self.looks,
            "given": {name: value for name, (value,) in body.get("Parameters", {}).items()},
            "values": values,
        }
        self.commands[command["CommandId"]] = command
        return {"Command": {"CommandId": command["CommandId"], "InstanceIds": [instance]}}

    @staticmethod
    def _values(declared: dict[str, Any], given: dict[str, list[str]]) -> dict[str, str]:
        unknown = given.keys() - declared.keys()
        missing = {name for name, what in declared.items() if "default" not in what} - given.keys()
        if unknown or missing:
            raise Refused("InvalidParameters", f"unknown {sorted(unknown)}, missing {sorted(missing)}")
        values = {name: given.get(name, [what.get("default")])[0] for name, what in declared.items()}
        for name, value in values.items():
            if not re.search(declared[name]["allowedPattern"], value):
                raise Refused("InvalidParameters", f"{name}: {value!r}")
        return values

    def _list(self, body: dict[str, Any]) -> dict[str, Any]:
        rows = [each for each in self.commands.values() if each["InstanceId"] == body["InstanceId"]]
        for chosen in body["Filters"]:
            key = {"Status": "Status", "DocumentName": "DocumentName"}[chosen["key"]]
            rows = [row for row in rows if row[key] == chosen["value"]]
        return {"CommandInvocations": [_shown(row) for row in rows]}

    def _invocation(self, body: dict[str, Any]) -> dict[str, Any]:
        command = self.commands[body["CommandId"]]
        command["looks"] -= 1
        if command["Status"] == "InProgress" and command["looks"] < 0:
            self._end(command)
        return {
            **_shown(command),
            "StatusDetails": command["Status"],
            "ResponseCode": command.get("code", -1),
            "StandardOutputContent": command.get("output", ""),
            "StandardErrorContent": command.get("error", ""),
        }

    def _end(self, command: dict[str, Any]) -> None:
        name = command["DocumentName"]
        for end, error in self.failures.items():
            if name.endswith(end):
                command |= {"Status": "Failed", "code": 1, "error": error}
                return
        command |= {"Status": "Success", "code": 0, "error": ""}
        if name.endswith("show-kafka-client-status"):
            command["output"] = json.dumps(self.status) + "\n"
        elif self.helps:
            if name.endswith("install-kafka-client"):
                self._install(command["values"])
            self.status |= {"healthy": True, "state": "active", "http_status": 200, "errors": []}
            command["output"] = "result: changed\n"

    def _install(self, values: dict[str, str]) -> None:
        self.status |= {
            "installed": {
                "java": f"{values['JavaVersion']}.0.13",
                **{part: values[field] for field, part in _PARTS.items()},
            },
            "port": int(values["Port"]),
            "bootstrap_servers": values["BootstrapServers"],
            "role_arn": values["RoleArn"],
        }


def _shown(command: dict[str, Any]) -> dict[str, Any]:
    return {name: command[name] for name in ("CommandId", "InstanceId", "DocumentName", "Status")}


@contextmanager
def serve(fake: FakeSsm) -> Iterator[None]:
    """Serve ``fake`` on a free port of the loopback interface; its ``url`` says where."""
    lock = threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            operation = self.headers["X-Amz-Target"].partition(".")[2]
            try:
                with lock:
                    status, answer = 200, fake.answer(operation, body)
            except Refused as refused:
                status, answer = 400, {"__type": refused.code, "Message": str(refused)}
            content = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/x-amz-json-1.1")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: Any) -> None:
            """Keep the test output clean."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    fake.url = f"http://127.0.0.1:{server.server_address[1]}"
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
