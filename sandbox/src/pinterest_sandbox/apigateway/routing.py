"""Which resource of an API a request path belongs to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import unquote

from pinterest_sandbox.apigateway.definitions import Definition, Resource


@dataclass(frozen=True)
class Match:
    """A resource, and its path parameters as they were sent (percent-encoded)."""

    resource: Resource
    parameters: Mapping[str, str]


@dataclass
class _Node:
    resource: Resource | None = None
    fixed: dict[str, _Node] = field(default_factory=dict)
    variable: tuple[str, _Node] | None = None
    greedy: tuple[str, Resource] | None = None


class Router:
    """Finds resources by path: fixed parts go before ``{parameters}``, those before ``{greedy+}`` ones.

    :param definition: the API.
    """

    def __init__(self, definition: Definition) -> None:
        self._root = _Node()
        for resource in definition.resources.values():
            if resource.methods:
                self._add(resource)

    def _add(self, resource: Resource) -> None:
        node = self._root
        for part in (part for part in resource.path.split("/") if part):
            if part.startswith("{") and part.endswith("+}"):
                node.greedy = (part[1:-2], resource)
                return
            if part.startswith("{") and part.endswith("}"):
                if node.variable is None:
                    node.variable = (part[1:-1], _Node())
                node = node.variable[1]
            else:
                node = node.fixed.setdefault(part, _Node())
        node.resource = resource

    def match(self, path: str) -> Match | None:
        """The resource that ``path`` belongs to.

        :param path: what follows the stage, percent-encoded. Empty parts (double slashes) are skipped; a
            slash at the end is kept in a greedy parameter.
        """
        parts = [part for part in path.split("/") if part]
        return _find(self._root, parts, {}, slash=path.endswith("/"))


def _find(node: _Node, parts: list[str], parameters: dict[str, str], *, slash: bool) -> Match | None:
    if not parts:
        return Match(node.resource, parameters) if node.resource is not None else None
    head, rest = parts[0], parts[1:]
    fixed = node.fixed.get(unquote(head))
    found = _find(fixed, rest, parameters, slash=slash) if fixed is not None else None
    if found is None and node.variable is not None:
        name, following = node.variable
        found = _find(following, rest, {**parameters, name: head}, slash=slash)
    if found is None and node.greedy is not None:
        name, resource = node.greedy
        found = Match(resource, {**parameters, name: "/".join(parts) + ("/" if slash else "")})
    return found
