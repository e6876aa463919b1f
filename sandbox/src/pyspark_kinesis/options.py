"""The options of ``spark.readStream.format("kinesis")``, named as Databricks names them.

Options that only tune Databricks' fetching (``maxFetchRate``, ``shardsPerTask`` and the like) change nothing
here, and unknown ones are ignored, as by Spark's own sources.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pyspark_kinesis.timestamps import parse_timestamp

LATEST = "latest"


class WrongOption(ValueError):
    """An option has a value that cannot be used."""


@dataclass(frozen=True, kw_only=True)
class Connection:
    """How Kinesis is reached; what is ``None`` is found as boto3 finds it.

    :param endpoint: URL; else ``AWS_ENDPOINT_URL_KINESIS``, ``AWS_ENDPOINT_URL``, or AWS itself.
    :param role_arn: role to assume.
    """

    region: str | None = None
    endpoint: str | None = None
    access_key: str | None = None
    secret_key: str | None = None
    role_arn: str | None = None
    role_external_id: str | None = None
    role_session_name: str = "spark-kinesis"
    sts_endpoint: str | None = None


@dataclass(frozen=True, kw_only=True)
class Options:
    """What a query asked for.

    :param streams: names or ARNs.
    :param initial_position: ``latest``, a moment, or ``None`` for the oldest record.
    """

    streams: tuple[str, ...]
    initial_position: str | datetime | None
    connection: Connection


def read_options(given: Mapping[str, str]) -> Options:
    """Check the options of a query.

    :param given: as the query has them; Spark makes their names case-insensitive.
    :raises WrongOption: for what is missing, contradictory, or not to be had here.
    """
    for name, value in (("consumerMode", "polling"), ("serviceCredential", "")):
        if str(given.get(name) or value).lower() != value:
            raise WrongOption(f"{name}={given[name]!r} of the kinesis source is not available here")
    keys = given.get("awsAccessKey"), given.get("awsSecretKey")
    if bool(keys[0]) != bool(keys[1]):
        raise WrongOption("awsAccessKey and awsSecretKey of the kinesis source belong together")
    connection = Connection(
        region=given.get("region") or None,
        endpoint=given.get("endpoint") or given.get("endpointUrl") or None,
        access_key=keys[0] or None,
        secret_key=keys[1] or None,
        role_arn=given.get("roleArn") or None,
        role_external_id=given.get("roleExternalId") or None,
        role_session_name=given.get("roleSessionName") or Connection.role_session_name,
        sts_endpoint=given.get("stsEndpoint") or None,
    )
    return Options(
        streams=_streams(given),
        initial_position=_initial_position(given.get("initialPosition") or LATEST),
        connection=connection,
    )


def _streams(given: Mapping[str, str]) -> tuple[str, ...]:
    lists = [given[name] for name in ("streamName", "streamARN") if given.get(name)]
    if len(lists) != 1:
        raise WrongOption("the kinesis source needs either streamName or streamARN")
    streams = tuple(name.strip() for name in lists[0].split(",") if name.strip())
    if not streams or len(set(streams)) != len(streams):
        raise WrongOption(f"{lists[0]!r} is no list of different streams")
    return streams


def _initial_position(text: str) -> str | datetime | None:
    word = text.strip().lower()
    if word == LATEST:
        return LATEST
    if word in ("earliest", "trim_horizon"):
        return None
    try:
        said: Any = json.loads(text)
        return parse_timestamp(said["at_timestamp"], said.get("format"))
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise WrongOption(
            f"initialPosition={text!r} is none of latest, earliest, trim_horizon and "
            f'{{"at_timestamp": "06/25/2020 10:23:45 PDT", "format": "MM/dd/yyyy HH:mm:ss ZZZ"}}: {error}'
        ) from error
