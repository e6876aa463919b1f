"""What is treated, how often, and when a person is called."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from airflow.sdk import RetryAction
from airflow.sdk.exceptions import AirflowTaskTimeout
from botocore.exceptions import ClientError

from pinterest_pipeline.assets import HEALTH
from pinterest_pipeline.defaults import RETRY_POLICY
from pinterest_pipeline.errors import Permanent
from pinterest_pipeline.healing import attempts, remedies, tasks
from pinterest_pipeline.healing.remedies import Remedy
from pinterest_pipeline.health import store
from pinterest_pipeline.health.components import COMPONENTS
from pinterest_pipeline.health.findings import Finding, Status
from pinterest_pipeline.health.records import make_record, make_state
from pinterest_pipeline.settings import SettingsError
from tests.unit.pinterest_pipeline.healing.conftest import Ward

KEY = "health/healing/connector.json"


def event(**changes: str) -> Any:
    return SimpleNamespace(
        extra={
            "changes": [
                {"component": name, "before": "unknown", "after": after} for name, after in changes.items()
            ]
        }
    )


def choose(*events: Any, component: str = "") -> list[str]:
    found: list[str] = tasks.choose_components.function(
        params={"component": component}, triggering_asset_events={HEALTH: list(events)}
    )
    return found


@pytest.fixture
def looks(monkeypatch: pytest.MonkeyPatch) -> list[Status]:
    """What the looks find, one after another; the last one goes on."""
    found = [Status.DOWN]

    def look(component: Any, memory: Any) -> Any:
        status = found.pop(0) if len(found) > 1 else found[0]
        return Finding(status=status, sentence=f"it is {status}"), 0.1

    monkeypatch.setattr(tasks, "look", look)
    return found


@pytest.fixture
def applied(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The remedy of the connector is noted here instead."""
    done: list[str] = []
    remedy = Remedy(name="restart it", apply=lambda: done.append("restarted"))
    monkeypatch.setitem(remedies.CHOOSERS, "connector", lambda found: remedy)
    return done


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> dict[str, timedelta]:
    """How far the time of the tasks is ahead."""
    ahead = {"by": timedelta(0)}
    monkeypatch.setattr(
        tasks, "now_text", lambda: (datetime.now(UTC) + ahead["by"]).isoformat(timespec="seconds")
    )
    return ahead


def ill_since(ward: Ward, at: datetime) -> None:
    """Keep a record in which the connector is down since then."""
    found = Finding(status=Status.DOWN, sentence="it is down")
    state = make_state(found, checked_at=at.isoformat(timespec="seconds"), seconds=0.1)
    record = make_record({"connector": state}, None, checked_at=state["checked_at"], run_id="a_run")
    store.write_record(ward.site.s3, "user-sandbox-bucket", record)


def treat(component: str = "connector") -> dict[str, Any]:
    done: dict[str, Any] = tasks.treat.function(component, run_id="heal_run")
    return done


def test_all_events_of_a_run_are_looked_at_in_the_order_of_components(ward: Ward) -> None:
    ward.use(AUTO_HEAL="true")
    both = choose(event(streams="down", source="down"), event(connector="degraded", streams="unknown"))
    assert both == ["connector", "streams"]


def test_what_became_healthy_is_not_treated(ward: Ward) -> None:
    ward.use(AUTO_HEAL="true")
    assert choose(event(connector="healthy", source="down")) == []
    assert choose() == []


def test_without_the_setting_only_a_person_heals(ward: Ward) -> None:
    assert choose(event(connector="down")) == []
    assert choose(component="connector") == ["connector"]


def test_what_can_be_treated_is_a_component() -> None:
    assert remedies.CHOOSERS.keys() <= COMPONENTS.keys()


def test_what_is_healthy_again_is_left_alone(ward: Ward, looks: list[Status], applied: list[str]) -> None:
    looks[:] = [Status.HEALTHY]
    assert treat()["done"] == "it was healthy again"
    assert applied == []


def test_one_try_that_helps_is_noted_and_enough(ward: Ward, looks: list[Status], applied: list[str]) -> None:
    looks[:] = [Status.DOWN, Status.HEALTHY]
    assert treat() == {"component": "connector", "done": "restart it"}
    assert applied == ["restarted"]
    noted = ward.site.document(KEY)
    assert [(each["remedy"], each["outcome"], each["run_id"]) for each in noted["attempts"]] == [
        ("restart it", "healed", "heal_run")
    ]
    assert ward.site.received() == []


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
    def refuse(found: Finding) -> Remedy:
        raise remedies.Unsafe("it would also change topic sandbox.pin")

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
    def refuse(found: Finding) -> Remedy:
        raise remedies.Unsafe("it would also change topic sandbox.pin")

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


def deny(_: Any) -> Remedy:
    answer: Any = {"Error": {"Code": "AccessDenied", "Message": "not for arn:aws:iam::123456789012:role/x"}}
    raise ClientError(answer, "DescribeConnector")


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
    def refuse(found: Finding) -> Remedy:
        raise remedies.Unsafe("it would also change topic sandbox.pin")

    monkeypatch.setitem(remedies.CHOOSERS, "connector", refuse)
    monkeypatch.setattr(tasks, "_keep", lambda *_: deny(None))
    with pytest.raises(tasks.LeftToAPerson) as left:
        treat()
    assert RETRY_POLICY.evaluate(left.value, 1, 2).action == RetryAction.FAIL
    assert len(ward.site.received()) == 1


def test_a_record_that_can_not_be_read_keeps_nobody_from_treating(
    ward: Ward, looks: list[Status], applied: list[str]
) -> None:
    ward.site.s3.put_object(Bucket="user-sandbox-bucket", Key=store.LATEST, Body=b"{")
    looks[:] = [Status.DOWN, Status.HEALTHY]
    treat()
    assert applied == ["restarted"]


def test_a_try_whose_task_was_killed_counts(
    ward: Ward, looks: list[Status], monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed() -> None:
        raise KeyboardInterrupt

    monkeypatch.setitem(remedies.CHOOSERS, "connector", lambda found: Remedy(name="restart it", apply=killed))
    for _ in range(3):
        with pytest.raises(KeyboardInterrupt):
            treat()
    with pytest.raises(Permanent, match="restart it: begun"):
        treat()
    assert len(ward.site.document(KEY)["attempts"]) == 3


def test_a_remedy_that_fails_is_a_try_with_its_reason(
    ward: Ward, looks: list[Status], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail() -> None:
        raise RuntimeError("the service refuses")

    monkeypatch.setitem(remedies.CHOOSERS, "connector", lambda found: Remedy(name="restart it", apply=fail))
    # The error's own text may quote what people should not be sent.
    with pytest.raises(Permanent, match="failed: RuntimeError, see the log of treat"):
        treat()
    ((_, message),) = ward.site.received()
    assert "the service refuses" not in message


def test_a_state_without_a_remedy_calls_nobody(
    ward: Ward, looks: list[Status], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(remedies.CHOOSERS, "connector", lambda found: None)
    assert treat()["done"].startswith("nothing")
    assert ward.site.received() == []


@pytest.mark.parametrize("body", [b"{", b"[]", b'{"attempts": 3}'])
def test_notes_that_can_not_be_read_keep_nobody_from_treating(
    ward: Ward, looks: list[Status], applied: list[str], body: bytes
) -> None:
    ward.site.s3.put_object(Bucket="user-sandbox-bucket", Key=KEY, Body=body)
    looks[:] = [Status.DOWN, Status.HEALTHY]
    treat()
    assert applied == ["restarted"]


def test_a_dag_that_is_a_remedy_is_run_once_and_followed(
    ward: Ward, looks: list[Status], monkeypatch: pytest.MonkeyPatch
) -> None:
    remedy = Remedy(name="run it", dag_id="pinterest_stream_ingest", conf={"a": 1})
    for component in ("streams", "databricks"):
        monkeypatch.setitem(remedies.CHOOSERS, component, lambda found: remedy)
    treated = [treat("streams"), treat("databricks")]
    assert tasks.list_dag_runs.function(treated) == [
        {"trigger_dag_id": "pinterest_stream_ingest", "conf": {"a": 1}}
    ]
    looks[:] = [Status.HEALTHY]
    outcomes = tasks.look_again.function(["streams", "databricks"], treated)
    assert outcomes == {"streams": "healed", "databricks": "healed"}
    noted = ward.site.document("health/healing/streams.json")
    assert [each["outcome"] for each in noted["attempts"]] == ["healed"]


def test_a_dag_that_did_not_help_is_run_three_times_before_a_person_is_called(
    ward: Ward, looks: list[Status], monkeypatch: pytest.MonkeyPatch
) -> None:
    remedy = Remedy(name="run it", dag_id="pinterest_stream_ingest")
    monkeypatch.setitem(remedies.CHOOSERS, "streams", lambda found: remedy)
    called = []
    for _ in range(3):
        treated = treat("streams")
        with pytest.raises(Permanent, match="Kinesis streams was not healed"):
            tasks.look_again.function(["streams"], [treated])
        called.append(len(ward.site.received()))
    assert called == [0, 0, 1]


def test_a_run_in_which_one_was_not_treated_is_red(ward: Ward) -> None:
    with pytest.raises(Permanent, match="S3 sink connector: see the log of treat"):
        tasks.look_again.function(["connector"], [])
    assert tasks.look_again.function([], []) == {}


def test_a_run_that_has_not_found_out_what_to_treat_is_red(ward: Ward) -> None:
    with pytest.raises(Permanent, match="see the log of choose_components"):
        tasks.look_again.function(None, [])
