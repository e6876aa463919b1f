"""What is treated, and how often."""

from __future__ import annotations

import pytest

from pinterest_pipeline.errors import Permanent
from pinterest_pipeline.healing import remedies, tasks
from pinterest_pipeline.healing.remedies import Remedy
from pinterest_pipeline.health import store
from pinterest_pipeline.health.components import COMPONENTS
from pinterest_pipeline.health.findings import Status
from tests.unit.pinterest_pipeline.healing.conftest import Ward
from tests.unit.pinterest_pipeline.healing.treating import KEY, choose, event, treat


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
