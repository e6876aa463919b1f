"""What the tasks are asked for, of which bucket, and when."""

from __future__ import annotations

from datetime import UTC, datetime

BUCKET = "user-sandbox-bucket"
NOW = datetime.now(UTC).replace(microsecond=0)
PARAMS = {"retention_hours": 200, "history_days": 30, "manifest_days": 90, "dry_run": False}
