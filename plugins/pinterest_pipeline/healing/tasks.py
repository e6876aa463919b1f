"""Tasks of ``pinterest_heal``."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable, Mapping
from typing import Any

import tenacity
from airflow.sdk import TriggerRule, get_current_context, task
from airflow.sdk.exceptions import AirflowSkipException

from pinterest_pipeline import connections
from pinterest_pipeline.assets import HEALTH
from pinterest_pipeline.clock import now_text
from pinterest_pipeline.entities import names
from pinterest_pipeline.errors import Permanent
from pinterest_pipeline.healing import attempts, choosing, remedies
from pinterest_pipeline.healing.attempts import Treatment
from pinterest_pipeline.health import store, telling
from pinterest_pipeline.health.components import COMPONENTS
from pinterest_pipeline.health.findings import Finding, Status
from pinterest_pipeline.health.looking import error_text, look
from pinterest_pipeline.health.records import Malformed
from pinterest_pipeline.settings import settings

logger = logging.getLogger(__name__)

#: Seconds that a remedy has to show: metrics of a connector are a minute old.
SHOWING_S = 180.0
LOOK_S = 5.0


@task
def choose_components(*, params: Any = None, triggering_asset_events: Any = None) -> list[str]:
    """Which components are treated: those that the events name or the param, as far as there is a remedy.

    One that needs another that is ill waits for it: the event of its recovery comes back to it.

    :returns: names of components; whether they still are ill is looked at when each is treated.
    :raises AirflowSkipException: when there is nothing to do, or healing is switched off.
    """
    if params["component"]:
        # A person asks for it, whatever the setting says.
        return [params["component"]]
    events = (triggering_asset_events or {}).get(HEALTH) or []
    found = choosing.choose([event.extra for event in events], _latest_states())
    logger.info("%d events; ill: %s", len(events), ", ".join(found.ill) or "nothing")
    for name in found.waiting:
        logger.info("%s waits until what it needs is well", COMPONENTS[name].label)
    chosen = [name for name in found.ill if name in remedies.CHOOSERS and name not in found.waiting]
    if not chosen:
        raise AirflowSkipException("nothing is ill that could be treated by itself")
    if not settings().auto_heal:
        raise AirflowSkipException(
            f"{', '.join(chosen)}: PINTEREST_AUTO_HEAL is false; to treat one, run this DAG with its name"
        )
    return chosen


def _latest_states() -> Mapping[str, Any]:
    try:
        latest = store.read_latest(connections.aws_client("s3"), names().bucket)
    except Malformed as error:
        logger.warning("%s; the events alone are followed", error)
        latest = None
    return latest["components"] if latest else {}


@task(map_index_template="{{ component }}", multiple_outputs=False)
def treat(component: str, *, run_id: Any = None) -> dict[str, Any]:
    """Look at a component, and treat it until it is well again, three times at most.

    :param component: its name.
    :returns: ``component``, ``done``: what was done, and for what a DAG has to do ``dag_id`` and ``conf``.
    :raises Permanent: when it could not be healed; a person was told.
    """
    context: Any = get_current_context()
    context["component"] = COMPONENTS[component].label
    found, memory = _look(component), _treatment(component)
    if found.status == Status.HEALTHY:
        logger.info("%s is healthy again: %s", COMPONENTS[component].label, found.sentence)
        _keep(component, attempts.ended(memory, attempts.HEALED) if memory["attempts"] else memory)
        return {"component": component, "done": "it was healthy again"}
    while attempts.tries_left(memory):
        remedy = remedies.choose(component)
        if remedy is None:
            logger.info("nothing can be done about it by itself: %s", found.sentence)
            return {"component": component, "done": "nothing: there is no remedy for this state"}
        memory = attempts.begun(memory, at=now_text(), remedy=remedy.name, run_id=run_id)
        _keep(component, memory)
        logger.info("%s: %s", COMPONENTS[component].label, remedy.name)
        if remedy.apply is None:
            return {
                "component": component,
                "done": remedy.name,
                "dag_id": remedy.dag_id,
                "conf": dict(remedy.conf),
            }
        outcome = _apply(remedy, component)
        memory = attempts.ended(memory, outcome)
        _keep(component, memory)
        if outcome == attempts.HEALED:
            return {"component": component, "done": remedy.name}
    _call_a_person(component, memory, context)
    raise Permanent(f"{COMPONENTS[component].label} was not healed: {attempts.told(memory)}")


@task(trigger_rule=TriggerRule.ALL_DONE)
def list_dag_runs(treated: Iterable[Any]) -> list[dict[str, Any]]:
    """The runs of DAGs that are remedies, each once.

    :param treated: what :func:`treat` returned.
    :returns: arguments for ``TriggerDagRunOperator``.
    """
    found = {each["dag_id"]: each["conf"] for each in treated if each and each.get("dag_id")}
    return [{"trigger_dag_id": dag_id, "conf": conf} for dag_id, conf in found.items()]


@task(trigger_rule=TriggerRule.ALL_DONE)
def look_again(chosen: list[str] | None, treated: Iterable[Any]) -> dict[str, str]:
    """See whether those are well again for which a DAG was run.

    :param chosen: what :func:`choose_components` returned, if it was not skipped.
    :param treated: what each :func:`treat` returned; that of one that failed is missing.
    :returns: component to outcome.
    :raises Permanent: when one is not, or could not be treated; a person was told.
    """
    found = {each["component"]: each for each in treated if each}
    outcomes: dict[str, str] = {}
    problems = [
        f"{COMPONENTS[name].label}: see the log of treat" for name in chosen or [] if name not in found
    ]
    for component in (name for name, each in found.items() if each.get("dag_id")):
        memory, outcome = _treatment(component), _outcome(component)
        if memory["attempts"]:
            memory = attempts.ended(memory, outcome)
            _keep(component, memory)
        outcomes[component] = outcome
        if outcome != attempts.HEALED:
            _call_a_person(component, memory, get_current_context())
            problems.append(f"{COMPONENTS[component].label} was not healed: {attempts.told(memory)}")
    if problems:
        raise Permanent("\n".join(problems))
    return outcomes


def _apply(remedy: remedies.Remedy, component: str) -> str:
    assert remedy.apply is not None
    try:
        remedy.apply()
    except Exception as error:
        logger.warning("%s failed", remedy.name, exc_info=True)
        return f"failed: {error_text(error)}"
    return _outcome(component)


def _outcome(component: str) -> str:
    """Look until it is well, or the time is over."""
    waiting = tenacity.Retrying(
        retry=tenacity.retry_if_result(lambda found: found.status != Status.HEALTHY),
        stop=tenacity.stop_after_delay(SHOWING_S),
        wait=tenacity.wait_fixed(LOOK_S),
        retry_error_callback=lambda state: state.outcome.result() if state.outcome else None,
    )
    found: Finding = waiting(_look, component)
    if found.status == Status.HEALTHY:
        return attempts.HEALED
    return f"{attempts.NOT_HEALED}: {found.sentence}"


def _look(component: str) -> Finding:
    latest = store.read_latest(connections.aws_client("s3"), names().bucket)
    known = latest["components"].get(component) if latest else None
    found, _ = look(COMPONENTS[component], known["memory"] if known else {})
    logger.info("%s is %s: %s", COMPONENTS[component].label, found.status, found.sentence)
    return found


def _treatment(component: str) -> Treatment:
    body = store.read_object(connections.aws_client("s3"), names().bucket, attempts.key(component))
    try:
        found = attempts.parse_treatment(json.loads(body)) if body else attempts.EMPTY
    except ValueError:
        found = attempts.EMPTY
    return attempts.current(found, now_text())


def _keep(component: str, treatment: Treatment) -> None:
    store.write_document(connections.aws_client("s3"), names().bucket, attempts.key(component), treatment)


def _call_a_person(component: str, treatment: Treatment, context: Any) -> None:
    if treatment["called"]:
        return
    label = COMPONENTS[component].label
    subject = f"Pinterest pipeline: {label} could not be healed"
    text = (
        f"{label} is still ill after {len(treatment['attempts'])} tries; nothing more is tried by itself.\n"
        f"Tried: {attempts.told(treatment)}.\n"
        f"What to do: docs/{COMPONENTS[component].runbook}"
    )
    telling.send(subject, text, context)
    _keep(component, Treatment(attempts=treatment["attempts"], called=True))
