"""``dbutils.library``: nothing of it is here, and it says so."""

from __future__ import annotations

from collections.abc import Callable

from pinterest_sandbox.databricks.errors import NotSupported


class Library:
    """Libraries of a notebook; here they are the packages of the sandbox's own environment."""

    def __getattr__(self, name: str) -> Callable[..., None]:
        def refuse(*arguments: object, **options: object) -> None:
            raise NotSupported(
                f"dbutils.library.{name} is not supported here: notebooks have the sandbox's own packages"
            )

        return refuse
