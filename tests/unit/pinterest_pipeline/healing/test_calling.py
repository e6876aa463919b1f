"""When a person is called, and when not again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from airflow.sdk import RetryAction
from airflow.sdk.exceptions import AirflowTaskTimeout
from botocore.exceptions import ClientError

from pinterest_pipeline.defaults import RETRY_POLICY
from pinterest_pipeline.errors import Permanent
from pinterest_pipeline.healing import attempts, remedies, tasks
from pinterest_pipeline.healing.remedies import Remedy
from pinterest_pipeline.health.findings import Status
from pinterest_pipeline.settings import SettingsError
from tests.unit.pinterest_pipeline.healing.conftest import Ward
from tests.unit.pinterest_pipeline.healing.treating import KEY, choose, deny, event, ill_since, refuse, treat


def test_after_three_tries_a_person_is_called_once(
    ward: Ward, looks: list[Status], applied: list[str]
) -> None:
    with pytest.raises(Permanent, match="S3 sink connector was not healed"):
        treat()
    assert applied == ["restarted"] * 3
    ((subject, message),) = ward.site.received()
    assert subject == "Pinterest pipeline: S3 sink connector could not be healed"
    assert "after 3 tries within two hours" in message
    assert message.count("restart it: not healed: it is down") == 3
    assert "docs/runbooks/connector.md" in message
    with pytest.raises(Permanent):
        treat()
    assert applied == ["restarted"] * 3
    assert ward.site.received() == []


def test_the_next_illness_calls_a_person_again_but_not_within_two_hours(
    ward: Ward, looks: list[Status], applied: list[str], clock: dict[str, timedelta]
) -> None:
    """As it goes in production: a person mends it, and the event of its recovery comes. It may flap."""
    ward.use(AUTO_HEAL="true")
    with pytest.raises(Permanent):
        treat()
    assert len(ward.site.received()) == 1
    assert choose(event(connector="healthy")) == []
    # Within two hours nothing more is tried, and who was called knows of it.
    for minutes in (10, 20, 115):
        clock["by"] = timedelta(minutes=minutes)
        with pytest.raises(Permanent):
            treat()
        choose(event(connector="healthy"))
    assert len(applied) == 3
    assert ward.site.received() == []
    clock["by"] = timedelta(hours=3)
    with pytest.raises(Permanent):
        treat()
    assert len(applied) == 6
    assert len(ward.site.received()) == 1
    choose(event(connector="healthy"))
    clock["by"] = timedelta(hours=6)
    looks[:] = [Status.DOWN, Status.HEALTHY]
    treat()
    assert len(applied) == 7
    assert len(ward.site.document(KEY)["attempts"]) == 7


def test_a_person_who_asks_for_it_is_not_refused(ward: Ward, looks: list[Status], applied: list[str]) -> None:
    with pytest.raises(Permanent):
        treat()
    assert choose(component="connector") == ["connector"]
    looks[:] = [Status.DOWN, Status.HEALTHY]
    treat()
    assert len(applied) == 4


def test_what_is_healed_and_ill_again_is_not_healed_for_ever(
    ward: Ward, looks: list[Status], applied: list[str]
) -> None:
    ward.use(AUTO_HEAL="true")
    for _ in range(3):
        looks[:] = [Status.DOWN, Status.HEALTHY]
        treat()
        choose(event(connector="healthy"))
    looks[:] = [Status.DOWN, Status.HEALTHY]
    with pytest.raises(Permanent, match="was not healed"):
        treat()
    assert len(applied) == 3
    ((_, message),) = ward.site.received()
    assert message.count("restart it: healed") == 3


def test_what_would_do_more_than_heal_is_left_to_a_person(
    ward: Ward, looks: list[Status], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(remedies.CHOOSERS, "connector", refuse)
    for _ in range(2):
        with pytest.raises(Permanent, match="is left to a person: it would also change topic"):
            treat()
    ((_, message),) = ward.site.received()
    assert "left to a person: it would also change topic sandbox.pin" in message


@pytest.mark.parametrize("by_event", [True, False])
def test_the_next_illness_that_nothing_was_tried_about_calls_a_person_again(
    ward: Ward,
    looks: list[Status],
    monkeypatch: pytest.MonkeyPatch,
    clock: dict[str, timedelta],
    by_event: bool,
) -> None:
    monkeypatch.setitem(remedies.CHOOSERS, "connector", refuse)
    calls = []
    for hours in (0, 3):
        clock["by"], looks[:] = timedelta(hours=hours), [Status.DOWN]
        with pytest.raises(Permanent):
            treat()
        calls.append(len(ward.site.received()))
        if by_event:
            choose(event(connector="healthy"))
        else:
            looks[:] = [Status.HEALTHY]
            treat()
    assert calls == [1, 1]


def test_what_is_tried_and_left_to_a_person_does_not_come_back_at_once(
    ward: Ward,
    looks: list[Status],
    applied: list[str],
    monkeypatch: pytest.MonkeyPatch,
    clock: dict[str, timedelta],
) -> None:
    """A try is noted: the health DAG brings back what may be tried again."""
    ill_since(ward, datetime.now(UTC))
    found = [Remedy(name="restart it", apply=lambda: None), None]
    monkeypatch.setitem(remedies.CHOOSERS, "connector", lambda _: found.pop(0) if len(found) > 1 else None)
    with pytest.raises(Permanent, match="nothing more can be tried by itself"):
        treat()
    ((_, message),) = ward.site.received()
    assert "nothing more can be tried by itself" in message
    assert "restart it: not healed: it is down" in message
    noted = ward.site.document(KEY)
    assert [each["remedy"] for each in noted["attempts"]] == ["restart it", attempts.CHOOSING]
    for hours in (1, 25):
        clock["by"] = timedelta(hours=hours)
        with pytest.raises(Permanent):
            treat()
        noted = attempts.parse_treatment(ward.site.document(KEY))
        assert attempts.tries_left(noted, tasks.now_text()) == 0
    assert ward.site.received() == []


def test_tries_of_an_illness_before_call_nobody_when_there_is_no_remedy(
    ward: Ward, looks: list[Status], applied: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    looks[:] = [Status.DOWN, Status.HEALTHY]
    treat()
    ill_since(ward, datetime.now(UTC) + timedelta(minutes=1))
    looks[:] = [Status.DOWN]
    monkeypatch.setitem(remedies.CHOOSERS, "connector", lambda found: None)
    assert treat()["done"].startswith("nothing")
    assert ward.site.received() == []


@pytest.mark.parametrize("error", [ClientError, AirflowTaskTimeout])
def test_an_error_before_there_is_a_remedy_calls_a_person_after_the_last_try(
    ward: Ward, looks: list[Status], monkeypatch: pytest.MonkeyPatch, error: type[BaseException]
) -> None:
    def time_out(_: Any) -> Remedy:
        raise AirflowTaskTimeout

    monkeypatch.setitem(remedies.CHOOSERS, "connector", deny if error is ClientError else time_out)
    calls = []
    for number in (1, 2, 3):
        ward.ti.try_number = number
        with pytest.raises(error):
            treat()
        calls += ward.site.received()
        assert len(calls) == (number == 3)
    ((_, message),) = calls
    assert (
        f"S3 sink connector is ill, and is left to a person: it could not be treated: {error.__name__}"
        in (message)
    )
    assert "123456789012" not in message
    noted = ward.site.document(KEY)
    assert [(each["remedy"], each["outcome"]) for each in noted["attempts"]] == [
        (attempts.CHOOSING, f"failed: {error.__name__}, see the log of treat")
    ]
    assert attempts.tries_left(attempts.parse_treatment(noted), tasks.now_text()) == 0
    # Cleared by a person it fails again, and calls nobody a second time.
    with pytest.raises(Permanent):
        treat()
    assert ward.site.received() == []


def test_an_error_that_airflow_does_not_try_again_calls_a_person_at_once(
    ward: Ward, looks: list[Status], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_: Any) -> Remedy:
        raise SettingsError("PINTEREST_MSK_CLUSTER_ARN is not set")

    monkeypatch.setitem(remedies.CHOOSERS, "connector", refuse)
    with pytest.raises(SettingsError):
        treat()
    assert len(ward.site.received()) == 1


@pytest.mark.parametrize("broken", ["_treatment", "_keep"])
def test_an_error_that_can_not_be_noted_calls_a_person_once(
    ward: Ward, looks: list[Status], applied: list[str], monkeypatch: pytest.MonkeyPatch, broken: str
) -> None:
    monkeypatch.setattr(tasks, broken, lambda *_: deny(None))
    for number in (1, 2, 3):
        ward.ti.try_number = number
        with pytest.raises(ClientError):
            treat()
    ((_, message),) = ward.site.received()
    assert "it could not be treated: ClientError" in message
    # What is not noted is not made.
    assert applied == []


def test_a_call_that_can_not_be_noted_is_not_made_again_by_the_next_try(
    ward: Ward, looks: list[Status], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(remedies.CHOOSERS, "connector", refuse)
    monkeypatch.setattr(tasks, "_keep", lambda *_: deny(None))
    with pytest.raises(tasks.LeftToAPerson) as left:
        treat()
    assert RETRY_POLICY.evaluate(left.value, 1, 2).action == RetryAction.FAIL
    assert len(ward.site.received()) == 1
