"""The definition of a REST API as far as it is executed, read from API Gateway's control plane."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

#: moto's name for a method that takes every verb, besides AWS's own ``ANY``.
_ANY = frozenset({"ANY", "X-AMAZON-APIGATEWAY-ANY-METHOD"})


@dataclass(frozen=True, kw_only=True)
class Integration:
    """What a method is answered by.

    :param kind: ``HTTP_PROXY``, ``AWS``, …
    :param uri: with path parameters and stage variables still in it.
    :param http_method: of the request to the integration; ``ANY`` passes on the client's.
    :param request_parameters: ``integration.request.path.x`` to where its value comes from.
    :param timeout: seconds.
    :param raw: the whole definition, for integrations that need more.
    """

    kind: str
    uri: str
    http_method: str
    request_parameters: Mapping[str, str] = field(default_factory=dict)
    timeout: float = 29.0
    raw: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Method:
    """A method of a resource."""

    verb: str
    authorization: str
    api_key_required: bool
    integration: Integration | None


@dataclass(frozen=True, kw_only=True)
class Resource:
    """A path of the API, with its methods by verb; ``ANY`` stands for all others."""

    path: str
    methods: Mapping[str, Method]

    def method(self, verb: str) -> Method | None:
        """The method that takes ``verb``."""
        return self.methods.get(verb) or self.methods.get("ANY")


@dataclass(frozen=True, kw_only=True)
class Definition:
    """A REST API as it was deployed.

    :param api_id: id of the REST API.
    :param deployment_id: id of the deployment it was read for.
    :param resources: by path.
    """

    api_id: str
    deployment_id: str
    resources: Mapping[str, Resource]

    @property
    def api_key_required(self) -> bool:
        """Whether any method asks for a key."""
        return any(
            method.api_key_required
            for resource in self.resources.values()
            for method in resource.methods.values()
        )


def parse_definition(api_id: str, deployment_id: str, items: Iterable[Mapping[str, Any]]) -> Definition:
    """Build a definition from the items of GetResources with ``embed=methods``.

    A path that comes more than once (moto doubles a path that is merged twice) is taken as it came last: the
    newest resource.
    """
    resources: dict[str, Resource] = {}
    for item in items:
        methods = [_method(verb, method) for verb, method in (item.get("resourceMethods") or {}).items()]
        if methods or item["path"] not in resources:
            resources[item["path"]] = Resource(
                path=item["path"], methods={method.verb: method for method in methods}
            )
    return Definition(api_id=api_id, deployment_id=deployment_id, resources=resources)


def _method(verb: str, raw: Mapping[str, Any]) -> Method:
    integration = raw.get("methodIntegration")
    return Method(
        verb="ANY" if verb.upper() in _ANY else verb.upper(),
        authorization=raw.get("authorizationType") or "NONE",
        api_key_required=bool(raw.get("apiKeyRequired")),
        integration=_integration(integration) if integration else None,
    )


def _integration(raw: Mapping[str, Any]) -> Integration:
    http_method = str(raw.get("httpMethod") or "ANY").upper()
    return Integration(
        kind=str(raw["type"]).upper(),
        uri=raw.get("uri") or "",
        http_method="ANY" if http_method in _ANY else http_method,
        request_parameters=raw.get("requestParameters") or {},
        timeout=float(raw.get("timeoutInMillis") or 29_000) / 1000,
        raw=raw,
    )
