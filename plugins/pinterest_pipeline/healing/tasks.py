"""Tasks of ``pinterest_heal``."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from typing import Any

import tenacity
from airflow.sdk import TriggerRule, get_current_context, task

from pinterest_pipeline import connections
from pinterest_pipeline.assets import HEALTH
from pinterest_pipeline.clock import now_text
from pinterest_pipeline.entities import names
from pinterest_pipeline.errors import Permanent
from pinterest_pipeline.healing import attempts, choosing, remedies, treatments
from pinterest_pipeline.healing.attempts import Treatment
from pinterest_pipeline.health import store, telling
from pinterest_pipeline.health.components import COMPONENTS
from pinterest_pipeline.health.findings import Finding, Status
from pinterest_pipeline.health.looking import look
from pinterest_pipeline.health.records import Malformed, moment
from pinterest_pipeline.settings import settings

logger = logging.getLogger(__name__)

#: Seconds that a remedy has to show: metrics of a connector are a minute old.
SHOWING_S = 180.0
LOOK_S = 5.0


@task
def choose_components(*, params: Any = None, triggering_asset_events: Any = None) -> list[str]:
    """Which components are treated: those that the events name or the param, as far as there is a remedy.

    One that needs another that is down waits for it: the event of its recovery comes back to it.

    :returns: names of components; whether they still are ill is looked at when each is treated. None when
        there is nothing to do, or healing is switched off.
    """
    if params["component"]:
        # A person asks for it, whatever the setting says and was tried before.
        _keep(params["component"], attempts.asked_for(_treatment(params["component"]), now_text()))
        return [params["component"]]
    events = (triggering_asset_events or {}).get(HEALTH) or []
    found = choosing.choose([event.extra for event in events], _latest_states())
    logger.info("%d events; ill: %s", len(events), ", ".join(found.ill) or "nothing")
    for name in found.recovered:
        if (treatment := _treatment(name))["attempts"]:
            _keep(name, attempts.recovered(treatment))
    for name in found.waiting:
        logger.info("%s waits until what it needs is up", COMPONENTS[name].label)
    chosen = [name for name in found.ill if name in remedies.CHOOSERS and name not in found.waiting]
    if not chosen:
        logger.info("nothing is ill that could be treated by itself")
    elif not settings().auto_heal:
        logger.info(
            "%s: PINTEREST_AUTO_HEAL is false; to treat one, run this DAG with its name", ", ".join(chosen)
        )
        return []
    return chosen


def _latest_states() -> Mapping[str, Any]:
    try:
        latest = store.read_latest(connections.aws_client("s3"), names().bucket)
    except Malformed as error:
        logger.warning("%s; the events alone are followed", error)
        latest = None
    return latest["components"] if latest else {}


@task(map_index_template="{{ component }}", multiple_outputs=False, on_failure_callback=None)
def treat(component: str, *, run_id: Any = None) -> dict[str, Any]:
    """Look at a component, and treat it until it is well again, three times within two hours at most.

    :param component: its name.
    :returns: ``component``, ``done``: what was done, and for what a DAG has to do ``dag_id`` and ``conf``.
    :raises Permanent: when it could not be healed; a person was told.
    """
    context: Any = get_current_context()
    context["component"] = COMPONENTS[component].label
    found, memory = _look(component), _treatment(component)
    if found.status == Status.HEALTHY:
        logger.info("%s is healthy again: %s", COMPONENTS[component].label, found.sentence)
        if memory["attempts"]:
            _keep(component, attempts.recovered(memory))
        return {"component": component, "done": "it was healthy again"}
    while attempts.tries_left(memory, now_text()):
        try:
            remedy = remedies.choose(component, found)
        except remedies.Unsafe as unsafe:
            _call_a_person(component, memory, context, why=str(unsafe))
            raise Permanent(f"{COMPONENTS[component].label} is left to a person: {unsafe}") from unsafe
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
        outcome, found = _apply(remedy, component, found)
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


@task(trigger_rule=TriggerRule.ALL_DONE, on_failure_callback=None)
def look_again(chosen: list[str] | None, treated: Iterable[Any]) -> dict[str, str]:
    """See whether those are well again for which a DAG was run.

    :param chosen: what :func:`choose_components` returned, if it did not fail.
    :param treated: what each :func:`treat` returned; that of one that failed is missing.
    :returns: component to outcome.
    :raises Permanent: when one is not, or could not be treated. A person was told, unless it is tried again
        after the next look of the health DAG.
    """
    if chosen is None:
        raise Permanent("it was not found out what is to be treated: see the log of choose_components")
    found = {each["component"]: each for each in treated if each}
    outcomes: dict[str, str] = {}
    problems = [f"{COMPONENTS[name].label}: see the log of treat" for name in chosen if name not in found]
    for component in (name for name, each in found.items() if each.get("dag_id")):
        memory, (outcome, _) = _treatment(component), _outcome(component)
        if memory["attempts"]:
            memory = attempts.ended(memory, outcome)
            _keep(component, memory)
        outcomes[component] = outcome
        if outcome != attempts.HEALED:
            if not attempts.tries_left(memory, now_text()):
                _call_a_person(component, memory, get_current_context())
            problems.append(f"{COMPONENTS[component].label} was not healed: {attempts.told(memory)}")
    if problems:
        raise Permanent("\n".join(problems))
    return outcomes


def _apply(remedy: remedies.Remedy, component: str, found: Finding) -> tuple[str, Finding]:
    assert remedy.apply is not None
    try:
        remedy.apply()
    except Exception as error:
        # People are told no more than this: the text may quote a log of another machine.
        logger.warning("%s failed", remedy.name, exc_info=True)
        return f"failed: {type(error).__name__}, see the log of treat", found
    return _outcome(component)


def _outcome(component: str) -> tuple[str, Finding]:
    """Look until it is well, or the time is over."""
    waiting = tenacity.Retrying(
        retry=tenacity.retry_if_result(lambda found: found.status != Status.HEALTHY),
        stop=tenacity.stop_after_delay(SHOWING_S),
        wait=tenacity.wait_fixed(LOOK_S),
        retry_error_callback=lambda state: state.outcome.result() if state.outcome else None,
    )
    found: Finding = waiting(_look, component)
    if found.status == Status.HEALTHY:
        return attempts.HEALED, found
    return f"{attempts.NOT_HEALED}: {found.sentence}", found


def _look(component: str) -> Finding:
    latest = store.read_latest(connections.aws_client("s3"), names().bucket)
    known = latest["components"].get(component) if latest else None
    found, _ = look(COMPONENTS[component], known["memory"] if known else {})
    logger.info("%s is %s: %s", COMPONENTS[component].label, found.status, found.sentence)
    return found


def _treatment(component: str) -> Treatment:
    return treatments.read(connections.aws_client("s3"), names().bucket, component)


def _keep(component: str, treatment: Treatment) -> None:
    treatments.keep(connections.aws_client("s3"), names().bucket, component, treatment)


def _call_a_person(component: str, treatment: Treatment, context: Any, *, why: str = "") -> None:
    if treatment["called"]:
        return
    label = COMPONENTS[component].label
    of_late = attempts.since(treatment, (moment(now_text()) - attempts.WITHIN).isoformat())
    lines = [
        f"{label} is ill, and is left to a person: {why}."
        if why
        else f"{label} is ill after {len(of_late['attempts'])} tries within two hours; "
        "nothing more is tried by itself."
    ]
    if tried := attempts.told(of_late):
        lines.append(f"Tried: {tried}.")
    lines.append(f"What to do: docs/{COMPONENTS[component].runbook}")
    telling.send(f"Pinterest pipeline: {label} could not be healed", "\n".join(lines), context)
    _keep(component, {**treatment, "called": True})
