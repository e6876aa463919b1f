"""Tasks of ``pinterest_heal``."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from typing import Any

import tenacity
from airflow.sdk import RetryAction, TriggerRule, get_current_context, task
from airflow.sdk.exceptions import AirflowTaskTimeout

from pinterest_pipeline import connections
from pinterest_pipeline.assets import HEALTH
from pinterest_pipeline.clock import now_text
from pinterest_pipeline.defaults import RETRY_POLICY
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


class LeftToAPerson(Permanent):
    """A component is ill, and a person knows of it, or is called when the time for the next call has come."""


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
        _note_recovery(name, _treatment(name))
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
    :raises LeftToAPerson: when it could not be healed.
    """
    context: Any = get_current_context()
    context["component"] = COMPONENTS[component].label
    try:
        return _treat(component, run_id, context)
    except LeftToAPerson:
        raise
    except (Exception, AirflowTaskTimeout) as error:
        if _is_final(error, context["ti"]):
            _tell_of_error(component, run_id, context, error)
        raise


def _treat(component: str, run_id: str, context: Any) -> dict[str, Any]:
    found, memory = _look(component), _treatment(component)
    if found.status == Status.HEALTHY:
        logger.info("%s is healthy again: %s", COMPONENTS[component].label, found.sentence)
        _note_recovery(component, memory)
        return {"component": component, "done": "it was healthy again"}
    while attempts.tries_left(memory, now_text()):
        try:
            remedy = remedies.choose(component, found)
        except remedies.Unsafe as unsafe:
            raise _left_to_a_person(component, memory, run_id, context, why=str(unsafe)) from unsafe
        if remedy is None:
            if _is_tried(component, memory):
                why = "its present state has no remedy, so that nothing more can be tried by itself"
                raise _left_to_a_person(component, memory, run_id, context, why=why)
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
    raise LeftToAPerson(f"{COMPONENTS[component].label} was not healed: {attempts.told(memory)}")


def _left_to_a_person(
    component: str, memory: Treatment, run_id: str, context: Any, *, why: str
) -> LeftToAPerson:
    if _is_tried(component, memory):
        # Noted, for the health DAG brings back every five minutes what was tried and may be tried again.
        outcome = f"{attempts.NOT_HEALED}: left to a person"
        memory = attempts.in_vain(memory, outcome, at=now_text(), run_id=run_id)
        _keep(component, memory)
    _call_a_person(component, memory, context, why=why)
    return LeftToAPerson(f"{COMPONENTS[component].label} is left to a person: {why}")


def _is_tried(component: str, memory: Treatment) -> bool:
    """Whether something was tried in its present illness."""
    state = _latest_states().get(component)
    return bool(state and attempts.since(memory, state["since"])["attempts"])


def _is_final(error: BaseException, ti: Any) -> bool:
    """Whether Airflow does not try the task again after this error."""
    decision = RETRY_POLICY.evaluate(error, ti.try_number, ti.max_tries)
    return decision.action == RetryAction.FAIL or ti.try_number > ti.max_tries


def _tell_of_error(component: str, run_id: str, context: Any, error: BaseException) -> None:
    """Call a person for a component that could not be treated at all: its event does not come again."""
    # People are told no more than this: the text may quote a log of another machine.
    reason = f"{type(error).__name__}, see the log of treat"
    why = f"it could not be treated: {reason}"
    try:
        memory = attempts.in_vain(_treatment(component), f"failed: {reason}", at=now_text(), run_id=run_id)
        _keep(component, memory)
    except Exception:
        # Perhaps it is the bucket that is away; a person is called all the same.
        logger.warning("the try could not be noted", exc_info=True)
        _send(component, attempts.EMPTY, context, why=why)
        return
    _call_a_person(component, memory, context, why=why)


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
    known = _latest_states().get(component)
    found, _ = look(COMPONENTS[component], known["memory"] if known else {})
    logger.info("%s is %s: %s", COMPONENTS[component].label, found.status, found.sentence)
    return found


def _treatment(component: str) -> Treatment:
    return treatments.read(connections.aws_client("s3"), names().bucket, component)


def _keep(component: str, treatment: Treatment) -> None:
    treatments.keep(connections.aws_client("s3"), names().bucket, component, treatment)


def _note_recovery(component: str, treatment: Treatment) -> None:
    if treatment["attempts"] or treatment["called"]:
        _keep(component, attempts.recovered(treatment))


def _call_a_person(component: str, treatment: Treatment, context: Any, *, why: str = "") -> None:
    if treatment["called"]:
        return
    if attempts.called_of_late(treatment, now_text()):
        logger.info("a person was called at %s, and is not called again yet", treatment["called_at"])
        return
    _send(component, treatment, context, why=why)
    try:
        _keep(component, attempts.called(treatment, now_text()))
    except Exception:
        # The next try of this task would call again.
        logger.warning("it could not be noted that a person was called", exc_info=True)


def _send(component: str, treatment: Treatment, context: Any, *, why: str) -> None:
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
