"""Where the sandbox lives, its ports and its credentials: decided once by ``up``, read by everything else."""

from __future__ import annotations

import contextlib
import json
import os
import re
import secrets
import socket
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from pinterest_sandbox.faults.services import SERVICES, gate_ports, port_name

HOST = "127.0.0.1"
REGION = "us-east-1"
#: moto's account; roles of any other are refused as cross-account.
ACCOUNT = "123456789012"
ACCESS_KEY = "sandbox-access-key"
SECRET_KEY = "sandbox-secret-key"
#: Ids of the only cluster and the only SQL warehouse of the Databricks workspace.
CLUSTER_ID = "sandbox"
WAREHOUSE_ID = "sandbox"

#: Preferred ports; a taken one moves to a free one.
PORTS = {
    "source": 13306,
    "kafka": 19092,
    "kafka_controller": 19093,
    "connect": 18083,
    "rest_proxy": 18082,
    "moto": 15000,
    "msk": 15001,
    "msk_connect": 15002,
    "api": 15003,
    "metastore": 11527,
    "databricks": 15004,
    "airflow": 18080,
    "supervisor": 15005,
    "fault_gate": 15006,
    "ssm": 15007,
    **gate_ports(),
}

#: The EC2 instance that runs the REST proxy.
CLIENT_INSTANCE_ID = "i-0a1b2c3d4e5f60718"

CHECKOUT = Path(__file__).resolve().parents[3]


class NotUp(Exception):
    """There is no running sandbox at this place."""


@dataclass(frozen=True, kw_only=True)
class Config:
    """One sandbox.

    :param home: folder that holds all of its files.
    :param user_id: the resource id that every name is derived from.
    :param ports: service name to TCP port on 127.0.0.1.
    :param source_password: password of the source database's user.
    :param databricks_token: bearer token of the Databricks workspace.
    :param control_password: password of the process supervisor's control port.
    """

    home: Path
    user_id: str
    ports: dict[str, int]
    source_password: str
    databricks_token: str
    control_password: str

    @property
    def cache(self) -> Path:
        """Folder of what is made once and kept over ``down``: jars, class archives."""
        return Path(os.environ.get("PINTEREST_SANDBOX_CACHE") or CHECKOUT / ".sandbox" / "cache")

    @property
    def logs(self) -> Path:
        """Folder of the log files, one a service."""
        return self.home / "logs"

    @property
    def bucket(self) -> str:
        """The pipeline's bucket."""
        return f"user-{self.user_id}-bucket"

    @property
    def connector_log_group(self) -> str:
        """The log group of the connector's workers in CloudWatch Logs."""
        return f"/msk-connect/{self.user_id}-connector"

    def url(self, service: str, path: str = "") -> str:
        """HTTP address of ``service``, followed by ``path``."""
        return f"http://{HOST}:{self.ports[service]}{path}"

    def address(self, service: str) -> str:
        """``host:port`` of ``service``."""
        return f"{HOST}:{self.ports[service]}"

    def gated(self, service: str, client: str) -> str:
        """The name of the port at which ``client`` finds ``service``: a door of the fault gate.

        In a sandbox without the gate it is the service's own.

        :param service: one of :data:`~pinterest_sandbox.faults.services.SERVICES`.
        :param client: one of :data:`~pinterest_sandbox.faults.services.CLIENTS`.
        """
        door = port_name(service, client)
        return door if door in self.ports else SERVICES[service].target

    def save(self) -> None:
        """Write it to its place, readable by its owner only."""
        self.home.mkdir(parents=True, exist_ok=True)
        target = config_file(self.home)
        text = json.dumps({**asdict(self), "home": str(self.home)}, indent=2)
        target.touch(mode=0o600, exist_ok=True)
        target.write_text(text + "\n", encoding="utf-8")


def config_file(home: Path) -> Path:
    """The file that holds the configuration of the sandbox at ``home``."""
    return home / "sandbox.json"


def sandbox_home() -> Path:
    """The sandbox's folder: ``PINTEREST_SANDBOX_HOME``, or ``.sandbox`` in the checkout."""
    return Path(os.environ.get("PINTEREST_SANDBOX_HOME") or CHECKOUT / ".sandbox").resolve()


def load_config() -> Config:
    """Read the configuration that ``up`` wrote.

    :raises NotUp: when there is none.
    """
    source = config_file(sandbox_home())
    if not source.exists():
        raise NotUp(f"no sandbox at {source.parent}: start one with `make up`")
    values = json.loads(source.read_text(encoding="utf-8"))
    return Config(**{**values, "home": Path(values["home"])})


def new_config(*, gate: bool = True) -> Config:
    """Decide a new sandbox's ports and credentials. ``PINTEREST_USER_ID`` of the caller is respected.

    :param gate: whether clients are led through the fault gate.
    :raises ValueError: when ``PINTEREST_USER_ID`` is not 1 to 40 lower-case letters and digits.
    """
    user_id = os.environ.get("PINTEREST_USER_ID") or "sandbox"
    if not re.fullmatch(r"[a-z0-9]{1,40}", user_id):
        raise ValueError(f"PINTEREST_USER_ID={user_id!r}: 1 to 40 lower-case letters and digits are allowed")
    return Config(
        home=sandbox_home(),
        user_id=user_id,
        ports=choose_ports({name: port for name, port in PORTS.items() if gate or name not in gate_ports()}),
        source_password=secrets.token_urlsafe(12),
        databricks_token="dapi" + secrets.token_hex(16),
        control_password=secrets.token_urlsafe(12),
    )


def choose_ports(preferred: Mapping[str, int] = PORTS) -> dict[str, int]:
    """A free port for each service: the preferred one unless it is taken. No port is given twice.

    :param preferred: service name to port.
    """
    chosen: dict[str, int] = {}
    with contextlib.ExitStack() as held:
        for name, wanted in preferred.items():
            # Held until all are chosen, so that a port that moves does not land on another's.
            probe = held.enter_context(socket.socket())
            # A port in TIME_WAIT after a stop can be bound again; one with a listener cannot.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((HOST, wanted))
            except OSError:
                probe.bind((HOST, 0))
            chosen[name] = int(probe.getsockname()[1])
    return chosen
