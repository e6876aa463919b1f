"""What a row of the quarantine table says of a record, on either path."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Refusal:
    """Why and when a record was refused.

    :param reason: as the cleaning names it.
    :param run_id: the run that has refused it.
    :param quarantined_at: ISO 8601 time in UTC.
    :param length: bytes; ``None`` without a value.
    :param sha256: of these bytes.
    """

    reason: str
    run_id: str
    quarantined_at: str
    length: int | None
    sha256: str | None

    def told(self) -> dict[str, Any]:
        """As it stands in the result of a trace."""
        return {
            "reason": self.reason,
            "run_id": self.run_id,
            "quarantined_at": self.quarantined_at,
            "length": self.length,
            "sha256": self.sha256,
        }
