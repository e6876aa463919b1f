"""The API's document and its two parts, each of which one provisioning DAG applies."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from enum import StrEnum
from typing import Any

API_STAGE = "test"
#: API Gateway knows a key by this scheme.
KEY_SCHEME = {"api_key": {"type": "apiKey", "name": "x-api-key", "in": "header"}}
_STREAMS = "/streams"
_PLACEHOLDER = re.compile(r"\$\{(AWS_[A-Z_]+)\}")
_ROLE = re.compile(r"arn:[\w-]+:iam::(\d{12}):role/(\S+)")


class ApiPart(StrEnum):
    """A part of the API; every path belongs to exactly one."""

    BATCH = "batch"
    STREAM = "stream"


def part_of(path: str) -> ApiPart:
    """The part that a path belongs to: the stream part is ``/streams`` and all below it.

    :param path: as the document has it.
    """
    return ApiPart.STREAM if path == _STREAMS or path.startswith(f"{_STREAMS}/") else ApiPart.BATCH


def api_specification(
    template: str, part: ApiPart, *, values: Mapping[str, str] | None = None, require_api_key: bool
) -> dict[str, Any]:
    """One part of the API, to be merged into what there is.

    :param template: text of ``include/apigateway/pinterest.json``.
    :param part: whose paths are taken.
    :param values: of the placeholders ``${AWS_...}`` in this part; stage variables stay as they are.
    :param require_api_key: whether its methods want the header ``x-api-key``.
    :raises KeyError: when a placeholder has no value.
    """
    document: dict[str, Any] = json.loads(template)
    paths = {path: item for path, item in document["paths"].items() if part_of(path) is part}
    filled = _PLACEHOLDER.sub(lambda found: (values or {})[found[1]], json.dumps(paths))
    specification = {**document, "paths": json.loads(filled)}
    if require_api_key:
        specification["components"] = {**document.get("components", {}), "securitySchemes": KEY_SCHEME}
        specification["security"] = [{name: []} for name in KEY_SCHEME]
    return specification


def stream_values(region: str, role_arn: str) -> dict[str, str]:
    """Values of the placeholders in the stream part.

    :param region: AWS region of API and streams.
    :param role_arn: the role with which API Gateway calls Kinesis; it must be of the API's account.
    :raises ValueError: when it is no role's ARN.
    """
    return {"AWS_REGION": region, "AWS_ACCOUNT_ID": _role(role_arn)[0]}


def batch_variables(rest_proxy_address: str) -> dict[str, str]:
    """Stage variables of the batch part.

    :param rest_proxy_address: ``host:port`` of the Kafka REST proxy.
    """
    return {"restProxyHost": rest_proxy_address}


def stream_variables(role_arn: str) -> dict[str, str]:
    """Stage variables of the stream part.

    :param role_arn: the role with which API Gateway calls Kinesis.
    :raises ValueError: when it is no role's ARN.
    """
    return {"kinesisRole": _role(role_arn)[1]}


def _role(arn: str) -> tuple[str, str]:
    """Account and name of a role, the name with its path."""
    found = _ROLE.fullmatch(arn)
    if found is None:
        raise ValueError(f"{arn!r} is no role's ARN")
    return found[1], found[2]
