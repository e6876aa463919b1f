"""What expires and what stays, at the borders and for names that are not the expected ones."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from pinterest_pipeline.health import store
from pinterest_pipeline.landing.manifest import manifest_name
from pinterest_pipeline.maintenance.expiry import (
    Version,
    choose_earlier,
    choose_history,
    choose_manifests,
    history_day,
    together,
)

TODAY = date(2026, 3, 31)
NOW = datetime(2026, 3, 31, 3, 30, tzinfo=UTC)
FOLDER = "_state/manifests/"
SECOND = timedelta(seconds=1)


def version(key: str, *, age: timedelta = timedelta(0), number: int = 1, **flags: bool) -> Version:
    return Version(key=key, version_id=str(number), modified=NOW - age, size=10, **flags)


def record(day: str) -> str:
    return f"health/history/date={day}/{day.replace('-', '')}T120000_scheduled__run.json"


def manifest(run: str) -> str:
    return FOLDER + manifest_name(run)


@pytest.mark.parametrize("run_id", ["scheduled__2026-03-01T12:00:00+00:00", "manual__a b/c", "ä"])
def test_the_days_of_what_the_health_writes_are_known(run_id: str) -> None:
    assert history_day(store.history_key("2026-03-01T23:59:59+00:00", run_id)) == date(2026, 3, 1)


@pytest.mark.parametrize("tail", ["latest.json", "told.json"])
def test_the_day_of_a_document_that_could_not_be_read_is_known(tail: str) -> None:
    assert history_day(f"health/malformed/20260301T120000_{tail}") == date(2026, 3, 1)


@pytest.mark.parametrize(
    "key",
    [
        "health/latest.json",
        "health/told.json",
        "health/index.html",
        "health/history/date=2026-03-01/",
        "health/history/date=2026-03-01/notes.json",
        # Another day in the name than in the folder.
        "health/history/date=2026-03-01/20260302T120000_run.json",
        "health/history/date=2026-02-30/20260230T120000_run.json",
        "health/history/date=2026-03-01/20260301T120000_run.json.bak",
        "health/history/date=2026-03-01/20260301T120000_run.json\n",
        "health/history/date=2026-03-01/deep/20260301T120000_run.json",
        "health/malformed/latest.json",
        "x/health/history/date=2026-03-01/20260301T120000_run.json",
        "topics/sandbox.pin/partition=0/sandbox.pin+0+0000000000.json",
        "retired/20260301T120000/topics/sandbox.pin/partition=0/sandbox.pin+0+0000000000.json",
        "results/category_by_country/result.csv",
        "_state/checkpoints/pin/1700000000.000/offsets/0",
        "_state/resources.json",
    ],
)
def test_what_has_another_name_expires_under_no_rule(key: str) -> None:
    old = [version(key, age=timedelta(days=9999)), version(key, age=timedelta(days=9999), number=2)]
    by_day = choose_history(old, today=TODAY, days=1)
    manifests = choose_manifests(old, folder=FOLDER, now=NOW, days=8)
    assert (by_day.expired, by_day.kept, by_day.unknown) == ([], [], [key])
    assert (manifests.expired, manifests.kept, manifests.unknown) == ([], [], [key])


@pytest.mark.parametrize(
    ("day", "days", "expires"),
    [
        ("2026-03-31", 1, False),
        ("2026-03-30", 1, False),
        ("2026-03-29", 1, True),
        ("2026-03-01", 30, False),
        ("2026-02-28", 30, True),
        ("2026-04-01", 1, False),
    ],
)
def test_records_expire_by_the_day_in_their_key(day: str, days: int, expires: bool) -> None:
    # When it was written does not count: it may have been copied here.
    for age in (timedelta(0), timedelta(days=999)):
        found = version(record(day), age=age)
        choice = choose_history([found], today=TODAY, days=days)
        assert (choice.expired, choice.kept) == (([found], []) if expires else ([], [found.key]))


def test_a_record_expires_with_all_its_versions_and_markers() -> None:
    key = record("2025-01-01")
    versions = [
        version(key, number=3, marker=True),
        version(key, number=2, current=False),
        version(key, number=1, current=False),
    ]
    assert choose_history(versions, today=TODAY, days=30).expired == versions


@pytest.mark.parametrize(
    ("age", "expires"),
    [
        (timedelta(days=90) - SECOND, False),
        (timedelta(days=90), False),
        (timedelta(days=90) + SECOND, True),
    ],
)
def test_manifests_expire_by_when_they_were_written(age: timedelta, expires: bool) -> None:
    newest = version(manifest("newest"))
    old = version(manifest("scheduled__2026-01-01T01:00:00+00:00"), age=age)
    choice = choose_manifests([old, newest], folder=FOLDER, now=NOW, days=90)
    assert choice.expired == ([old] if expires else [])
    assert choice.kept == ([newest.key] if expires else [old.key, newest.key])


def test_the_newest_manifest_stays_however_old_it_is() -> None:
    ages = {"a": 400, "b": 200, "c": 300}
    versions = [version(manifest(run), age=timedelta(days=age)) for run, age in ages.items()]
    choice = choose_manifests(versions, folder=FOLDER, now=NOW, days=8)
    assert choice.kept == [manifest("b")]
    assert {each.key for each in choice.expired} == {manifest("a"), manifest("c")}


def test_two_that_were_written_in_the_same_second_both_stay() -> None:
    versions = [version(manifest(run), age=timedelta(days=200)) for run in ("a", "b")]
    assert choose_manifests(versions, folder=FOLDER, now=NOW, days=8).expired == []


def test_a_manifest_that_somebody_has_deleted_is_not_the_newest() -> None:
    old, gone = manifest("old"), manifest("gone")
    versions = [
        version(old, age=timedelta(days=300)),
        version(gone, age=timedelta(days=100), number=2, marker=True),
        version(gone, age=timedelta(days=200), number=1, current=False),
    ]
    choice = choose_manifests(versions, folder=FOLDER, now=NOW, days=8)
    assert choice.kept == [old]
    assert choice.expired == versions[1:]


def test_a_manifest_that_was_written_again_is_as_old_as_its_latest_version() -> None:
    again = manifest("again")
    versions = [
        version(manifest("newest")),
        version(again, age=timedelta(days=1), number=2),
        version(again, age=timedelta(days=500), number=1, current=False),
    ]
    assert choose_manifests(versions, folder=FOLDER, now=NOW, days=8).expired == []


@pytest.mark.parametrize(
    "key",
    [
        f"{FOLDER}notes.json",
        f"{FOLDER}run-0123ABCD.json",
        f"{FOLDER}run-01234567.json.bak",
        f"{FOLDER}deep/run-01234567.json",
        # A dot of the folder's name must not stand for any character.
        "_stateXd/manifests/run-01234567.json",
    ],
)
def test_only_names_of_manifests_are_manifests(key: str) -> None:
    folder = "_state.d/manifests/" if key.startswith("_stateX") else FOLDER
    versions = [version(key, age=timedelta(days=999)), version(folder + manifest_name("newest"))]
    choice = choose_manifests(versions, folder=folder, now=NOW, days=8)
    assert (choice.expired, choice.unknown) == ([], [key])


def test_no_manifest_at_all() -> None:
    choice = choose_manifests([], folder=FOLDER, now=NOW, days=8)
    assert (choice.expired, choice.kept, choice.unknown) == ([], [], [])


@pytest.mark.parametrize("key", [store.LATEST, store.TOLD])
def test_of_what_is_written_again_only_earlier_versions_expire(key: str) -> None:
    limit = timedelta(days=30)
    present = version(key, age=timedelta(days=400), number=4)
    recent = version(key, age=limit, number=3, current=False)
    old = version(key, age=limit + SECOND, number=2, current=False)
    other = version(f"{key}.bak", age=timedelta(days=400), current=False)
    choice = choose_earlier([present, recent, old, other], now=NOW, days=30)
    assert choice.expired == [old]
    assert (choice.kept, choice.unknown) == ([key], [other.key])


def test_choices_are_put_together() -> None:
    first = choose_history([version(record("2020-01-01")), version("a")], today=TODAY, days=1)
    second = choose_history([version(record("2026-03-31")), version("b")], today=TODAY, days=1)
    choice = together(first, second)
    assert [each.key for each in choice.expired] == [record("2020-01-01")]
    assert (choice.kept, choice.unknown) == ([record("2026-03-31")], ["a", "b"])
