"""The drill's table, its file and its page."""

from __future__ import annotations

import io
import json
from pathlib import Path

from rich.console import Console

from pinterest_sandbox.drill.mailbox import Letter
from pinterest_sandbox.drill.performing import Outcome
from pinterest_sandbox.drill.report import COLUMNS, print_outcomes, to_markdown, write_outcomes

LETTERS = [
    Letter("2026-05-01T12:00:00Z", "Pinterest pipeline: API down", "- API is down."),
    Letter("2026-05-01T12:05:00Z", "Pinterest pipeline: API healthy", "- API is healthy."),
]
OUTCOME = Outcome(
    name="api",
    title="kill -9 of the API",
    component="api",
    healer="API Gateway comes back",
    detected_s=14.6,
    healed_s=61.2,
    sent=2400,
    landed=2403,
    kept=2400,
    quarantined=0,
    lost=0,
    doubled=0,
    letters=LETTERS,
    seconds=160.0,
)
QUIET = Outcome(
    name="tasks",
    title="tasks killed",
    component=None,
    healer="Airflow's retry",
    problems=["3 records [posted] and not in a table"],
)


def test_one_object_a_breakage(tmp_path: Path) -> None:
    write_outcomes(tmp_path / "drill.json", [OUTCOME, QUIET])
    first, second = json.loads((tmp_path / "drill.json").read_text(encoding="utf-8"))
    assert (first["name"], first["detected_s"], first["healed_s"], first["lost"]) == ("api", 14.6, 61.2, 0)
    assert first["letters"][0] == {
        "at": "2026-05-01T12:00:00Z",
        "subject": "Pinterest pipeline: API down",
        "text": "- API is down.",
    }
    assert (second["component"], second["detected_s"]) == (None, None)
    assert second["problems"] == ["3 records [posted] and not in a table"]


def test_the_page_has_a_row_a_breakage_and_each_message() -> None:
    lines = to_markdown([OUTCOME, QUIET]).splitlines()
    assert lines[2] == (
        "| ✓ | kill -9 of the API | api | API Gateway comes back "
        "| 15 s | 61 s | 2,400 | 2,403 | 2,400 | 0 | 0 | 0 | 2 |"
    )
    # What was not counted is not shown as nothing lost.
    assert lines[3] == "| ✗ | tasks killed | Airflow | Airflow's retry | - | - | ? | ? | ? | ? | ? | ? | 0 |"
    assert lines[4:8] == [
        "",
        "## Not as it should be",
        "",
        "- tasks killed: 3 records [posted] and not in a table",
    ]
    assert "## Not as it should be" not in to_markdown([OUTCOME])
    assert lines.count("Pinterest pipeline: API down") == 1
    assert lines.count("### kill -9 of the API") == 1
    assert "### tasks killed" not in lines


def test_the_table_names_what_went_wrong() -> None:
    output = io.StringIO()
    print_outcomes(Console(file=output, width=80), [OUTCOME, QUIET])
    assert "tasks: 3 records [posted] and not in a table" in output.getvalue()
    assert all(word in output.getvalue() for heading in COLUMNS for word in heading.split())
    marks = [line for line in output.getvalue().splitlines() if "✓" in line or "✗" in line]
    assert [("✓" in line, "api" in line) for line in marks] == [(True, True), (False, False)]
