"""The rate of a burst is read from the line that its task logs at its end."""

from __future__ import annotations

import pytest

from pinterest_sandbox.bench.burst import logged_rate


def test_the_last_line_of_a_burst_tells_its_rate() -> None:
    lines = [
        "18000 of 30000 posts acknowledged, 10575 records/s, 3 s left",
        "30000 of 30000 posts acknowledged, 12008 records/s, 7 s in all",
        "Done. Returned value was: {}",
    ]
    assert logged_rate("\n".join(lines)) == 12_008.0


def test_a_burst_that_has_not_ended_has_no_rate() -> None:
    with pytest.raises(ValueError, match="does not tell its rate"):
        logged_rate("18000 of 30000 posts acknowledged, 10575 records/s, 3 s left")
