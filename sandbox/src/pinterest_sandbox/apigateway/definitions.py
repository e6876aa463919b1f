"""The definition of a REST API as far as it is executed, read from API Gateway's control plane."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from pinterest_sandbox.apigateway.models import Models

#: moto's name for a method that takes every verb, besides AWS's own ``ANY``.
_ANY = frozenset({"ANY", "X-AMAZON-APIGATEWAY-ANY-METHOD"})
#: The verbs that ``ANY`` stands for.
_VERBS = frozenset({"DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"})


@dataclass(frozen=True, kw_only=True)
class IntegrationResponse:
    """What a client gets for one kind of an integration's answers.

    :param status: the client's.
    :param pattern: expression that the integration's status must match; empty for the response by default.
    :param parameters: ``method.response.header.<name>`` to where its value comes from.
    :param templates: mapping templates by content type; an empty one lets the body pass.
    """

    status: int
    pattern: str = ""
    parameters: Mapping[str, str] = field(default_factory=dict)
    templates: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Integration:
    """What a method is answered by.

    :param kind: ``HTTP_PROXY``, ``AWS``, …
    :param uri: with path parameters and stage variables still in it.
    :param http_method: of the request to the integration; ``ANY`` passes on the client's.
    :param request_parameters: ``integration.request.path.x`` to where its value comes from.
    :param request_templates: mapping templates by content type.
    :param passthrough_behavior: ``WHEN_NO_MATCH``, ``WHEN_NO_TEMPLATES`` or ``NEVER``.
    :param timeout: seconds.
    :param credentials: ARN of the role that an AWS service is called with, stage variables still in it.
    :param responses: of which the first that matches is the client's; proxies have none.
    """

    kind: str
    uri: str
    http_method: str
    request_parameters: Mapping[str, str] = field(default_factory=dict)
    request_templates: Mapping[str, str] = field(default_factory=dict)
    passthrough_behavior: str = "WHEN_NO_MATCH"
    timeout: float = 29.0
    credentials: str = ""
    responses: tuple[IntegrationResponse, ...] = ()


@dataclass(frozen=True)
class Validator:
    """What a request validator checks."""

    body: bool
    parameters: bool


@dataclass(frozen=True, kw_only=True)
class Method:
    """A method of a resource.

    :param request_parameters: ``method.request.<place>.<name>`` to whether it is required.
    :param request_models: names of models by content type.
    """

    verb: str
    authorization: str
    api_key_required: bool
    integration: Integration | None
    request_parameters: Mapping[str, bool] = field(default_factory=dict)
    request_models: Mapping[str, str] = field(default_factory=dict)
    validator: Validator | None = None


@dataclass(frozen=True, kw_only=True)
class Resource:
    """A path of the API, with its methods by verb; ``ANY`` stands for all others."""

    path: str
    methods: Mapping[str, Method]

    def method(self, verb: str) -> Method | None:
        """The method that takes ``verb``."""
        return self.methods.get(verb) or (self.methods.get("ANY") if verb in _VERBS else None)


@dataclass(frozen=True, kw_only=True)
class GatewayResponse:
    """An API's own form of one of the gateway's answers.

    :param status: ``None`` keeps the answer's own.
    :param parameters: ``gatewayresponse.header.<name>`` to where its value comes from.
    :param templates: body templates by content type.
    """

    status: int | None
    parameters: Mapping[str, str]
    templates: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class Definition:
    """A REST API as it was deployed.

    :param api_id: id of the REST API.
    :param deployment_id: id of the deployment it was read for.
    :param resources: by path.
    :param models: JSON schemas for bodies.
    :param gateway_responses: by response type; those that the API changed.
    :param binary_media_types: media types whose bodies are not text.
    :param api_key_source: ``HEADER`` or ``AUTHORIZER``.
    """

    api_id: str
    deployment_id: str
    resources: Mapping[str, Resource]
    models: Models = field(default_factory=lambda: Models("", {}))
    gateway_responses: Mapping[str, GatewayResponse] = field(default_factory=dict)
    binary_media_types: tuple[str, ...] = ()
    api_key_source: str = "HEADER"

    @property
    def api_key_required(self) -> bool:
        """Whether any method asks for a key."""
        return any(
            method.api_key_required
            for resource in self.resources.values()
            for method in resource.methods.values()
        )


def parse_resources(
    items: Iterable[Mapping[str, Any]], validators: Mapping[str, Validator] | None = None
) -> dict[str, Resource]:
    """Resources by path, from the items of GetResources with ``embed=methods``.

    A path that comes more than once (moto doubles a path that is merged twice) is taken as it came last: the
    newest resource.

    :param validators: request validators by id.
    """
    resources: dict[str, Resource] = {}
    for item in items:
        methods = [
            _method(verb, method, validators or {})
            for verb, method in (item.get("resourceMethods") or {}).items()
        ]
        if methods or item["path"] not in resources:
            resources[item["path"]] = Resource(
                path=item["path"], methods={method.verb: method for method in methods}
            )
    return resources


def parse_gateway_responses(items: Iterable[Mapping[str, Any]]) -> dict[str, GatewayResponse]:
    """Gateway responses by type, from the items of GetGatewayResponses; AWS's defaults are left out."""
    return {
        item["responseType"]: GatewayResponse(
            status=int(item["statusCode"]) if item.get("statusCode") else None,
            parameters=item.get("responseParameters") or {},
            templates=item.get("responseTemplates") or {},
        )
        for item in items
        if not item.get("defaultResponse")
    }


def _method(verb: str, raw: Mapping[str, Any], validators: Mapping[str, Validator]) -> Method:
    integration = raw.get("methodIntegration")
    return Method(
        verb="ANY" if verb.upper() in _ANY else verb.upper(),
        authorization=raw.get("authorizationType") or "NONE",
        api_key_required=bool(raw.get("apiKeyRequired")),
        integration=_integration(integration) if integration else None,
        request_parameters=raw.get("requestParameters") or {},
        request_models={
            kind.lower() if kind != "$default" else kind: model
            for kind, model in (raw.get("requestModels") or {}).items()
        },
        validator=validators.get(raw.get("requestValidatorId") or ""),
    )


def _integration(raw: Mapping[str, Any]) -> Integration:
    http_method = str(raw.get("httpMethod") or "ANY").upper()
    return Integration(
        kind=str(raw["type"]).upper(),
        uri=raw.get("uri") or "",
        http_method="ANY" if http_method in _ANY else http_method,
        request_parameters=raw.get("requestParameters") or {},
        request_templates={
            kind.lower(): template for kind, template in (raw.get("requestTemplates") or {}).items()
        },
        passthrough_behavior=str(raw.get("passthroughBehavior") or "WHEN_NO_MATCH").upper(),
        timeout=float(raw.get("timeoutInMillis") or 29_000) / 1000,
        credentials=raw.get("credentials") or "",
        responses=tuple(
            IntegrationResponse(
                status=int(response["statusCode"]),
                pattern=response.get("selectionPattern") or "",
                parameters=response.get("responseParameters") or {},
                templates={
                    kind.lower(): template or ""
                    for kind, template in (response.get("responseTemplates") or {}).items()
                },
            )
            for _, response in sorted((raw.get("integrationResponses") or {}).items())
        ),
    )
