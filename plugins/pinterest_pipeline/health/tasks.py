"""Tasks of ``pinterest_health``."""

from __future__ import annotations

import dataclasses
import json
import logging
from collections.abc import Iterable, Mapping
from typing import Any

from airflow.sdk import TriggerRule, get_current_context, task
from airflow.sdk.exceptions import AirflowSkipException

from pinterest_pipeline import connections
from pinterest_pipeline.assets import HEALTH
from pinterest_pipeline.clock import now_text
from pinterest_pipeline.entities import names
from pinterest_pipeline.healing import attempts, treatments
from pinterest_pipeline.healing.remedies import CHOOSERS
from pinterest_pipeline.health import alerts, page, store, telling
from pinterest_pipeline.health.components import COMPONENTS
from pinterest_pipeline.health.findings import Finding, Status
from pinterest_pipeline.health.looking import error_text, look
from pinterest_pipeline.health.readings import patience
from pinterest_pipeline.health.records import Change, Malformed, Record, Run, make_record, make_state
from pinterest_pipeline.settings import settings

logger = logging.getLogger(__name__)

#: Of the metrics in CloudWatch.
NAMESPACE = "PinterestPipeline"
HEARTBEAT = "HealthHeartbeat"
#: States of a task that has told Airflow of its changes, or had none.
PUBLISHED = ("success", "skipped")


@task(map_index_template="{{ component }}")
def check(component: str) -> dict[str, Any]:
    """Look at a component. It fails for no state of it.

    :param component: its name.
    :returns: ``component`` and ``state``, a :class:`~.records.State`.
    """
    get_current_context()["component"] = COMPONENTS[component].label  # type: ignore[typeddict-unknown-key]
    lacking = ""
    try:
        latest = store.read_latest(patience.aws_client("s3"), names().bucket)
    except Malformed:
        # What is told of it is the matter of the task that keeps the record.
        latest = None
    except Exception as error:
        latest, lacking = None, error_text(error)
    known = latest["components"].get(component) if latest else None
    found, seconds = look(COMPONENTS[component], known["memory"] if known else {})
    if lacking:
        found = _without_memory(found, lacking)
    logger.info("%s is %s: %s", COMPONENTS[component].label, found.status, found.sentence)
    for name, figure in found.figures.items():
        logger.info("  %s: %s %s", name, figure.value, figure.unit)
    return {"component": component, "state": make_state(found, checked_at=now_text(), seconds=seconds)}


def _without_memory(found: Finding, why: str) -> Finding:
    """What a look is worth that had nothing to compare with; its memory does not replace what is there.

    :param found: what it found.
    :param why: why it had nothing to compare with.
    """
    if found.status != Status.HEALTHY:
        return dataclasses.replace(found, memory={})
    return Finding(status=Status.UNKNOWN, sentence=f"what was found last can't be read: {why}")


@task(trigger_rule=TriggerRule.ALL_DONE)
def keep_record(checked: Iterable[Any], *, run_id: Any = None) -> dict[str, Any]:
    """Keep what was found, with since when and what has changed.

    :param checked: what each :func:`check` returned; that of one that was killed is missing.
    :returns: a :class:`~.records.Record`.
    """
    s3, bucket = connections.aws_client("s3"), names().bucket
    found = {each["component"]: each["state"] for each in checked if each}
    checked_at = max([state["checked_at"] for state in found.values()], default=now_text())
    lost = Finding(status=Status.UNKNOWN, sentence="its check did not come to an end; see its log")
    states = {
        name: found.get(name) or make_state(lost, checked_at=checked_at, seconds=0.0) for name in COMPONENTS
    }
    notes, before = [], None
    try:
        before = store.read_latest(s3, bucket)
    except Malformed as error:
        copy = store.set_aside(s3, bucket, store.LATEST, checked_at)
        notes.append(f"{error}. It was copied to {copy}; states count from now")
        logger.warning("%s", notes[-1])
    if before and before["run_id"] == run_id:
        logger.info("the record of this run was kept already")
        return {**before}
    record = make_record(states, before, checked_at=checked_at, run_id=run_id, notes=notes)
    key = store.write_record(s3, bucket, record)
    logger.info("kept as s3://%s/%s", bucket, key)
    for name, state in record["components"].items():
        logger.info("%-18s %-9s since %s  %s", name, state["status"], state["since"], state["sentence"])
    return {**record}


@task(outlets=[HEALTH], trigger_rule=TriggerRule.NONE_FAILED)
def publish_changes(record: Record, *, ti: Any = None, outlet_events: Any = None) -> None:
    """Tell Airflow of components that have changed their state, and of those that a try has not healed.

    What the runs before could not tell it is told now.

    :param record: what :func:`keep_record` returned.
    :raises AirflowSkipException: when there are none.
    """
    earlier = store.read_earlier(
        connections.aws_client("s3"), names().bucket, record, until=lambda run: _was_published(ti, run)
    )
    for each in earlier:
        logger.warning("the changes of run %s were not published: they are now", each["run_id"])
    changes = [change for each in (*earlier, record) for change in each["changes"]]
    still_ill = _treated_in_vain(record, changes)
    if not changes and not still_ill:
        raise AirflowSkipException("no component has changed its state")
    outlet_events[HEALTH].extra = {
        "run_id": record["run_id"],
        "changes": changes,
        "still_ill": still_ill,
    }


@task(trigger_rule=TriggerRule.NONE_FAILED)
def tell_people(record: Record) -> list[str]:
    """Send what people do not know yet, in one message.

    :param record: what :func:`keep_record` returned.
    :returns: components of which was told.
    """
    s3, bucket = connections.aws_client("s3"), names().bucket
    told, decided = _told(s3, bucket)
    # A run that came to no end here is owed: what it alone has seen, such as new dead letters, is told too.
    for each in store.read_earlier(s3, bucket, record, until=lambda run: not decided or _key(run) <= decided):
        logger.warning("run %s has not told people: it is made up for", each["run_id"])
        found, known = alerts.decide(each, told)
        told = alerts.unsent(known, found)
    found, known = alerts.decide(record, told)
    if found:
        tried = {alert.component: _tried(s3, bucket, alert.component, alert.ill_since) for alert in found}
        subject, message = alerts.message(found, record, tried=tried)
        try:
            sent = telling.send(subject, message, get_current_context())
        except Exception:
            # Told by the next try or run, also of what is over by then.
            _keep_told(s3, bucket, alerts.unsent(known, found), record)
            raise
        logger.info("sent through %d notifiers:\n%s\n\n%s", sent, subject, message)
        if not sent:
            logger.warning("nobody was told: set PINTEREST_ALERT_TOPIC_ARN or PINTEREST_NOTIFIERS")
    _keep_told(s3, bucket, known, record)
    return [alert.component for alert in found]


@task
def draw_page() -> None:
    """Write the page that shows all of it at a glance, as of the latest record.

    :raises Malformed: when that can't be read.
    """
    s3, bucket = connections.aws_client("s3"), names().bucket
    # Not the record of this run: one that is cleared later must not show what was then.
    latest = store.read_latest(s3, bucket)
    if latest is None:
        raise AirflowSkipException("no record is there any more")
    earlier = store.read_earlier(s3, bucket, latest, until=lambda run: False)
    tried = {
        name: _tried(s3, bucket, name, state["since"])
        for name, state in latest["components"].items()
        if state["status"] != Status.HEALTHY
    }
    store.write_page(s3, bucket, page.render(latest, earlier, user_id=settings().user_id, tried=tried))
    logger.info("written as s3://%s/%s; see docs/health.md for how to open it", bucket, store.PAGE)


@task(trigger_rule=TriggerRule.NONE_FAILED)
def put_heartbeat(record: Record) -> None:
    """Tell CloudWatch that the health of the pipeline was looked at.

    :param record: what :func:`keep_record` returned.
    """
    dimensions = [{"Name": "ResourceId", "Value": settings().user_id}]
    healthy = sum(state["status"] == Status.HEALTHY for state in record["components"].values())
    connections.aws_client("cloudwatch").put_metric_data(
        Namespace=NAMESPACE,
        MetricData=[
            {"MetricName": HEARTBEAT, "Dimensions": dimensions, "Value": 1.0, "Unit": "Count"},
            {
                "MetricName": "UnhealthyComponents",
                "Dimensions": dimensions,
                "Value": float(len(record["components"]) - healthy),
                "Unit": "Count",
            },
        ],
    )


def _was_published(ti: Any, run: Run) -> bool:
    """Whether a run has told Airflow of its changes; of one that Airflow does not know it is not asked."""
    states = ti.get_task_states(dag_id=ti.dag_id, task_ids=[ti.task_id], run_ids=[run["run_id"]])
    return all(state in PUBLISHED for each in states.values() for state in each.values())


def _treated_in_vain(record: Record, changes: Iterable[Change]) -> list[str]:
    """What is ill as before although it was treated, and may be tried again, or is nobody's yet."""
    if not settings().auto_heal:
        return []
    s3, bucket, now = connections.aws_client("s3"), names().bucket, now_text()
    changed = {change["component"] for change in changes}
    found = []
    for name in CHOOSERS:
        state = record["components"].get(name)
        if state is None or name in changed or state["status"] == Status.HEALTHY:
            continue
        treatment = treatments.read(s3, bucket, name)
        tried = attempts.since(treatment, state["since"])["attempts"]
        if tried and (attempts.tries_left(treatment, now) or not treatment["called"]):
            found.append(name)
    return found


def _tried(s3: Any, bucket: str, component: str, ill_since: str) -> str:
    """What was done about this illness of it, as far as it can be read: people are told without it."""
    if not ill_since:
        return ""
    try:
        return attempts.told(attempts.since(treatments.read(s3, bucket, component), ill_since))
    except Exception:
        logger.warning("what was tried about %s can't be read", component, exc_info=True)
        return ""


def _told(s3: Any, bucket: str) -> tuple[dict[str, alerts.Told], str]:
    """What people know, and :func:`_key` of the last run that has told them; empty when nothing says so."""
    body = store.read_object(s3, bucket, store.TOLD)
    try:
        found = json.loads(body) if body else {}
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        logger.warning("s3://%s/%s can't be read: all that is not healthy is told again", bucket, store.TOLD)
        return {}, ""
    return alerts.parse_told(found.get("components")), str(found.get("decided", ""))


def _keep_told(s3: Any, bucket: str, told: Mapping[str, alerts.Told], record: Record) -> None:
    store.write_document(s3, bucket, store.TOLD, {"decided": _key(record), "components": told})


def _key(run: Run | Record) -> str:
    """What names a run in the history, by time."""
    return store.history_key(run["checked_at"], run["run_id"])
