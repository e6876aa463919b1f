"""People are told of each change once, of what belongs together once, and of a flapping component rarely."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from pinterest_pipeline.health import alerts
from pinterest_pipeline.health.components import COMPONENTS, all_needs
from pinterest_pipeline.health.findings import Finding, Status
from pinterest_pipeline.health.records import Record, make_record, make_state

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
HEALTHY, DEGRADED, DOWN, UNKNOWN = Status.HEALTHY, Status.DEGRADED, Status.DOWN, Status.UNKNOWN


class Watch:
    """Health runs, five minutes apart."""

    def __init__(self) -> None:
        self.now = NOON
        self.record: Record | None = None
        self.told: dict[str, alerts.Told] = {}
        #: Components whose findings are news.
        self.news: set[str] = set()

    def run(self, **statuses: Status) -> list[tuple[str, str]]:
        """One run; gives component and state of what is told."""
        at = self.now.isoformat()
        states = {
            name: make_state(
                Finding(
                    status=statuses.get(name, HEALTHY), sentence=f"{name} sentence", news=name in self.news
                ),
                checked_at=at,
                seconds=0,
            )
            for name in COMPONENTS
        }
        self.record = make_record(states, self.record, checked_at=at, run_id="run")
        self.found, self.told = alerts.decide(self.record, self.told)
        self.now += timedelta(minutes=5)
        return [(alert.component, alert.status) for alert in self.found]

    def lose(self, **statuses: Status) -> None:
        """One run whose message can't be sent."""
        self.run(**statuses)
        self.told = alerts.unsent(self.told, self.found)

    def message(self) -> tuple[str, str]:
        assert self.record is not None
        return alerts.message(self.found, self.record)


@pytest.fixture
def watch() -> Watch:
    return Watch()


def test_a_healthy_pipeline_is_told_of_never(watch: Watch) -> None:
    assert [watch.run() for _ in range(50)] == [[]] * 50


@pytest.mark.parametrize("component", COMPONENTS)
@pytest.mark.parametrize("status", [DEGRADED, DOWN])
def test_a_breakage_is_told_once_and_so_is_its_end(watch: Watch, component: str, status: Status) -> None:
    watch.run()
    assert watch.run(**{component: status}) == [(component, status)]
    assert [watch.run(**{component: status}) for _ in range(20)] == [[]] * 20
    assert watch.run() == [(component, "healthy")]
    assert watch.run() == []


def test_one_that_is_ill_at_the_first_look_is_told(watch: Watch) -> None:
    assert watch.run(source=DOWN) == [("source", "down")]


def test_one_look_that_failed_is_not_told_and_a_second_one_is(watch: Watch) -> None:
    watch.run()
    assert watch.run(source=UNKNOWN) == []
    assert watch.run() == []
    assert watch.run(source=UNKNOWN) == []
    assert watch.run(source=UNKNOWN) == [("source", "unknown")]
    assert watch.run(source=UNKNOWN) == []
    assert watch.run() == [("source", "healthy")]


def test_a_failed_look_between_two_of_an_illness_tells_nothing(watch: Watch) -> None:
    assert watch.run(source=DOWN) == [("source", "down")]
    assert watch.run(source=UNKNOWN) == []
    assert watch.run(source=DOWN) == []


def test_what_needs_an_ill_component_is_not_told_of_beside_it(watch: Watch) -> None:
    watch.run()
    ill = dict.fromkeys(("cluster", "topics", "rest_proxy", "api", "connector", "sink_lag"), DOWN)
    assert watch.run(**ill) == [("cluster", "down")]
    assert watch.run(**ill) == []
    # The lag is made up for a run later.
    assert watch.run(sink_lag=DEGRADED) == [("cluster", "healthy")]
    assert watch.run() == []


def test_what_is_worse_than_what_it_needs_is_told_beside_it(watch: Watch) -> None:
    watch.run()
    assert watch.run(cluster=DEGRADED) == [("cluster", "degraded")]
    assert watch.run(cluster=DEGRADED, connector=DOWN) == [("connector", "down")]
    assert watch.run(cluster=DEGRADED) == [("connector", "healthy")]
    # The counts in the ledger do not agree, after a batch that failed in the night.
    assert watch.run(databricks=DEGRADED, tables=DOWN) == [
        ("cluster", "healthy"),
        ("databricks", "degraded"),
        ("tables", "down"),
    ]


def test_what_is_as_ill_as_what_it_needs_is_its_consequence(watch: Watch) -> None:
    watch.run()
    assert watch.run(connector=DEGRADED, sink_lag=DEGRADED) == [("connector", "degraded")]
    assert watch.run(connector=DEGRADED, sink_lag=DOWN) == [("sink_lag", "down")]


def test_one_that_is_not_known_hides_nothing(watch: Watch) -> None:
    """The REST proxy without its setting is unknown for good."""
    assert watch.run(rest_proxy=UNKNOWN) == []
    assert watch.run(rest_proxy=UNKNOWN) == [("rest_proxy", "unknown")]
    assert watch.run(rest_proxy=UNKNOWN, api=DEGRADED) == [("api", "degraded")]
    assert watch.run(rest_proxy=UNKNOWN, api=DOWN) == [("api", "down")]


def test_what_is_not_known_beside_one_that_is_not_is_not_told_twice(watch: Watch) -> None:
    for _ in range(2):
        found = watch.run(cluster=UNKNOWN, topics=UNKNOWN)
    assert found == [("cluster", "unknown")]


def test_what_a_look_sees_only_once_is_told_whatever_else_is_ill(watch: Watch) -> None:
    watch.run()
    watch.news = {"dead_letters", "tables"}
    ill = {"cluster": DOWN, "topics": DOWN, "dead_letters": DEGRADED, "databricks": DOWN, "tables": DEGRADED}
    assert watch.run(**ill) == [
        ("cluster", "down"),
        ("dead_letters", "degraded"),
        ("databricks", "down"),
        ("tables", "degraded"),
    ]


def test_what_is_still_ill_when_what_it_needs_is_well_is_told(watch: Watch) -> None:
    watch.run()
    assert watch.run(cluster=DOWN, connector=DOWN) == [("cluster", "down")]
    assert watch.run(connector=DOWN) == [("cluster", "healthy")]
    assert watch.run(connector=DOWN) == [("connector", "down")]


def test_several_at_once_are_one_message(watch: Watch) -> None:
    watch.run()
    assert watch.run(source=DOWN, databricks=DEGRADED) == [("source", "down"), ("databricks", "degraded")]
    subject, text = watch.message()
    assert subject == "Pinterest pipeline: Source database, Databricks changed"
    assert "- Source database is down since 2026-03-01T12:05:00+00:00 (was healthy): source sentence." in text
    assert "docs/runbooks/source.md" in text
    assert "docs/runbooks/databricks.md" in text
    assert "All else is healthy." in text


def test_a_message_names_what_was_told_before(watch: Watch) -> None:
    watch.run(source=DOWN)
    watch.run(source=DOWN, landing=DEGRADED)
    subject, text = watch.message()
    assert subject == "Pinterest pipeline: Landing in S3 degraded"
    assert "As told before: Source database down." in text


def test_a_message_tells_consequences_and_failed_looks_from_what_was_told(watch: Watch) -> None:
    watch.run(source=DOWN)
    assert watch.run(source=DOWN, rest_proxy=DOWN, api=DOWN, streams=UNKNOWN) == [("rest_proxy", "down")]
    _, text = watch.message()
    assert "As told before: Source database down.\n" in text
    assert "As a consequence: API down.\n" in text
    assert "Not known this time: Kinesis streams unknown.\n" in text


def test_the_end_of_it_names_no_runbook(watch: Watch) -> None:
    watch.run(source=DOWN)
    watch.run()
    subject, text = watch.message()
    assert subject == "Pinterest pipeline: Source database healthy"
    assert "(was down)" in text
    assert "runbooks" not in text


def test_a_subject_is_what_sns_takes(watch: Watch) -> None:
    watch.run(**dict.fromkeys(COMPONENTS, DOWN))
    subject, _ = watch.message()
    assert len(subject) <= 100
    assert subject.isascii()


def test_a_flapping_component_is_told_of_six_times_and_then_when_it_is_steady(watch: Watch) -> None:
    told = [watch.run(source=DOWN if number % 2 else HEALTHY) for number in range(24)]
    # Five changes, one by one, and the sixth as flapping; then nothing, for the rest of two hours.
    assert [bool(each) for each in told] == [False] + [True] * 6 + [False] * 17
    # The last change was down, 5 minutes ago; it stays so for half an hour.
    quiet = [watch.run(source=DOWN) for _ in range(7)]
    assert [bool(each) for each in quiet] == [False] * 5 + [True] + [False]
    assert watch.run() == [("source", "healthy")]


def test_what_flaps_is_said_to(watch: Watch) -> None:
    for number in range(7):
        watch.run(source=DOWN if number % 2 else HEALTHY)
    _, text = watch.message()
    assert "Source database flaps, with 6 changes within 1:00:00. Now it is healthy" in text


def test_looks_that_fail_every_other_time_are_told_of_as_flapping(watch: Watch) -> None:
    """None of them is told of by itself, since the next one does not fail."""
    told = [watch.run(source=UNKNOWN if number % 2 else HEALTHY) for number in range(24)]
    assert [bool(each) for each in told] == [False] * 6 + [True] + [False] * 17
    quiet = [watch.run() for _ in range(9)]
    # The last look that failed ended 5 minutes after the 24th.
    assert [bool(each) for each in quiet] == [False] * 6 + [True] + [False] * 2


def test_once_steady_it_has_to_change_six_times_anew_to_flap(watch: Watch) -> None:
    """Six changes within 25 minutes are still of the last hour when it has been steady for half of one."""
    for number in range(7):
        watch.run(source=DOWN if number % 2 else HEALTHY)
    quiet = [watch.run() for _ in range(6)]
    assert [bool(each) for each in quiet] == [False] * 5 + [True]
    assert watch.run() == []
    assert watch.run(source=DOWN) == [("source", "down")]
    assert "source sentence" in watch.message()[1]
    assert "flaps" not in watch.message()[1]


@pytest.mark.parametrize("suffers", [DEGRADED, DOWN, UNKNOWN])
def test_what_suffers_from_a_flapping_component_is_not_said_to_flap(watch: Watch, suffers: Status) -> None:
    told = []
    for number in range(24):
        ill = number % 2
        told += watch.run(cluster=DOWN if ill else HEALTHY, topics=suffers if ill else HEALTHY)
    assert {component for component, _ in told} == {"cluster"}


def test_what_was_hidden_and_goes_on_alone_counts_from_then_on(watch: Watch) -> None:
    watch.run()
    watch.run(cluster=DOWN, topics=DOWN)
    watch.run(topics=DOWN)
    assert watch.run(topics=DOWN) == [("topics", "down")]
    told = [watch.run(topics=HEALTHY if number % 2 else DOWN) for number in range(1, 8)]
    assert [bool(each) for each in told] == [True] * 6 + [False]
    assert watch.told["topics"]["flapping"]


def test_what_was_never_sent_is_kept_however_often_it_is_tried(watch: Watch) -> None:
    watch.run()
    watch.lose(source=DEGRADED)
    for _ in range(20):
        watch.lose()
    assert watch.run() == [("source", "healthy")]
    _, text = watch.message()
    assert text.count("Source database") == 2
    assert "Not sent before: Source database is degraded since 2026-03-01T12:05:00+00:00" in text
    assert "- Source database is healthy since 2026-03-01T12:10:00+00:00 (was degraded)" in text
    assert watch.run() == []


def test_a_second_try_says_the_same_as_the_first(watch: Watch) -> None:
    watch.run()
    watch.run(source=DOWN)
    first = watch.message()
    assert watch.record is not None
    told = alerts.unsent(watch.told, watch.found)
    for _ in range(3):
        watch.found, known = alerts.decide(watch.record, told)
        assert watch.message() == first
        told = alerts.unsent(known, watch.found)
    assert told["source"]["changes"] == [watch.record["checked_at"]]


def test_five_changes_an_hour_are_each_told(watch: Watch) -> None:
    """A change every quarter of an hour is five an hour at most."""
    told = []
    for status in [HEALTHY, DOWN] * 5:
        told += [bool(watch.run(source=status)) for _ in range(3)]
    assert told == [False] * 3 + [True, False, False] * 9


def test_what_people_know_is_read_as_far_as_it_can_be() -> None:
    good: alerts.Told = {
        "status": "down",
        "since": NOON.isoformat(),
        "changes": [NOON.isoformat()],
        "hidden": True,
        "flapping": False,
        "owed": ["once"],
    }
    assert alerts.parse_told({"source": good}) == {"source": good}
    for bad in (
        {},
        None,
        {**good, "status": "fine"},
        {**good, "changes": ["noon"]},
        {**good, "changes": None},
        {**good, "since": "noon"},
        {**good, "owed": 3},
        {name: value for name, value in good.items() if name != "hidden"},
    ):
        assert alerts.parse_told({"api": bad, "source": good}) == {"source": good}
    assert alerts.parse_told([]) == {}


def test_needs_are_known_components_without_a_circle() -> None:
    for name in COMPONENTS:
        assert all_needs(name) <= COMPONENTS.keys() - {name}
    assert all_needs("sink_lag") == {"topics", "connector", "landing", "cluster"}
