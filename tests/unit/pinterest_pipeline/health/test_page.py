"""The page of the health: what it says of records, and that it is written where people open it."""

from __future__ import annotations

import itertools
import json
import re
from datetime import timedelta
from html.parser import HTMLParser
from typing import Any

import pytest
from airflow.sdk.exceptions import AirflowSkipException

from pinterest_pipeline.health import page, tasks
from pinterest_pipeline.health.components import COMPONENTS
from pinterest_pipeline.health.findings import Status
from pinterest_pipeline.health.page import Span
from pinterest_pipeline.health.picture import BOX_HEIGHT, BOX_WIDTH, FLOWS, MEASURES, PLACES, draw
from pinterest_pipeline.health.records import Record, make_record
from tests.unit.pinterest_pipeline.health.rounds import NOON, found, keep, tried
from tests.unit.pinterest_pipeline.health.site import BUCKET, Site

BROKER = dict.fromkeys(("cluster", "topics", "rest_proxy", "api", "sink_lag", "dead_letters"), Status.DOWN)


class Text(HTMLParser):
    """What a reader sees, the ids, and the tags of a page.

    :ivar texts: the texts that are shown, with their white space made single.
    :ivar open: tags that were opened and not closed.
    """

    def __init__(self, html: str) -> None:
        super().__init__()
        self.texts: list[str] = []
        self.ids: list[str] = []
        self.tags: list[str] = []
        self.open: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.ids += [value for name, value in attrs if name == "id" and value]
        if tag not in ("meta", "link"):
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if data.strip() and self.open[-1] not in ("style", "script"):
            self.texts.append(" ".join(data.split()))


def record(
    *, minutes: int = 0, before: Record | None = None, sentence: str = "because", **statuses: Status
) -> Record:
    """The record of a look, some minutes after noon."""
    at = NOON + timedelta(minutes=minutes)
    states = {
        name: found(name, statuses.get(name, Status.HEALTHY), at, sentence)["state"] for name in COMPONENTS
    }
    return make_record(states, before, checked_at=at.isoformat(), run_id=f"run {minutes}")


def shown(*records: Record, tried: dict[str, str] | None = None) -> Text:
    html = page.render(records[-1], records[:-1], user_id="12b287eedf6d", tried=tried or {})
    return Text(html)


def section(text: Text, heading: str) -> list[str]:
    """The texts from a heading to the next one."""
    headings = ("Not healthy", "The records", "All components", "What has changed in the last 4 hours")
    begin = text.texts.index(heading) + 1
    return list(itertools.takewhile(lambda each: each not in headings, text.texts[begin:]))


def test_a_healthy_pipeline() -> None:
    text = shown(record())
    assert "All 12 components are healthy" in text.texts
    assert "Not healthy" not in text.texts
    assert section(text, "What has changed in the last 4 hours") == ["Nothing."]
    assert text.open == []
    # Each box of the picture leads to a row.
    assert set(COMPONENTS) <= set(text.ids)
    assert len(text.ids) == len(set(text.ids))
    assert text.texts.count("✓ healthy") == 12
    assert "2026-03-01 12:00:00" in text.texts


def test_causes_come_before_what_suffers_from_them() -> None:
    before = record()
    text = shown(before, record(minutes=5, before=before, source=Status.UNKNOWN, **BROKER))
    assert "MSK cluster down, Source database unknown; 5 more as a consequence" in text.texts
    ill = section(text, "Not healthy")
    first = [each.split(":")[0] for each in ill if re.match(r".*: (down|unknown) since", each)]
    assert first == [
        "MSK cluster",
        "Source database",
        "API",
        "Kafka REST proxy",
        "Topics",
        "Lag of the sink",
        "Dead letters",
    ]
    assert "It needs Kafka REST proxy (down), MSK cluster (down)" in ill
    assert ill.count("docs/runbooks/cluster.md") == 1
    assert [text.texts.count(word) for word in ("✗ down", "? unknown", "✓ healthy")] == [6, 1, 5]


def test_how_long_it_lasts_and_what_was_tried() -> None:
    before = record(connector=Status.DOWN)
    now = record(minutes=75, before=before, connector=Status.DOWN)
    ill = section(shown(before, now, tried={"connector": "restart its tasks: not healed"}), "Not healthy")
    assert ill[:5] == [
        "S3 sink connector: down since",
        "2026-03-01 12:00:00",
        ", for 1 h 15 min",
        "because",
        "Tried: restart its tasks: not healed",
    ]


def test_what_comes_from_elsewhere_is_only_text() -> None:
    evil = "</style><script>alert(1)</script><img src=x onerror='alert(2)'>"
    text = shown(record(sentence=evil, api=Status.DOWN), tried={"api": evil})
    assert text.tags.count("script") == 1
    assert "img" not in text.tags
    assert section(text, "All components").count(evil) == 12
    assert f"Tried: {evil}" in text.texts


def test_a_component_of_an_older_version_is_shown_without_a_box() -> None:
    now = record()
    now["components"]["gone"] = now["components"]["api"]
    text = shown(now)
    assert "All 13 components are healthy" in text.texts
    assert section(text, "All components").count("gone") == 1
    assert text.texts.count("✓ healthy") == 12


def test_changes_are_listed_the_latest_first() -> None:
    first = record()
    second = record(minutes=5, before=first, api=Status.DOWN)
    third = record(minutes=10, before=second, sentence="again")
    changes = section(shown(first, second, third), "What has changed in the last 4 hours")
    assert changes[5:] == [
        "2026-03-01 12:10:00", "API", "down", "healthy", "again",
        "2026-03-01 12:05:00", "API", "healthy", "down", "because",
    ]  # fmt: skip


def test_a_line_of_time_has_gaps_where_nobody_has_looked() -> None:
    records = [
        record(minutes=0),
        record(minutes=5),
        record(minutes=60, api=Status.DOWN),
        record(minutes=65, api=Status.DOWN),
        record(minutes=70),
        record(minutes=240),
    ]

    def at(minutes: int) -> str:
        return (NOON + timedelta(minutes=minutes)).isoformat()

    assert page.spans(records, "api") == [
        Span("healthy", 0, 15, at(0), at(5)),
        Span("down", 60, 70, at(60), at(65)),
        Span("healthy", 70, 80, at(70), at(70)),
        # It can be seen, though no time has gone by.
        Span("healthy", 238, 240, at(240), at(240)),
    ]
    # What lies before is not shown, and a clock that was set back hides nothing of now.
    assert page.spans([record(minutes=-500), record(minutes=500), record()], "api") == [
        Span("healthy", 238, 240, at(0), at(0))
    ]


def figures(**named: Any) -> dict[str, Any]:
    return {name.replace("0", " "): {"value": value, "unit": "records"} for name, value in named.items()}


def test_the_records_that_are_not_in_the_tables_are_counted() -> None:
    states = record()["components"]
    states["tables"]["figures"] = figures(
        pin_quarantine=3, geo_quarantine=4, pin_quarantine_growth=100, ledger_unbalanced=0
    )
    states["sink_lag"]["figures"] = figures(unwritten=1234, topic=1234)
    states["streams"]["figures"] = figures(pin_unread=10, geo_unread=None)
    states["dead_letters"]["figures"] = figures(dead0letters=6, new0dead0letters=2)
    assert page.count_records(states) == {
        "not in balance in the ledger": 0,
        "waiting in the topics": 1234,
        # Of one it is not known how many: a sum of the others would be too small.
        "waiting in the streams": None,
        "dead letters": 6,
        "in quarantine": 7,
    }
    assert section(shown({**record(), "components": states}), "The records") == [
        "not in balance in the ledger", "0", "waiting in the topics", "1,234",
        "waiting in the streams", "not known", "dead letters", "6", "in quarantine", "7",
    ]  # fmt: skip


def test_the_picture_has_a_place_for_each_component() -> None:
    assert set(PLACES) == set(COMPONENTS)
    assert len(set(PLACES.values())) == len(PLACES)
    assert {name for ends in (*FLOWS, *MEASURES) for name in ends} == set(COMPONENTS)
    picture = draw(record()["components"])
    for box in picture.boxes:
        assert 0 <= box.x <= picture.width - BOX_WIDTH
        assert 0 <= box.y <= picture.height - BOX_HEIGHT
    for first, second in itertools.combinations(picture.boxes, 2):
        assert abs(first.x - second.x) > BOX_WIDTH or abs(first.y - second.y) > BOX_HEIGHT


def drawn(site: Site) -> Text:
    tasks.draw_page.function()
    found = site.s3.get_object(Bucket=BUCKET, Key="health/index.html")
    assert found["ContentType"] == "text/html; charset=utf-8"
    assert found["CacheControl"] == "no-store"
    return Text(found["Body"].read().decode())


def test_the_page_is_of_the_latest_record_and_those_before_it(site: Site) -> None:
    keep(0)
    keep(1, connector=Status.DOWN)
    tried(site, (NOON, "an older illness"), (NOON + timedelta(minutes=6), "restart its tasks"))
    keep(2, connector=Status.DOWN)
    text = drawn(site)
    assert "S3 sink connector down" in text.texts
    assert "Tried: 2026-03-01T12:06:00+00:00: restart its tasks: not healed: no" in text.texts
    assert section(text, "What has changed in the last 4 hours")[5:9] == [
        "2026-03-01 12:05:00", "S3 sink connector", "healthy", "down",
    ]  # fmt: skip
    assert text.tags.count("rect") == 12 * 2 + 11 + 2


def test_the_page_does_without_what_can_not_be_read(site: Site) -> None:
    first = keep(0)
    keep(1, connector=Status.DOWN)
    history = site.keys("health/history/")[0]
    site.s3.put_object(Bucket=BUCKET, Key=history, Body=b"{")
    site.s3.put_object(Bucket=BUCKET, Key="health/healing/connector.json", Body=b"{")
    assert "S3 sink connector down" in drawn(site).texts
    site.s3.put_object(Bucket=BUCKET, Key="health/latest.json", Body=json.dumps(first).encode())
    assert "All 12 components are healthy" in drawn(site).texts


def test_notes_of_the_run_are_shown(site: Site) -> None:
    site.s3.put_object(Bucket=BUCKET, Key="health/latest.json", Body=b"{")
    keep(1)
    assert any("It was copied to health/malformed/" in each for each in drawn(site).texts)


def test_without_a_record_there_is_no_page(site: Site) -> None:
    with pytest.raises(AirflowSkipException):
        tasks.draw_page.function()
    assert site.keys("health/") == []
