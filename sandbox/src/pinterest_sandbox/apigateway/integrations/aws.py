"""AWS: the request goes to an action of an AWS service, with the body that a mapping template makes.

https://docs.aws.amazon.com/apigateway/latest/developerguide/integration-request-basic-setup.html
"""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import aiohttp
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.exceptions import BotoCoreError, ClientError
from multidict import CIMultiDict
from yarl import URL

from pinterest_sandbox.apigateway.answers import configuration_error
from pinterest_sandbox.apigateway.content import DEFAULT_TYPE
from pinterest_sandbox.apigateway.integration_responses import client_outcome
from pinterest_sandbox.apigateway.integrations.base import Exchange, Outcome
from pinterest_sandbox.apigateway.integrations.calling import call
from pinterest_sandbox.apigateway.parameters import (
    integration_url,
    mapped_headers,
    mapped_query,
    with_stage_variables,
)
from pinterest_sandbox.apigateway.request import UnknownSource
from pinterest_sandbox.apigateway.roles import RoleRefused, Roles
from pinterest_sandbox.apigateway.template_variables import template_variables
from pinterest_sandbox.apigateway.text import header_text
from pinterest_sandbox.apigateway.velocity import TemplateFailed, fill_in
from pinterest_sandbox.aws import kinesis_requests
from pinterest_sandbox.config import ACCESS_KEY, SECRET_KEY

_log = logging.getLogger(__name__)

_ACTION = re.compile(r"arn:aws[\w-]*:apigateway:([\w-]+):([\w.-]+):action/(\w+)")
#: On AWS the role's own, from STS; here whoever holds any keys may do everything.
_CREDENTIALS = Credentials(ACCESS_KEY, SECRET_KEY)


@dataclass(frozen=True)
class JsonService:
    """A service that takes its actions as JSON.

    :param target: what precedes an action in ``X-Amz-Target``.
    :param check: of an action and its body; raises when the service refuses them, whatever its state.
    """

    target: str
    check: Callable[[str, bytes], None]


#: The services that are executed, by their names in an integration's URI.
SERVICES = {"kinesis": JsonService("Kinesis_20131202", kinesis_requests.check_request)}


class WrongIntegration(Exception):
    """The integration is one that cannot be executed."""


@dataclass(frozen=True)
class Action:
    """What an integration's URI names."""

    region: str
    service: str
    name: str


class AwsIntegration:
    """Executes AWS integrations.

    :param roles: checks the integrations' roles.
    :param endpoints: URL of each of :data:`SERVICES`.
    """

    def __init__(self, roles: Roles, endpoints: Mapping[str, str]) -> None:
        self._roles = roles
        self._endpoints = endpoints

    async def execute(self, exchange: Exchange, session: aiohttp.ClientSession) -> Outcome:
        """Call the service and give back what the integration responses make of its answer.

        :raises GatewayAnswer: when the integration is wrongly defined, or the service unreachable or slow.
        """
        integration, request = exchange.integration, exchange.request
        api = request.stage.definition.api_id
        try:
            action = _action(exchange)
            await self._roles.check(with_stage_variables(integration.credentials, request.stage.variables))
            body = _body(exchange)
            url, headers = self._signed(exchange, action, body)
        except (BotoCoreError, ClientError) as error:
            _log.error("API %s: IAM: %s", api, error)
            raise configuration_error("The sandbox's IAM does not answer") from error
        except (RoleRefused, TemplateFailed, UnknownSource, WrongIntegration) as error:
            _log.error("API %s, integration %s: %s", api, integration.uri, error)
            raise configuration_error() from error
        try:
            SERVICES[action.service].check(action.name, body)
        except kinesis_requests.RefusedRequest as refused:
            return client_outcome(exchange, _refusal(refused))
        answer = await call(exchange, session, URL(url, encoded=True), headers=headers, body=body)
        return client_outcome(exchange, answer)

    def _signed(self, exchange: Exchange, action: Action, body: bytes) -> tuple[str, CIMultiDict[str]]:
        """URL and headers of the request to the service."""
        headers = CIMultiDict({"Content-Type": DEFAULT_TYPE})
        headers.update({name: header_text(value) for name, value in mapped_headers(exchange).items()})
        headers["User-Agent"] = f"AmazonAPIGateway_{exchange.request.stage.definition.api_id}"
        headers["X-Amz-Target"] = f"{SERVICES[action.service].target}.{action.name}"
        query = mapped_query(exchange)
        url = f"{self._endpoints[action.service]}/{'?' if query else ''}{query}"
        signed = AWSRequest(exchange.verb, url, headers=dict(headers), data=body)
        SigV4Auth(_CREDENTIALS, action.service, action.region).add_auth(signed)
        return url, CIMultiDict(signed.headers.items())


def _action(exchange: Exchange) -> Action:
    uri = integration_url(exchange)
    found = _ACTION.fullmatch(uri)
    if found is None:
        raise WrongIntegration(f"{uri} is no action of an AWS service")
    action = Action(*found.groups())
    if action.service not in SERVICES:
        raise WrongIntegration(f"the AWS service {action.service} is not executed")
    return action


def _body(exchange: Exchange) -> bytes:
    """The client's body, or what the template makes of it."""
    if exchange.template is None:
        return exchange.body
    text = exchange.body.decode("utf-8", "replace")
    variables = template_variables(exchange.request, text)
    return fill_in(exchange.template, variables).encode("utf-8", "replace")


def _refusal(refused: kinesis_requests.RefusedRequest) -> Outcome:
    headers = CIMultiDict({"Content-Type": "application/x-amz-json-1.1"})
    content = {"__type": refused.code, "message": refused.message}
    return Outcome(400, headers, json.dumps(content).encode())
