"""What can be done about an ill component, chosen from its present state."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from pinterest_pipeline import connections
from pinterest_pipeline.entities import names
from pinterest_pipeline.errors import Permanent, PipelineError
from pinterest_pipeline.health.findings import Finding, Status
from pinterest_pipeline.health.readings import connector as connector_reading
from pinterest_pipeline.health.readings import databricks as databricks_reading
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


class Unsafe(Exception):
    """There is a remedy, and a person must decide on it; the message says why."""


def choose(component: str, found: Finding) -> Remedy | None:
    """Choose by the present state; nothing is changed.

    :param component: name of an ill component.
    :param found: what was just found of it.
    :returns: the remedy; nothing when there is none that the pipeline may take by itself.
    :raises Unsafe: when the remedy would do more than heal.
    """
    chooser = CHOOSERS.get(component)
    return chooser(found) if chooser else None


def _connector(found: Finding) -> Remedy | None:
    reading = connector_reading.read({})
    if reading.state == "FAILED":
        _check_plan()
        # Deleted and made again behind the same group, whose offsets it goes on with.
        return Remedy(
            name="make the connector again",
            dag_id="pinterest_provision_batch",
            conf={"dry_run": False, "allow_replace": True},
        )
    if reading.state != "RUNNING":
        # One that is being made, changed or deleted is left to whoever does it.
        return None
    if _figure(found, "failed tasks"):
        return Remedy(name="restart the connector's failed tasks", apply=lambda: _restart(only_failed=True))
    if _figure(found, "running tasks") == 0:
        return Remedy(name="restart the connector with its tasks", apply=lambda: _restart(only_failed=False))
    return None


def _figure(found: Finding, name: str) -> Any:
    return found.figures[name].value if name in found.figures else None


def _check_plan() -> None:
    """Refuse to provision when that would change more than the connector.

    A topic that is made again begins at offset 0, and the sink would write over what has landed.
    """
    from pinterest_pipeline.provisioning.api import ApiPart
    from pinterest_pipeline.provisioning.finders import find_resources
    from pinterest_pipeline.provisioning.params import batch_params
    from pinterest_pipeline.provisioning.planning.batch import plan_batch

    params = {name: param.value for name, param in batch_params().items()}
    found = find_resources(names(), settings(), ApiPart.BATCH)
    _, changes = plan_batch(names(), settings(), params, found)
    others = sorted({f"{change.kind} {change.name}" for change in changes if change.kind != "connector"})
    if others:
        raise Unsafe(
            f"pinterest_provision_batch would make the connector again, and also change {', '.join(others)}: "
            "run it as it is and read its plan"
        )


def _restart(*, only_failed: bool) -> None:
    from botocore.exceptions import WaiterError

    from cloud_operators.aws.hooks.msk_connect import MskConnectHook

    hook = MskConnectHook(aws_conn_id=connections.AWS)
    found = hook.find_connector(names().connector)
    if found is None:
        raise Permanent(f"connector {names().connector} does not exist: run pinterest_provision_batch")
    operation = hook.restart_connector(found["connectorArn"], only_failed_tasks=only_failed)
    try:
        hook.get_waiter("connector_restart_complete").wait(
            connectorOperationArn=operation,
            WaiterConfig={"Delay": LOOK_S, "MaxAttempts": RESTART_S // LOOK_S},
        )
    except WaiterError as error:
        state = hook.operation_state(operation)
        said = f"{state.state} {state.message or ''}".strip() if state else "gone"
        raise PipelineError(f"the restart of connector {names().connector} is {said}") from error


def _rest_proxy(found: Finding) -> Remedy | None:
    # A restart drops the consumers that are in its memory: not because it is slow.
    if found.status != Status.DOWN or not settings().client_instance_id:
        return None
    return Remedy(name="restart the REST proxy on the EC2 client", apply=_restart_rest_proxy)


def _restart_rest_proxy() -> None:
    from pinterest_pipeline.provisioning.client import kafka_client

    client = kafka_client(settings().client_instance_id)
    client.run(names().ssm_document(SsmDocument.RESTART), seconds=RESTART_S, adopt=True)


def _streaming(found: Finding) -> Remedy | None:
    if settings().stream_mode != "continuous":
        # The next run comes within a quarter of an hour by itself.
        return None
    reading = databricks_reading.read({})
    if reading.trouble or reading.continuous in reading.alive:
        # What is wrong is something else.
        return None
    return Remedy(name="look after the continuous stream run", dag_id="pinterest_stream_ingest")


#: Component to what chooses.
CHOOSERS: dict[str, Callable[[Finding], Remedy | None]] = {
    "connector": _connector,
    "rest_proxy": _rest_proxy,
    "streams": _streaming,
    "databricks": _streaming,
}
