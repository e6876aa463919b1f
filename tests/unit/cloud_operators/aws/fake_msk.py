"""A small MSK and MSK Connect: the services' wire protocol (REST-JSON) over a dictionary.

Real boto3 and aiobotocore clients talk to it. Time passes by looks: each describe of a resource is one, and a
state that passes by itself (CREATING, UPDATING, DELETING) lasts ``looks`` of them.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

ACCOUNT = "arn:aws:kafkaconnect:us-east-1:123456789012"
CLUSTER_ARN = "arn:aws:kafka:us-east-1:123456789012:cluster/demo/8b1c8a6e-0000-4444-8888-000000000001-1"
PAGE = 2


class Refused(Exception):
    """An error answer of the service."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code


@dataclass
class Resource:
    """A resource: what describe shows, and how its present state ends."""

    body: dict[str, Any]
    state_key: str
    #: (looks left, state to change to or None for gone)
    ending: tuple[int, str | None] | None = None
    on_end: Callable[[], None] | None = None

    @property
    def state(self) -> str:
        return str(self.body[self.state_key])


@dataclass
class FakeMsk:
    """The state of the two services; tests read and change it directly."""

    looks: int = 2
    plugins: dict[str, Resource] = field(default_factory=dict)
    workers: dict[str, Resource] = field(default_factory=dict)
    connectors: dict[str, Resource] = field(default_factory=dict)
    operations: dict[str, Resource] = field(default_factory=dict)
    #: next creation or update of this kind ends badly: kind -> (state, code, message)
    failures: dict[str, tuple[str, str, str]] = field(default_factory=dict)
    #: runs once before the next creation, for races
    before_create: Callable[[], None] | None = None
    #: runs once before the next restart, for races and refusals
    before_restart: Callable[[], None] | None = None
    #: answered once instead of the next describe: (status, code)
    throttle_next: list[tuple[int, str]] = field(default_factory=list)
    #: the next describe of the ARN with this end is refused
    refuse_looks_at: str = ""
    cluster: dict[str, Any] = field(default_factory=dict)
    brokers: dict[str, str] = field(default_factory=dict)
    #: how an updated configuration is shown
    show_configuration: Callable[[dict[str, str]], dict[str, str]] = dict
    requests: list[str] = field(default_factory=list)
    #: what was asked for last on the wire: method, address and headers
    last: tuple[str, str, dict[str, str]] = ("", "", {})
    #: onlyFailedTasks of each restart
    restarts: list[str | None] = field(default_factory=list)
    url: str = ""
    _serial: int = 0

    def __post_init__(self) -> None:
        self.cluster = {
            "ClusterArn": CLUSTER_ARN,
            "NumberOfBrokerNodes": 3,
            "BrokerNodeGroupInfo": {"ClientSubnets": ["subnet-1", "subnet-2"], "SecurityGroups": ["sg-1"]},
            "ClientAuthentication": {
                "Sasl": {"Iam": {"Enabled": True}},
                "Unauthenticated": {"Enabled": True},
            },
        }
        self.brokers = {
            "BootstrapBrokerString": "b-1.demo:9092,b-2.demo:9092",
            "BootstrapBrokerStringTls": "b-1.demo:9094,b-2.demo:9094",
            "BootstrapBrokerStringSaslIam": "b-1.demo:9098,b-2.demo:9098",
        }

    # -- called by the HTTP handler --

    def answer(self, method: str, path: str, query: dict[str, str], body: dict[str, Any]) -> dict[str, Any]:
        parts = [unquote(part) for part in path.strip("/").split("/")]
        self.requests.append(f"{method} {'/'.join(parts[:2])}")
        if parts[:2] == ["v1", "clusters"]:
            return self._msk(parts)
        if parts[:3] == ["api", "v2", "clusters"]:
            return self._cluster_of_any_kind(parts[3])
        if method == "GET" and len(parts) == 3 and self.throttle_next:
            status, code = self.throttle_next.pop(0)
            raise Refused(status, code, "slow down")
        if method == "GET" and self.refuse_looks_at and parts[-1].endswith(self.refuse_looks_at):
            self.refuse_looks_at = ""
            raise Refused(403, "AccessDeniedException", "not authorized")
        route: dict[str, Callable[..., dict[str, Any]]] = {
            "custom-plugins": self._plugin,
            "worker-configurations": self._worker,
            "connectors": self._connector,
            "connectorOperations": self._operation,
        }
        return route[parts[1]](method, parts[2:], query, body)

    def _msk(self, parts: list[str]) -> dict[str, Any]:
        if parts[2] != CLUSTER_ARN:
            raise Refused(404, "NotFoundException", "The cluster does not exist.")
        if parts[3:] == ["bootstrap-brokers"]:
            return {key[0].lower() + key[1:]: value for key, value in self.brokers.items()}
        return {"clusterInfo": _lower(self.cluster)}

    def _cluster_of_any_kind(self, arn: str) -> dict[str, Any]:
        """DescribeClusterV2, which takes serverless clusters too."""
        if arn != CLUSTER_ARN:
            raise Refused(404, "NotFoundException", "The cluster does not exist.")
        kind = self.cluster.get("ClusterType", "PROVISIONED")
        common = {
            "ClusterArn": arn,
            "ClusterName": "demo",
            "ClusterType": kind,
            "State": self.cluster.get("State", "ACTIVE"),
            **({"StateInfo": self.cluster["StateInfo"]} if "StateInfo" in self.cluster else {}),
        }
        own = {name: self.cluster[name] for name in ("NumberOfBrokerNodes", "BrokerNodeGroupInfo")}
        return {"clusterInfo": _lower({**common, kind.title(): own})}

    def _plugin(
        self, method: str, rest: list[str], query: dict[str, str], body: dict[str, Any]
    ) -> dict[str, Any]:
        if method == "POST":
            arn = self._new("custom-plugin", self.plugins, body["name"], "name")
            described = {
                "customPluginArn": arn,
                "name": body["name"],
                "customPluginState": "CREATING",
                "latestRevision": {
                    "revision": 1,
                    "contentType": body["contentType"],
                    "location": body["location"],
                    "fileDescription": {"fileMd5": "d41d8cd98f00b204e9800998ecf8427e", "fileSize": 11},
                },
            }
            self.plugins[arn] = Resource(described, "customPluginState")
            self._begin(self.plugins[arn], "plugin", "ACTIVE")
            return {**described, "revision": 1}
        return self._common(self.plugins, method, rest, query, "customPlugins", "name", "namePrefix")

    def _worker(
        self, method: str, rest: list[str], query: dict[str, str], body: dict[str, Any]
    ) -> dict[str, Any]:
        if method == "POST":
            arn = self._new("worker-configuration", self.workers, body["name"], "name")
            described = {
                "workerConfigurationArn": arn,
                "name": body["name"],
                "workerConfigurationState": "ACTIVE",
                "latestRevision": {"revision": 3, "propertiesFileContent": body["propertiesFileContent"]},
            }
            self.workers[arn] = Resource(described, "workerConfigurationState")
            return described
        answer = self._common(self.workers, method, rest, query, "workerConfigurations", "name", "namePrefix")
        for item in answer.get("workerConfigurations", []):
            # The list does not show the content, as the real one does not.
            item["latestRevision"] = {"revision": item["latestRevision"]["revision"]}
        return answer

    def _connector(
        self, method: str, rest: list[str], query: dict[str, str], body: dict[str, Any]
    ) -> dict[str, Any]:
        if rest[1:] == ["restart"]:
            return self._restart(rest[0], query)
        if method == "POST":
            arn = self._new("connector", self.connectors, body["connectorName"], "connectorName")
            described = {
                **{key: value for key, value in body.items() if key != "tags"},
                "connectorArn": arn,
                "connectorState": "CREATING",
                "currentVersion": "K1",
            }
            self.connectors[arn] = Resource(described, "connectorState")
            self._begin(self.connectors[arn], "connector", "RUNNING")
            return described
        if method == "PUT":
            return self._update(rest[0], query["currentVersion"], body)
        if rest:
            self._pass_time_of_operations(rest[0])
        answer = self._common(
            self.connectors, method, rest, query, "connectors", "connectorName", "connectorNamePrefix"
        )
        for item in answer.get("connectors", []):
            item.pop("connectorConfiguration")
        return answer

    def _update(self, arn: str, version: str, body: dict[str, Any]) -> dict[str, Any]:
        connector = self.connectors[arn]
        if connector.state != "RUNNING":
            raise Refused(400, "BadRequestException", f"The connector is {connector.state}.")
        if version != connector.body["currentVersion"]:
            raise Refused(400, "BadRequestException", "currentVersion is not the version of the connector.")
        if len(body) != 1:
            raise Refused(400, "BadRequestException", "Specify one of capacity and connectorConfiguration.")
        operation_arn = self._arn("connector-operation", connector.body["connectorName"])
        connector.body["connectorState"] = "UPDATING"
        operation = Resource(
            {
                "connectorArn": arn,
                "connectorOperationArn": operation_arn,
                "connectorOperationState": "UPDATE_IN_PROGRESS",
            },
            "connectorOperationState",
        )
        failed = "operation" in self.failures

        def end() -> None:
            connector.body["connectorState"] = "RUNNING"
            if not failed:
                connector.body |= {**body, "currentVersion": f"K{self._serial}"}
                configuration = connector.body["connectorConfiguration"]
                connector.body["connectorConfiguration"] = self.show_configuration(configuration)

        operation.on_end = end
        self._begin(operation, "operation", "UPDATE_COMPLETE", reason_key="errorInfo")
        self.operations[operation_arn] = operation
        return {"connectorArn": arn, "connectorState": "UPDATING", "connectorOperationArn": operation_arn}

    def _restart(self, arn: str, query: dict[str, str]) -> dict[str, Any]:
        connector = self._get(self.connectors, arn)
        if self.before_restart is not None:
            before, self.before_restart = self.before_restart, None
            before()
        if connector.state != "RUNNING":
            raise Refused(400, "BadRequestException", f"The connector is {connector.state}.")
        self.restarts.append(query.get("onlyFailedTasks"))
        operation_arn = self._arn("connector-operation", connector.body["connectorName"])
        connector.body["connectorState"] = "RESTARTING"
        operation = Resource(
            {
                "connectorArn": arn,
                "connectorOperationArn": operation_arn,
                "connectorOperationState": "RESTART_IN_PROGRESS",
            },
            "connectorOperationState",
            on_end=lambda: connector.body.update(connectorState="RUNNING"),
        )
        self._begin(operation, "restart", "RESTART_COMPLETE", reason_key="errorInfo")
        self.operations[operation_arn] = operation
        return {"connectorArn": arn, "connectorOperationArn": operation_arn}

    def _pass_time_of_operations(self, connector_arn: str) -> None:
        for arn, operation in self.operations.items():
            if operation.body["connectorArn"] == connector_arn and operation.ending:
                self._look(self.operations, arn)

    def _operation(
        self, method: str, rest: list[str], query: dict[str, str], body: dict[str, Any]
    ) -> dict[str, Any]:
        return self._look(self.operations, rest[0])

    def _common(
        self,
        kind: dict[str, Resource],
        method: str,
        rest: list[str],
        query: dict[str, str],
        items: str,
        name_key: str,
        prefix: str,
    ) -> dict[str, Any]:
        if not rest:
            return self._list(kind, query, items, name_key, prefix)
        if method == "DELETE":
            resource = self._get(kind, rest[0])
            resource.body[resource.state_key] = "DELETING"
            resource.ending = (self.looks, self.failures.pop("deletion", (None,))[0])
            return dict(resource.body)
        return self._look(kind, rest[0])

    def _list(
        self, kind: dict[str, Resource], query: dict[str, str], items: str, name_key: str, prefix: str
    ) -> dict[str, Any]:
        chosen = [r.body for r in kind.values() if r.body[name_key].startswith(query.get(prefix, ""))]
        start = int(query.get("nextToken", 0))
        page: dict[str, Any] = {items: [dict(body) for body in chosen[start : start + PAGE]]}
        if start + PAGE < len(chosen):
            page["nextToken"] = str(start + PAGE)
        return page

    def _look(self, kind: dict[str, Resource], arn: str) -> dict[str, Any]:
        resource = self._get(kind, arn)
        if resource.ending is not None:
            left, state = resource.ending
            if left > 0:
                resource.ending = (left - 1, state)
            else:
                resource.ending = None
                if resource.on_end:
                    resource.on_end()
                if state is None:
                    del kind[arn]
                    return self._look(kind, arn)
                resource.body[resource.state_key] = state
        return dict(resource.body)

    def _get(self, kind: dict[str, Resource], arn: str) -> Resource:
        if arn not in kind:
            raise Refused(404, "NotFoundException", f"{arn} does not exist.")
        return kind[arn]

    def _begin(self, resource: Resource, kind: str, good: str, reason_key: str = "stateDescription") -> None:
        state, code, message = self.failures.pop(kind, (good, "", ""))
        if code:
            resource.body[reason_key] = {"code": code, "message": message}
        resource.ending = (self.looks, state)

    def _new(self, kind: str, existing: dict[str, Resource], name: str, name_key: str) -> str:
        if self.before_create is not None:
            before, self.before_create = self.before_create, None
            before()
        if any(resource.body[name_key] == name for resource in existing.values()):
            raise Refused(409, "ConflictException", "A resource with this name already exists.")
        return self._arn(kind, name)

    def _arn(self, kind: str, name: str) -> str:
        self._serial += 1
        return f"{ACCOUNT}:{kind}/{name}/00000000-0000-0000-0000-{self._serial:012d}-1"


def _lower(value: Any) -> Any:
    """The wire names of MSK start with a lower-case letter."""
    if isinstance(value, dict):
        return {key[0].lower() + key[1:]: _lower(entry) for key, entry in value.items()}
    return value


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, fake: FakeMsk) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.fake = fake
        self.lock = threading.Lock()


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"

    def _serve(self) -> None:
        address = urlsplit(self.path)
        length = int(self.headers.get("Content-Length") or 0)
        body = json.loads(self.rfile.read(length) or b"{}")
        query = {key: values[0] for key, values in parse_qs(address.query).items()}
        headers = {"Content-Type": "application/json"}
        try:
            with self.server.lock:
                self.server.fake.last = (self.command, self.path, dict(self.headers))
                status, answer = 200, self.server.fake.answer(self.command, address.path, query, body)
        except Refused as refused:
            status, answer = refused.status, {"message": str(refused)}
            headers["x-amzn-ErrorType"] = refused.code
        content = json.dumps(answer).encode()
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(content))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_POST = do_PUT = do_DELETE = _serve

    def log_message(self, format: str, *args: Any) -> None:
        """Keep the test output clean."""


def start(fake: FakeMsk) -> _Server:
    """Serve ``fake`` on a free port of the loopback interface until ``shutdown`` is called."""
    server = _Server(fake)
    fake.url = f"http://127.0.0.1:{server.server_address[1]}"
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    return server
