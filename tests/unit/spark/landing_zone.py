"""A landing of files with the sink's layout, and manifests over it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.unit.spark.lines import KEYS


@dataclass
class LandingZone:
    """Objects under a folder.

    :param root: stands for the bucket.
    :param user_id: resource id of the topics.
    """

    root: Path
    user_id: str
    objects: dict[tuple[str, int, int], Path] = field(default_factory=dict)

    def put(
        self, entity: str, first_offset: int, content: str | Sequence[str], *, partition: int = 0
    ) -> Path:
        """Write (or rewrite) an object; a list is lines with their ends."""
        topic = f"{self.user_id}.{entity}"
        folder = self.root / "topics" / topic / f"partition={partition}"
        folder.mkdir(parents=True, exist_ok=True)
        target = folder / f"{topic}+{partition}+{first_offset:010d}.json"
        text = content if isinstance(content, str) else "".join(f"{line}\n" for line in content)
        target.write_bytes(text.encode())
        self.objects[entity, partition, first_offset] = target
        return target

    def manifest(
        self,
        run_id: str,
        *,
        pins: Mapping[tuple[str, int], int],
        marks: Mapping[tuple[str, int], tuple[int, int]] | None = None,
        full_refresh: bool = False,
    ) -> str:
        """Write the manifest of a run and give its URI.

        :param pins: (entity, partition) to the pinned offset.
        :param marks: (entity, partition) to the mark's first offset and lines.
        """
        entities: dict[str, Any] = {}
        for (entity, partition), pin in pins.items():
            mark = (marks or {}).get((entity, partition))
            part = entities.setdefault(entity, {"topic": f"{self.user_id}.{entity}", "partitions": []})
            part["partitions"].append(
                {
                    "partition": partition,
                    "pinned_offset": pin,
                    "mark": {"first_offset": mark[0], "lines": mark[1]} if mark else None,
                    "objects": [
                        {
                            "key": str(path.relative_to(self.root)),
                            "etag": f'"{path.stat().st_size}"',
                            "size": path.stat().st_size,
                            "first_offset": first,
                        }
                        for (of, number, first), path in sorted(self.objects.items())
                        if (of, number) == (entity, partition) and (mark[0] if mark else 0) <= first < pin
                    ],
                }
            )
        document = {
            "version": 1,
            "run_id": run_id,
            "created_at": "2026-01-01T01:00:00+00:00",
            "bucket": self.root.as_uri(),
            "full_refresh": full_refresh,
            "entities": entities,
        }
        target = self.root / "_state" / "manifests" / f"{run_id}.json"
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(json.dumps(document))
        return target.as_uri()


def place(key: int, country: str, **fields: Any) -> str:
    """The line of a geo record."""
    values = {"timestamp": "2020-08-28 03:52:47", "latitude": 1.5, "longitude": 2.5, "country": country}
    return json.dumps({KEYS["geo"]: key, **values, **fields})
