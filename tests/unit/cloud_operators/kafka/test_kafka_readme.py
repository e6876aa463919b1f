"""The example of the README is a DAG."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

README = Path(__file__).resolve().parents[4] / "plugins" / "cloud_operators" / "kafka" / "README.md"


def test_example() -> None:
    (code,) = re.findall(r"```python\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)
    names: dict[str, Any] = {}
    exec(code, names)
    assert names["wait_for_sink"].upstream_task_ids == {"create_topic"}
    assert [topic["name"] for topic in names["create_topic"].topics] == [
        *names["wait_for_sink"].topics,
        names["wait_for_sink"].dead_letter_topic,
    ]
