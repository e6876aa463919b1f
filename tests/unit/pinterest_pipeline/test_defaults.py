from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from airflow.providers.amazon.aws.notifications.sns import SnsNotifier
from airflow.sdk import RetryAction
from airflow.serialization.decoders import decode_deadline_reference
from airflow.serialization.encoders import encode_deadline_reference
from botocore.exceptions import EndpointConnectionError, NoCredentialsError
from pinterest_plugin import PinterestPlugin

from cloud_operators.exceptions import ResourceDiffers, ServiceFailed
from pinterest_pipeline import defaults
from pinterest_pipeline.errors import Refused, StillRefused
from pinterest_pipeline.settings import Settings, SettingsError, load_settings


@pytest.fixture
def configured(monkeypatch: pytest.MonkeyPatch) -> Any:
    def configure(**values: str) -> None:
        environment = {"PINTEREST_USER_ID": "sandbox", **{f"PINTEREST_{k}": v for k, v in values.items()}}
        found: Settings = load_settings(environment)
        monkeypatch.setattr(defaults, "settings", lambda: found)

    return configure


@pytest.mark.parametrize(
    ("error", "action"),
    [
        pytest.param(SettingsError("x"), RetryAction.FAIL, id="setting"),
        pytest.param(Refused(403, "Forbidden"), RetryAction.FAIL, id="refused"),
        pytest.param(ResourceDiffers("topic", {}), RetryAction.FAIL, id="differs"),
        pytest.param(NoCredentialsError(), RetryAction.FAIL, id="no-credentials"),
        pytest.param(EndpointConnectionError(endpoint_url="x"), RetryAction.RETRY, id="unreachable"),
        pytest.param(StillRefused("t", 1, "busy"), RetryAction.DEFAULT, id="busy"),
        pytest.param(ServiceFailed("x", "FAILED"), RetryAction.DEFAULT, id="service"),
        pytest.param(KeyError("x"), RetryAction.DEFAULT, id="other"),
    ],
)
def test_what_another_try_cannot_mend_is_not_tried_again(error: Exception, action: RetryAction) -> None:
    assert defaults.RETRY_POLICY.evaluate(error, try_number=1, max_tries=2).action == action


def test_failures_go_to_sns_by_default(configured: Any) -> None:
    configured(ALERT_TOPIC_ARN="arn:aws:sns:us-east-1:123456789012:alerts")
    (notifier,) = defaults.failure_notifiers()
    assert isinstance(notifier, SnsNotifier)
    assert notifier.target_arn == "arn:aws:sns:us-east-1:123456789012:alerts"
    assert notifier.subject == defaults.FAILURE_SUBJECT


def test_nobody_is_told_where_nobody_is_named(configured: Any) -> None:
    configured()
    assert defaults.failure_notifiers() == []
    assert defaults.late_run_alerts("d", timedelta(hours=1)) == []


@pytest.mark.parametrize(
    "path",
    [
        "no.such.Notifier",
        "pinterest_pipeline.settings.Nothing",
        "pathlib.Path",
        "pinterest_pipeline.clock.now_text",
    ],
)
def test_a_class_that_is_no_notifier_is_a_wrong_setting(configured: Any, path: str) -> None:
    configured(NOTIFIERS=f'[{{"class": "{path}"}}]')
    with pytest.raises(SettingsError, match=f"PINTEREST_NOTIFIERS: {path}"):
        defaults.failure_notifiers()


def test_a_late_run_is_told_with_its_dag_and_limit(configured: Any) -> None:
    configured(ALERT_TOPIC_ARN="arn:aws:sns:us-east-1:123456789012:alerts")
    (alert,) = defaults.late_run_alerts("pinterest_daily_batch", timedelta(hours=2))
    assert alert.interval == timedelta(hours=2)
    assert alert.callback.path == "airflow.providers.amazon.aws.notifications.sns.SnsNotifier"
    assert "pinterest_daily_batch has not ended 2:00:00 after" in alert.callback.kwargs["message"]


def test_airflow_can_read_the_reference_of_a_late_run_again(
    configured: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    configured(ALERT_TOPIC_ARN="arn:aws:sns:us-east-1:123456789012:alerts")
    (alert,) = defaults.late_run_alerts("pinterest_daily_batch", timedelta(hours=2))
    encoded, references = encode_deadline_reference(alert.reference), PinterestPlugin.deadline_references
    monkeypatch.setattr(
        "airflow.plugins_manager.get_deadline_references_plugins",
        lambda: {f"{known.__module__}.{known.__name__}": known for known in references},
    )
    assert decode_deadline_reference(encoded).inner_ref == alert.reference
    # Of this name, Airflow would try to work out the deadline anew when a task is cleared, and fail.
    assert encoded["reference_type"] != "DagRunQueuedAtDeadline"


@pytest.mark.parametrize("subject", ["alert_subject", " alert_subject  "])
def test_any_notifier_is_given_the_texts_where_it_wants_them(configured: Any, subject: str) -> None:
    """Each use of a notifier has texts of its own, which may be templates."""
    body = {"text": f"{{{{{subject}}}}}: {{{{ alert_message }}}}", "tags": ["{{ dag.dag_id }}", 3]}
    setting = {"class": "airflow.providers.amazon.aws.notifications.sqs.SqsNotifier"}
    arguments = {
        "queue_url": "https://queue",
        "message_body": "{{ alert_message }}",
        "message_attributes": body,
    }
    configured(NOTIFIERS=json.dumps([{**setting, "arguments": arguments}]))
    (failed,) = defaults.failure_notifiers()
    assert failed.message_body == defaults.FAILURE_MESSAGE  # type: ignore[attr-defined]
    assert failed.message_attributes == {  # type: ignore[attr-defined]
        "text": f"{defaults.FAILURE_SUBJECT}: {defaults.FAILURE_MESSAGE}",
        "tags": ["{{ dag.dag_id }}", 3],
    }
    (told,) = defaults.notifiers_with(subject="{{ a }}", message="{{ b }}")
    assert told.message_body == "{{ b }}"  # type: ignore[attr-defined]
    (alert,) = defaults.late_run_alerts("pinterest_daily_batch", timedelta(hours=2))
    assert alert.callback.kwargs["message_body"].startswith(
        "A run of DAG pinterest_daily_batch has not ended"
    )


def test_arguments_of_the_setting_win(configured: Any) -> None:
    setting = (
        '[{"class": "airflow.providers.amazon.aws.notifications.sns.SnsNotifier",'
        ' "arguments": {"target_arn": "arn", "subject": "mine"}}]'
    )
    configured(NOTIFIERS=setting)
    (notifier,) = defaults.failure_notifiers()
    assert isinstance(notifier, SnsNotifier)
    assert (notifier.subject, notifier.message) == ("mine", defaults.FAILURE_MESSAGE)
