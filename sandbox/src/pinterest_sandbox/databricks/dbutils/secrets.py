"""``dbutils.secrets``: secret scopes from a JSON file ``{"<scope>": {"<key>": "<value>"}}``."""

from __future__ import annotations

import builtins
import json
from dataclasses import dataclass
from pathlib import Path


class SecretNotFound(Exception):
    """There is no such scope or key."""


@dataclass(frozen=True)
class SecretScope:
    """A scope, as ``listScopes`` gives it."""

    name: str


@dataclass(frozen=True)
class SecretMetadata:
    """A key, as ``list`` gives it."""

    key: str


class Secrets:
    """Secrets of the workspace.

    :param source: the JSON file; it is read at each call, a missing one holds no scope.
    """

    def __init__(self, source: Path) -> None:
        self._source = source

    def get(self, scope: str, key: str) -> str:
        """One secret's value.

        :raises SecretNotFound: when the scope or the key does not exist.
        """
        values = self._scope(scope)
        if key not in values:
            raise SecretNotFound(f"Secret does not exist with scope: {scope} and key: {key}")
        return values[key]

    def getBytes(self, scope: str, key: str) -> bytes:
        """One secret's value as UTF-8."""
        return self.get(scope, key).encode()

    def list(self, scope: str) -> list[SecretMetadata]:
        """The keys of ``scope``."""
        return [SecretMetadata(key) for key in sorted(self._scope(scope))]

    def listScopes(self) -> builtins.list[SecretScope]:
        """All scopes."""
        return [SecretScope(name) for name in sorted(self._scopes())]

    def _scope(self, scope: str) -> dict[str, str]:
        scopes = self._scopes()
        if scope not in scopes:
            raise SecretNotFound(f"Secret scope does not exist: {scope}")
        return scopes[scope]

    def _scopes(self) -> dict[str, dict[str, str]]:
        if not self._source.exists():
            return {}
        scopes: dict[str, dict[str, str]] = json.loads(self._source.read_text(encoding="utf-8"))
        return scopes
