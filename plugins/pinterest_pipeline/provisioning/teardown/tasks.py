"""Tasks of ``pinterest_teardown``."""

from __future__ import annotations

import logging
from datetime import timedelta
from functools import partial
from typing import Any

import tenacity
from airflow.sdk import TriggerRule, task

from pinterest_pipeline import connections, other_runs
from pinterest_pipeline.clock import now_text
from pinterest_pipeline.entities import ENTITIES, names
from pinterest_pipeline.errors import Permanent, PipelineError
from pinterest_pipeline.landing import checked as checked_rows
from pinterest_pipeline.landing import retiring
from pinterest_pipeline.landing.manifest import split_uri
from pinterest_pipeline.provisioning import resources
from pinterest_pipeline.provisioning.finders import find_bucket
from pinterest_pipeline.provisioning.teardown import data, deleters, proof, retirement
from pinterest_pipeline.provisioning.teardown.kinds import Find, finder
from pinterest_pipeline.provisioning.teardown.listing import Fate, chosen
from pinterest_pipeline.provisioning.teardown.survey import Survey, changed_since, make_survey, report
from pinterest_pipeline.results.queries import QUERIES
from pinterest_pipeline.settings import settings

logger = logging.getLogger(__name__)

#: A step before that had nothing to delete was skipped, and does not skip the rest.
RULE = TriggerRule.NONE_FAILED
#: Kinds that operators know by name: a stream's ARN is made of it, a topic has none.
NAMED = {"stream", "topic"}
#: DAGs that need what is deleted: all but those that only read tables and states.
USERS = (
    "pinterest_provision_batch",
    "pinterest_provision_stream",
    "pinterest_emulate_posts",
    "pinterest_daily_batch",
    "pinterest_stream_ingest",
    "pinterest_replay",
)
#: Seconds that the sink has for what was sent last.
WRITING_S = 120.0
#: For tasks that take as long as there are objects.
LONG = timedelta(hours=6)


@task(multiple_outputs=True)
def list_resources(*, params: Any = None, ti: Any = None) -> dict[str, Any]:
    """Show what a teardown would delete, keep and lose.

    :returns: a :class:`~.survey.Survey`, and ``report``: the same as Markdown.
    :raises Permanent: when something would be lost or needs what is deleted, unless this is a dry run.
    """
    if not params["dry_run"]:
        _refuse_while_used(ti)
    survey = _survey(params)
    text = report(survey)
    logger.info("What the teardown does:\n%s", text)
    if survey["losses"] and not params["dry_run"]:
        raise Permanent("Nothing was deleted, since this would be lost:\n  " + "\n  ".join(survey["losses"]))
    return {**survey, "report": text}


@task.short_circuit
def stop_dry_run(listed: Any, *, params: Any = None) -> bool:
    """Go on only if this is no dry run, and there is something to take down.

    :param listed: what :func:`list_resources` returned.
    """
    if params["dry_run"]:
        logger.info("This was a dry run: nothing is deleted. With dry_run=false a person is asked")
    return bool(listed["items"] or listed["places"]) and not params["dry_run"]


@task(multiple_outputs=True)
def check_again(approved: Any, *, params: Any = None, ti: Any = None) -> dict[str, Any]:
    """Look again after the approval, which may have taken a day.

    :param approved: what :func:`list_resources` returned.
    :returns: the present :class:`~.survey.Survey`, by which all is deleted.
    :raises Permanent: when something would be deleted that was not approved, when something would be
        lost, or when a run needs what is deleted.
    """
    _refuse_while_used(ti)
    now = _survey(params)
    added = changed_since(approved, now)
    if added:
        raise Permanent(
            "Nothing was deleted, since this was made after the approval; start a new run:\n  "
            + "\n  ".join(added)
        )
    if now["losses"]:
        raise Permanent("Nothing was deleted, since this would be lost:\n  " + "\n  ".join(now["losses"]))
    return {**now}


@task
def choose(items: list[Any], kind: str) -> list[str]:
    """What an operator deletes, for it to be mapped over.

    :param items: what :func:`check_again` found.
    :param kind: the kind of resources that it deletes.
    :returns: ARNs; of what has none, names.
    """
    return [item["name" if kind in NAMED else "identifier"] for item in chosen(items, kind)]


@task(trigger_rule=RULE)
def delete_plugin_file(items: list[Any]) -> None:
    """Delete the sink's file.

    :param items: what :func:`check_again` found.
    """
    for item in chosen(items, "plugin_file"):
        deleters.delete_plugin_file(connections.aws_client("s3"), item["identifier"])


@task(trigger_rule=RULE)
def delete_api(items: list[Any]) -> None:
    """Delete usage plan, key and API, as far as provisioning made them.

    :param items: what :func:`check_again` found.
    """
    client = connections.aws_client("apigateway")
    apis = [item["identifier"] for item in chosen(items, "rest_api")]
    if apis:
        deleters.unbind_apis(client, apis)
    for item in chosen(items, "usage_plan"):
        deleters.delete_usage_plan(client, item["identifier"])
    for item in chosen(items, "api_key"):
        deleters.delete_api_key(client, item["identifier"])
    for api in apis:
        deleters.delete_rest_api(client, api)


@task(trigger_rule=RULE)
def delete_secret(items: list[Any]) -> None:
    """Delete the connection ``pinterest_api``.

    :param items: what :func:`check_again` found.
    """
    for item in chosen(items, "secret"):
        deleters.delete_secret(connections.aws_client("secretsmanager"), item["identifier"])


@task(trigger_rule=RULE)
def delete_ssm_documents(items: list[Any]) -> None:
    """Delete the documents for the EC2 client. What they have installed on it stays.

    :param items: what :func:`check_again` found.
    """
    for item in chosen(items, "ssm_document"):
        deleters.delete_ssm_document(connections.aws_client("ssm"), item["name"])


@task(trigger_rule=RULE)
def delete_alarm(items: list[Any]) -> None:
    """Delete the alarm on the heartbeat of ``pinterest_health``.

    :param items: what :func:`check_again` found.
    """
    for item in chosen(items, "alarm"):
        deleters.delete_alarm(connections.aws_client("cloudwatch"), item["name"])


@task(trigger_rule=RULE)
def wait_until_written(*, params: Any = None) -> None:
    """Wait until the sink has written what was sent before the API was gone.

    :raises Permanent: when something would be lost; connector and topics are there still.
    """
    waiting = tenacity.Retrying(
        retry=tenacity.retry_if_result(bool),
        stop=tenacity.stop_after_delay(WRITING_S),
        wait=tenacity.wait_fixed(2),
        retry_error_callback=lambda state: state.outcome.result() if state.outcome else [],
    )
    losses = waiting(lambda: _survey(params)["losses"])
    if losses:
        raise Permanent("Only the API was deleted, since this would be lost:\n  " + "\n  ".join(losses))


@task(trigger_rule=RULE, execution_timeout=LONG)
def retire_objects(topics: list[str], *, params: Any = None) -> list[str]:
    """Move the landed objects of topics that are deleted out of the way of those that may follow.

    :param topics: data topics that provisioning made.
    :returns: folders to which objects were moved, as ``s3://`` URIs.
    :raises Permanent: when something would be lost.
    """
    losses = _survey(params)["losses"]
    if losses:
        raise Permanent("No topic is deleted, since this would be lost:\n  " + "\n  ".join(losses))
    s3 = connections.aws_client("s3")
    if not topics or find_bucket(s3, names().bucket) is None:
        return []
    # From here on daily runs and provisioning are refused.
    retiring.begun_at(s3, settings().state_root, now_text())
    if params["delete_data"]:
        return []
    return sorted({folder for topic in topics if (folder := _retire(s3, topic))})


@task(trigger_rule=RULE)
def reset_positions(topics: list[str]) -> None:
    """Let daily runs read topics of the same name from their beginning.

    :param topics: data topics that provisioning made.
    """
    if not topics:
        return
    entities = [entity for entity in ENTITIES if names().topic(entity) in topics]
    s3 = connections.aws_client("s3")
    begun = now_text()
    if _has_state(s3):
        begun = retiring.begun_at(s3, settings().state_root, begun)
        # What the checks have passed was of the old topic: all rows of the new one are to be checked.
        uri = f"{settings().state_root}/{checked_rows.FILE}"
        passed = checked_rows.read_passed(s3, uri)
        if passed.keys() & set(entities):
            left = {entity: offset for entity, offset in passed.items() if entity not in entities}
            checked_rows.write_passed(s3, uri, left)
    if not settings().databricks_warehouse_id:
        logger.warning("PINTEREST_DATABRICKS_WAREHOUSE_ID is not set: the positions were not reset")
        return
    for entity in entities:
        topic = names().topic(entity)
        for name, parameters in (
            ("forget_positions", {"topic": topic}),
            ("retire_rows", {"batch_table": names().table(f"{entity}_batch")}),
            (
                "retire_quarantine",
                {
                    "quarantine_table": names().table(f"{entity}_quarantine"),
                    "topic": topic,
                    "begun_at": begun,
                },
            ),
        ):
            connections.run_sql(f"tables/{name}.sql", parameters, missing_table_ok=True)
        logger.info("topic %s: the daily runs begin anew", topic)


@task(trigger_rule=RULE)
def update_record(checked: Any, *, params: Any = None) -> None:
    """Take out of the record what is gone.

    With ``delete_data`` it is left until it is deleted as a whole: a run that goes on needs to know the
    topics whose data is to go.

    :param checked: what :func:`check_again` returned.
    :raises StillThere: naming what is left.
    """
    items = [item for item in checked["items"] if item["kind"] != "bucket"]
    left = proof.find_left(items, _find())
    kept = {(item["kind"], item["name"]) for item in left}
    gone = [item for item in items if (item["kind"], item["name"]) not in kept]
    s3 = connections.aws_client("s3")
    if gone and not params["delete_data"] and _has_state(s3):
        resources.update_record(s3, settings().state_root, partial(proof.without, items=gone))
    if left:
        raise proof.StillThere(left)


@task(trigger_rule=RULE, execution_timeout=LONG)
def delete_data(checked: Any, *, params: Any = None) -> None:
    """Delete the data, if that was chosen.

    :param checked: what :func:`check_again` returned.
    """
    if not params["delete_data"]:
        return
    s3 = connections.aws_client("s3")
    data.delete_places(s3, _places(checked), settings().state_root)
    for item in chosen(checked["items"], "bucket"):
        data.delete_bucket(s3, item["identifier"])


@task(trigger_rule=RULE)
def prove_gone(checked: Any, retired: list[str] | None) -> dict[str, Any]:
    """Look again for everything that was to be deleted.

    :param checked: what :func:`check_again` returned.
    :param retired: folders of landed objects that were moved.
    :returns: ``deleted``, ``left`` and ``kept``, kind and name each; ``retired``; ``drop_tables``: the SQL
        that drops the tables.
    :raises StillThere: naming what is left.
    """
    left = proof.find_left(checked["items"], _find())
    if left:
        raise proof.StillThere(left)
    s3 = connections.aws_client("s3")
    if full := data.left_in(s3, _places(checked)):
        raise PipelineError(f"there is still data in {', '.join(full)}: clear the task delete_data")
    if _has_state(s3):
        retiring.ended(s3, settings().state_root)

    def named(*fates: Fate) -> list[str]:
        return [f"{item['kind']} {item['name']}" for item in checked["items"] if item["fate"] in fates]

    result = {
        "deleted": named(Fate.DELETE, Fate.GONE),
        "left": named(Fate.FOREIGN),
        "kept": named(Fate.KEEP),
        "retired": retired or [],
        "drop_tables": drop_tables(),
    }
    logger.info("Gone: %s", ", ".join(result["deleted"]) or "nothing")
    logger.info("To drop the tables, run:\n%s", "\n".join(result["drop_tables"]))
    return result


def drop_tables() -> list[str]:
    """The SQL that drops all tables of this resource id."""
    found = names()
    tables = [
        found.table(f"{entity}_{suffix}")
        for entity in ENTITIES
        for suffix in ("batch", "table", "quarantine")
    ]
    tables += [found.table("ingest_positions"), found.table("ledger")]
    tables += [found.result_table(query) for query in QUERIES]
    return [f"DROP TABLE IF EXISTS {table};" for table in tables]


def _refuse_while_used(ti: Any) -> None:
    if used := other_runs.with_runs(ti, USERS):
        raise Permanent(
            f"Nothing was deleted: {other_runs.that_have_runs(used)} and need what is deleted. Let them end, "
            "then pause the DAG; or mark them as failed"
        )


def _places(checked: Any) -> list[data.Place]:
    return [data.Place(bucket, prefix) for bucket, prefix in checked["places"]]


def _find() -> Find:
    return finder(names().bucket)


def _has_state(s3: Any) -> bool:
    """Whether the bucket is there in which the record lies."""
    return find_bucket(s3, split_uri(settings().state_root)[0]) is not None


def _survey(params: Any) -> Survey:
    s3 = connections.aws_client("s3")
    return make_survey(
        resources.read_record(s3, settings().state_root) if _has_state(s3) else [],
        _find(),
        names(),
        delete_data=bool(params["delete_data"]),
        leave_unread=bool(params["leave_unread"]),
        with_warehouse=bool(settings().databricks_warehouse_id),
    )


def _retire(s3: Any, topic: str) -> str:
    """Move a topic's objects; gives the folder, or nothing when there was no object."""
    bucket, prefix = names().bucket, f"topics/{topic}/"
    begun = retiring.begun_at(s3, settings().state_root, now_text())
    try:
        target = retirement.retired_prefix(begun)
        moved = retirement.retire_objects(s3, bucket, prefix, target)
    except retirement.Occupied as error:
        # A teardown broke off, and the topics were made again since: what it has moved is left as it is.
        logger.info("%s: this teardown moves objects to a folder of its own", error)
        begun = retiring.begun_at(s3, settings().state_root, now_text(), anew=True)
        target = retirement.retired_prefix(begun)
        moved = retirement.retire_objects(s3, bucket, prefix, target)
    return f"s3://{bucket}/{target}" if moved else ""
