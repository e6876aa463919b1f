"""What all DAGs share: tags, owner, retries, alerts and deadlines."""

from __future__ import annotations

import importlib
import re
from collections.abc import Mapping
from datetime import timedelta
from enum import StrEnum
from typing import Any

from airflow.sdk import ExceptionRetryPolicy, RetryAction, RetryRule
from airflow.sdk.bases.notifier import BaseNotifier
from airflow.sdk.definitions.callback import AsyncCallback
from airflow.sdk.definitions.deadline import DeadlineAlert

from pinterest_pipeline.deadlines import RunQueued
from pinterest_pipeline.settings import PREFIX, NotifierSetting, SettingsError, settings


class Tag(StrEnum):
    """The tags of DAGs; no others are used."""

    PINTEREST = "pinterest"
    PROVISIONING = "pinterest:provisioning"
    BATCH = "pinterest:batch"
    STREAM = "pinterest:stream"
    RESULTS = "pinterest:results"
    HEALTH = "pinterest:health"
    MAINTENANCE = "pinterest:maintenance"
    MANUAL = "pinterest:manual"
    SCHEDULED = "pinterest:scheduled"


#: The kinds of runs that a DAG allows. A backfill of a DAG that reads on from a mark makes no sense.
MANUAL_RUNS: Any = ("manual",)
TIMED_RUNS: Any = ("scheduled", "manual")
ASSET_RUNS: Any = ("asset_triggered", "manual")
#: Of DAGs that are a remedy of ``pinterest_heal``, which runs them.
HEALING_RUNS: Any = ("operator_triggered",)

OWNER = "pinterest-data-engineering"

#: Placeholders in the arguments of notifiers.
_SUBJECT, _MESSAGE = (re.compile(rf"{{{{\s*alert_{name}\s*}}}}") for name in ("subject", "message"))

FAILURE_SUBJECT = "Airflow: {{ dag.dag_id }} failed"
FAILURE_MESSAGE = (
    "Task {{ ti.task_id }} of DAG {{ dag.dag_id }} failed in run {{ run_id }} (try {{ ti.try_number }}).\n"
    "{{ exception | default('no exception was recorded', true) }}\n"
    "Log: {{ ti.log_url | default('see the task in the UI', true) }}\n"
    "What to do: see the documentation of the DAG in the UI."
)

#: Errors of settings, callers and contracts, which the next try meets again, and lost connections, which it
#: does not.
RETRY_POLICY = ExceptionRetryPolicy(
    rules=[
        RetryRule(
            exception=[
                "pinterest_pipeline.settings.SettingsError",
                "pinterest_pipeline.errors.Permanent",
                "cloud_operators.exceptions.ResourceDiffers",
                "cloud_operators.exceptions.AmbiguousName",
                "cloud_operators.exceptions.ResourceMissing",
            ],
            action=RetryAction.FAIL,
            reason="a setting or a resource must be changed first",
        ),
        RetryRule(
            exception=[
                "botocore.exceptions.NoCredentialsError",
                "botocore.exceptions.ParamValidationError",
            ],
            action=RetryAction.FAIL,
            reason="AWS refuses this call whenever it is made",
        ),
        RetryRule(
            exception=["requests.exceptions.ConnectionError", "botocore.exceptions.EndpointConnectionError"],
            action=RetryAction.RETRY,
            retry_delay=timedelta(seconds=20),
            reason="the service could not be reached",
        ),
    ]
)


def failure_notifiers() -> list[BaseNotifier]:
    """The notifiers that are told of a failed task.

    :raises SettingsError: when a configured class can't be imported or refuses its arguments.
    """
    return notifiers_with(subject=FAILURE_SUBJECT, message=FAILURE_MESSAGE)


def notifiers_with(*, subject: str, message: str) -> list[BaseNotifier]:
    """The notifiers of the settings, with texts of their own.

    :param subject: a template.
    :param message: a template.
    :raises SettingsError: when a configured class can't be imported or refuses its arguments.
    """
    return [_notifier(setting, subject, message) for setting in settings().notifiers]


def default_args() -> dict[str, Any]:
    """The default arguments of all DAGs."""
    return {
        "owner": OWNER,
        "retries": 2,
        "retry_delay": timedelta(seconds=30),
        "retry_exponential_backoff": 2.0,
        "max_retry_delay": timedelta(minutes=10),
        "retry_policy": RETRY_POLICY,
        "execution_timeout": timedelta(hours=1),
        "on_failure_callback": failure_notifiers(),
    }


def late_run_alerts(dag_id: str, limit: timedelta) -> list[DeadlineAlert]:
    """Alerts that a run is late.

    :param dag_id: named in the message.
    :param limit: time from the run's creation to the alert.
    """
    message = (
        f"A run of DAG {dag_id} has not ended {limit} after it was created. "
        "Its tasks and their logs in the UI show what it waits for."
    )
    return [
        DeadlineAlert(
            name=f"{dag_id}_late",
            reference=RunQueued(),
            interval=limit,
            callback=AsyncCallback(
                setting.path,
                kwargs=_with_texts(setting, subject=f"Airflow: {dag_id} is late", message=message),
            ),
        )
        for setting in settings().notifiers
    ]


def _notifier(setting: NotifierSetting, subject: str, message: str) -> BaseNotifier:
    try:
        module, _, name = setting.path.rpartition(".")
        kind = getattr(importlib.import_module(module), name)
        made = kind(**_with_texts(setting, subject=subject, message=message))
    except (ImportError, AttributeError, TypeError) as error:
        raise SettingsError(f"{PREFIX}NOTIFIERS: {setting.path} can't be used: {error}") from error
    if not isinstance(made, BaseNotifier):
        raise SettingsError(f"{PREFIX}NOTIFIERS: {setting.path} is no notifier class")
    return made


def _with_texts(setting: NotifierSetting, *, subject: str, message: str) -> dict[str, Any]:
    """The arguments of a notifier, in which placeholders stand for the texts, which may be templates."""
    given: dict[str, Any] = _filled(setting.arguments, subject, message)
    if setting.path.rpartition(".")[2] != "SnsNotifier":
        # A class that takes other arguments than SnsNotifier gets exactly those of the setting.
        return given
    return {"subject": subject, "message": message, **given}


def _filled(value: Any, subject: str, message: str) -> Any:
    if isinstance(value, str):
        return _SUBJECT.sub(lambda _: subject, _MESSAGE.sub(lambda _: message, value))
    if isinstance(value, Mapping):
        return {name: _filled(each, subject, message) for name, each in value.items()}
    return [_filled(each, subject, message) for each in value] if isinstance(value, list) else value
