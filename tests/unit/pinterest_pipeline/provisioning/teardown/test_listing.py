"""What a teardown takes for its own, in which order it goes, and how that is shown."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from pinterest_pipeline.errors import Permanent
from pinterest_pipeline.provisioning.teardown.kinds import ORDER, Present
from pinterest_pipeline.provisioning.teardown.listing import list_items, table
from pinterest_pipeline.provisioning.teardown.proof import without
from tests.unit.pinterest_pipeline.provisioning.teardown.site import SECRET, Site

RECORDED = datetime(2026, 3, 1, 12, tzinfo=UTC)


def entry(kind: str = "stream", state: str = "created", identifier: str = "arn:1") -> Any:
    return {
        "kind": kind,
        "name": "a",
        "state": state,
        "identifier": identifier,
        "run_id": "manual__7",
        "recorded_at": RECORDED.isoformat(),
    }


def listed(found: Present | None, *, delete_data: bool = False, **changed: str) -> tuple[str, str]:
    (item,) = list_items([entry(**changed)], lambda *_: found, delete_data=delete_data)
    return item["fate"], item["note"]


def test_what_is_the_recorded_one_is_deleted() -> None:
    assert listed(Present("arn:1")) == ("delete", "")
    assert listed(Present("arn:1", made_at=RECORDED - timedelta(minutes=5))) == ("delete", "")
    # Times in the record have whole seconds, and no two clocks agree.
    assert listed(Present("arn:1", made_at=RECORDED + timedelta(seconds=5))) == ("delete", "")


def test_what_is_not_there_is_gone() -> None:
    assert listed(None) == ("gone already", "")


def test_another_one_of_the_same_name_is_left() -> None:
    assert listed(Present("arn:2")) == ("leave: not ours", "what was made is gone: it was arn:1")


def test_one_that_was_made_after_the_record_is_left_though_its_arn_is_the_same() -> None:
    fate, note = listed(Present("arn:1", made_at=RECORDED + timedelta(hours=1)))
    assert fate == "leave: not ours"
    assert "made at 2026-03-01T13:00:00+00:00" in note


def test_one_that_shows_to_be_somebody_elses_is_left() -> None:
    assert listed(Present("arn:1", foreign="it was not copied there")) == (
        "leave: not ours",
        "it was not copied there",
    )


def test_one_that_was_to_be_replaced_is_still_that_of_somebody_else() -> None:
    fate, note = listed(Present("arn:theirs"), state="creating", identifier="arn:theirs")
    assert (fate, note) == ("leave: not ours", "run manual__7 was to replace it, and broke off before")


def test_one_that_a_run_broke_off_over_is_deleted_and_said_so() -> None:
    assert listed(Present("arn:2"), state="creating", identifier="") == (
        "delete",
        "run manual__7 broke off while it was made",
    )


def test_the_bucket_is_kept_unless_its_data_goes() -> None:
    assert listed(Present("a"), kind="bucket", identifier="a")[0] == "keep"
    assert listed(Present("a"), kind="bucket", identifier="a", delete_data=True)[0] == "delete"


def test_the_order_is_that_of_deletion_whatever_the_records_is() -> None:
    entries = [entry(kind=kind) for kind in sorted(ORDER)]
    items = list_items(entries, lambda *_: Present("arn:1"), delete_data=True)
    assert [item["kind"] for item in items] == list(ORDER)
    place = {kind: number for number, kind in enumerate(ORDER)}
    for used, user in (
        ("custom_plugin", "connector"),
        ("worker_configuration", "connector"),
        ("plugin_file", "custom_plugin"),
        ("rest_api", "usage_plan"),
        ("topic", "connector"),
    ):
        assert place[user] < place[used]
    assert ORDER[-1] == "bucket"


def test_kinds_of_a_newer_version_are_refused() -> None:
    with pytest.raises(Permanent, match="not known here: lake, pond"):
        list_items([entry(kind="pond"), entry(kind="lake"), entry()], lambda *_: None, delete_data=False)


def test_the_table_has_a_line_for_each_item() -> None:
    items = list_items([entry(), entry(kind="topic")], lambda *_: Present("arn:1"), delete_data=False)
    lines = table(items).splitlines()
    assert [cell.strip() for cell in lines[0].strip("|").split("|")] == [
        "what happens",
        "kind",
        "name",
        "identifier",
        "note",
    ]
    assert [cell.strip() for cell in lines[2].strip("|").split("|")] == [
        "delete",
        "stream",
        "a",
        "arn:1",
        "-",
    ]
    assert len(lines) == 4
    assert len({len(line) for line in lines}) == 1


def test_an_entry_that_was_written_anew_meanwhile_stays_in_the_record() -> None:
    old, other = entry(), entry(kind="topic")
    items = list_items([old], lambda *_: None, delete_data=False)
    assert without([old, other], items) == [other]
    anew = old | {"recorded_at": "2026-04-01T00:00:00+00:00"}
    assert without([anew, other], items) == [anew, other]


def test_of_each_kind_another_one_under_the_name_stays(site: Site) -> None:
    """Everything is deleted by hand and made again by somebody else, but for what has no id."""
    checked = site.teardown(stop_before="delete_streams")
    site.make_connect()
    site.make_api()
    site.secrets.create_secret(Name=SECRET, SecretString="{}")
    site.make_alarm({})
    others = {
        resource: identifier
        for resource, identifier in site.present().items()
        if resource[0] not in ("stream", "topic", "bucket", "plugin_file", "ssm_document")
    }
    assert len(others) == 8
    result = site.teardown()
    assert set(result["left"]) == {f"{kind} {name}" for kind, name in others}
    assert others.items() <= site.present().items()
    assert not {kind for kind, _ in site.recorded()} - {"bucket"}
    assert checked["items"]
