"""What can be done about an ill component, chosen from its present state."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from pinterest_pipeline import connections
from pinterest_pipeline.entities import names
from pinterest_pipeline.errors import Permanent, PipelineError
from pinterest_pipeline.health.readings import connector as connector_reading
from pinterest_pipeline.provisioning.ssm_documents import SsmDocument
from pinterest_pipeline.settings import settings

#: Seconds that a restart of the connector's tasks, or of the REST proxy, may take.
RESTART_S = 600
#: Seconds between two looks at it.
LOOK_S = 2


@dataclass(frozen=True, kw_only=True)
class Remedy:
    """Something that may help.

    :param name: what is done, for people.
    :param apply: does it, and returns when it is done; ``None`` for one that is a run of a DAG.
    :param dag_id: the DAG that is run.
    :param conf: the params of that run.
    """

    name: str
    apply: Callable[[], None] | None = None
    dag_id: str = ""
    conf: Mapping[str, Any] = field(default_factory=dict)


def choose(component: str) -> Remedy | None:
    """Choose by the present state; nothing is changed.

    :param component: name of an ill component.
    :returns: the remedy; nothing when there is none that the pipeline may take by itself.
    """
    chooser = CHOOSERS.get(component)
    return chooser() if chooser else None


def _connector() -> Remedy | None:
    reading = connector_reading.read({})
    if reading.state == "FAILED":
        # Deleted and made again behind the same group, whose offsets it goes on with.
        return Remedy(
            name="make the connector again",
            dag_id="pinterest_provision_batch",
            conf={"dry_run": False, "allow_replace": True},
        )
    if reading.state == "RUNNING":
        return Remedy(name="restart the connector's failed tasks", apply=_restart_failed_tasks)
    # One that is being made, changed or deleted is left to whoever does it.
    return None


def _restart_failed_tasks() -> None:
    from botocore.exceptions import WaiterError

    from cloud_operators.aws.hooks.msk_connect import MskConnectHook

    hook = MskConnectHook(aws_conn_id=connections.AWS)
    found = hook.find_connector(names().connector)
    if found is None:
        raise Permanent(f"connector {names().connector} does not exist: run pinterest_provision_batch")
    operation = hook.restart_connector(found["connectorArn"], only_failed_tasks=True)
    try:
        hook.get_waiter("connector_restart_complete").wait(
            connectorOperationArn=operation,
            WaiterConfig={"Delay": LOOK_S, "MaxAttempts": RESTART_S // LOOK_S},
        )
    except WaiterError as error:
        state = hook.operation_state(operation)
        said = f"{state.state} {state.message or ''}".strip() if state else "gone"
        raise PipelineError(f"the restart of connector {names().connector} is {said}") from error


def _rest_proxy() -> Remedy | None:
    if not settings().client_instance_id:
        return None
    return Remedy(name="restart the REST proxy on the EC2 client", apply=_restart_rest_proxy)


def _restart_rest_proxy() -> None:
    from pinterest_pipeline.provisioning.client import kafka_client

    client = kafka_client(settings().client_instance_id)
    client.run(names().ssm_document(SsmDocument.RESTART), seconds=RESTART_S, adopt=True)


def _streaming() -> Remedy | None:
    if settings().stream_mode != "continuous":
        # The next run comes within a quarter of an hour by itself.
        return None
    return Remedy(name="look after the continuous stream run", dag_id="pinterest_stream_ingest")


#: Component to what chooses.
CHOOSERS: dict[str, Callable[[], Remedy | None]] = {
    "connector": _connector,
    "rest_proxy": _rest_proxy,
    "streams": _streaming,
    "databricks": _streaming,
}
