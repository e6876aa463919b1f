"""What a demo counts and compares when its two paths agree."""

from __future__ import annotations

import copy
from typing import Any

ENTITIES = ("pin", "geo", "user")
COUNTS = {"sent": 1500, "landed": 1500, "kept": 1400, "quarantined": 0, "merged": 100}


def agreeing() -> tuple[dict[str, Any], dict[str, Any]]:
    """Counts and comparison of paths that agree."""
    counts = {name: dict.fromkeys(ENTITIES, number) for name, number in COUNTS.items()}
    same = {"in_both": 1400, "in_batch_alone": 0, "in_stream_alone": 0, "differences": 0, "examples": []}
    return (
        {path: copy.deepcopy(counts) for path in ("batch", "stream")},
        {entity: dict(same) for entity in ENTITIES},
    )
