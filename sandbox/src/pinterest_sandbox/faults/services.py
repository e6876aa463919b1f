"""What stands behind the gate, and who comes through it. A service more is a line in :data:`SERVICES`."""

from __future__ import annotations

from dataclasses import dataclass

from pinterest_sandbox.faults import batches, forms
from pinterest_sandbox.faults.batches import BatchForm
from pinterest_sandbox.faults.forms import ErrorForm

#: Each client has a port of its own for each service, so that a fault can hit one client alone.
#: ``api`` is what API Gateway calls for an AWS integration, ``other`` whoever takes the addresses that
#: ``sandbox env`` prints.
CLIENTS = ("airflow", "connector", "spark", "api", "other")
#: The gate's preferred ports begin here; ten for each service.
FIRST_PORT = 15100


@dataclass(frozen=True)
class GatedService:
    """A service behind the gate.

    :param target: the name under which its own port is known.
    :param form: its errors.
    :param batches: the forms in which it takes many records at once.
    """

    target: str
    form: ErrorForm
    batches: tuple[BatchForm, ...] = ()


SERVICES = {
    "s3": GatedService("moto", forms.S3),
    "kinesis": GatedService("moto", forms.KINESIS, (batches.PUT_RECORDS,)),
    "api": GatedService("api", forms.API, (batches.REST_PROXY, batches.API_STREAM)),
    "rest-proxy": GatedService("rest_proxy", forms.REST_PROXY, (batches.REST_PROXY,)),
    "databricks": GatedService("databricks", forms.DATABRICKS),
}


def port_name(service: str, client: str) -> str:
    """The name of the port on which the gate awaits ``client`` for ``service``."""
    return f"{service}@{client}"


def gate_ports() -> dict[str, int]:
    """Preferred ports of the gate by name."""
    return {
        port_name(service, client): FIRST_PORT + 10 * row + column
        for row, service in enumerate(SERVICES)
        for column, client in enumerate(CLIENTS)
    }
