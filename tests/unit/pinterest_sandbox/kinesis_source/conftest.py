"""A moto with the mended Kinesis in the test's own process, and a stream in it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any
from uuid import uuid4

import pytest
from pyspark.sql.datasource import CaseInsensitiveDict

from pinterest_sandbox.aws.clients import aws_client
from pyspark_kinesis.options import read_options
from pyspark_kinesis.source import KinesisReader
from tests.kinesis_streams import StreamClient, running_kinesis

MakeReader = Callable[..., KinesisReader]


@pytest.fixture(scope="session")
def kinesis_url() -> Iterator[str]:
    with running_kinesis() as url:
        yield url


@pytest.fixture(scope="session")
def client(kinesis_url: str) -> Any:
    return aws_client("kinesis", kinesis_url)


@pytest.fixture
def stream(client: Any) -> StreamClient:
    return StreamClient(client, uuid4().hex, shards=2)


@pytest.fixture
def connection(kinesis_url: str) -> Mapping[str, str]:
    """Options that lead to the moto, as a notebook gives them."""
    return {
        "endpointUrl": kinesis_url,
        "region": "us-east-1",
        "awsAccessKey": "key",
        "awsSecretKey": "secret",
    }


@pytest.fixture
def make_reader(stream: StreamClient, connection: Mapping[str, str]) -> MakeReader:
    """Makes the reader of a query: a new one is a query that was started again."""

    def make(**options: str) -> KinesisReader:
        given = {"streamName": stream.name, "initialPosition": "earliest", **connection, **options}
        return KinesisReader(read_options(CaseInsensitiveDict(given)))

    return make
