"""What the connector that is being made is to be set to, kept while it is not there.

A param that is left empty keeps what the connector has. Between its deletion and its creation there is none
to be asked, and a run that breaks off there is gone on with by another one.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from pinterest_pipeline.landing.manifest import split_uri
from pinterest_pipeline.provisioning.resources import Entry

FILE = "connector.json"


def keep(s3: Any, state_root: str, plan: Mapping[str, Any]) -> None:
    """Keep configuration and capacity of the connector that is to be made.

    :param s3: a boto3 S3 client.
    :param state_root: ``s3://`` URI of the state folder.
    :param plan: with ``connector_configuration``, ``connector_capacity`` and ``log_delivery``.
    """
    bucket, key = split_uri(f"{state_root}/{FILE}")
    document = {
        "connectorConfiguration": plan["connector_configuration"],
        "capacity": plan["connector_capacity"],
        "logDelivery": plan["log_delivery"],
    }
    body = json.dumps(document, indent=1).encode()
    s3.put_object(Bucket=bucket, Key=key, Body=body, ContentType="application/json")


def kept(s3: Any, state_root: str, entries: Sequence[Entry], name: str) -> dict[str, Any] | None:
    """What the connector was to have whose making has broken off.

    :param s3: a boto3 S3 client.
    :param state_root: ``s3://`` URI of the state folder.
    :param entries: the record of what was created.
    :param name: name of the connector.
    :returns: ``connectorConfiguration``, ``capacity`` and ``logDelivery``, as DescribeConnector shows them;
        ``None`` when the connector is not just being made.
    """
    making = {(entry["kind"], entry["name"]) for entry in entries if entry["state"] == "creating"}
    if ("connector", name) not in making:
        return None
    bucket, key = split_uri(f"{state_root}/{FILE}")
    try:
        return dict(json.loads(s3.get_object(Bucket=bucket, Key=key)["Body"].read()))
    except s3.exceptions.NoSuchKey:
        return None
