"""Request validators: required parameters, and bodies against models.

https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-method-request-validation.html
"""

from __future__ import annotations

import logging
from collections.abc import Mapping

from pinterest_sandbox.apigateway.answers import (
    bad_request_body,
    bad_request_parameters,
    configuration_error,
)
from pinterest_sandbox.apigateway.content import media_type
from pinterest_sandbox.apigateway.definitions import Method
from pinterest_sandbox.apigateway.models import WrongModel
from pinterest_sandbox.apigateway.request import ClientRequest, UnknownSource, source_values

_log = logging.getLogger(__name__)


def check_request(request: ClientRequest, method: Method, body: bytes) -> None:
    """Check a request by the method's validator, if it has one.

    :raises GatewayAnswer: 400, when a required parameter is missing or the body does not fit; 500, when the
        definition itself is wrong.
    """
    validator = method.validator
    if validator is None:
        return
    definition = request.stage.definition
    try:
        if validator.parameters:
            missing = missing_parameters(request, method.request_parameters)
            if missing:
                raise bad_request_parameters(missing)
        if validator.body:
            model = body_model(method.request_models, request.headers.get("Content-Type"))
            if model is not None and not definition.models.fits(body, model):
                raise bad_request_body()
    except (UnknownSource, WrongModel) as error:
        _log.error("API %s, method %s: %s", definition.api_id, method.verb, error)
        raise configuration_error() from error


def missing_parameters(request: ClientRequest, parameters: Mapping[str, bool]) -> list[str]:
    """Names of the required parameters that are missing or blank.

    :param parameters: ``method.request.<place>.<name>`` to whether it is required.
    """
    return [
        source.split(".", 3)[3]
        for source, required in sorted(parameters.items())
        if required and not any(value.strip() for value in source_values(request, source))
    ]


def body_model(models: Mapping[str, str], content_type: str | None) -> str | None:
    """The model's name for a content type, else that of ``$default``; ``None``: nothing is checked."""
    return models.get(media_type(content_type), models.get("$default"))
