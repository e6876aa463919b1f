"""moto and the facades in threads of the test process, over a Connect worker that does what a test says."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import pytest
from moto.server import ThreadedMotoServer

from pinterest_sandbox.aws.clients import aws_client
from pinterest_sandbox.aws.msk_connect.facade import Intervals, MskConnect, application
from pinterest_sandbox.aws.msk_connect.lifecycle import Cluster, Lifecycle
from pinterest_sandbox.aws.msk_connect.mapping import SinkStore
from pinterest_sandbox.aws.msk_connect.monitoring import Monitoring
from pinterest_sandbox.aws.msk_connect.rest import ConnectRest
from pinterest_sandbox.aws.msk_connect.store import Store
from tests.conformance.msk_connect_surroundings import KafkaCluster, Surroundings, prepare_surroundings
from tests.unit.pinterest_sandbox.aws.fake_connect import FakeConnect
from tests.unit.pinterest_sandbox.aws.plugin_files import plugin_zip
from tests.unit.pinterest_sandbox.aws.serving import serving

BOOTSTRAP = "127.0.0.1:9092"
BUCKET = "plugins"
KEY = "kafka-connect-s3/sink.zip"


@pytest.fixture(scope="session")
def moto_url() -> Iterator[str]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture(scope="session")
def plugin_bucket(moto_url: str) -> str:
    s3 = aws_client("s3", moto_url)
    s3.create_bucket(Bucket=BUCKET)
    s3.put_object(Bucket=BUCKET, Key=KEY, Body=plugin_zip())
    return BUCKET


@dataclass(frozen=True)
class Clients:
    """boto3 clients of moto: making one takes long, so they are shared."""

    s3: Any
    cloudwatch: Any
    logs: Any


@pytest.fixture(scope="session")
def clients(moto_url: str) -> Clients:
    return Clients(*(aws_client(name, moto_url) for name in ("s3", "cloudwatch", "logs")))


@dataclass(frozen=True, kw_only=True)
class Facade:
    """MSK Connect in a thread, with intervals that suit tests.

    :param connect: the worker behind it.
    :param client: boto3 client of it.
    """

    connect: FakeConnect
    client: Any
    url: str


class MakeFacade(Protocol):
    def __call__(
        self, connect: FakeConnect, state: Path | None = None, *, failed_tasks_fail: bool = True
    ) -> AbstractContextManager[Facade]: ...


@pytest.fixture(scope="session")
def make_facade(moto_url: str, clients: Clients) -> MakeFacade:
    """Makes facades; two over one state file are one process before and after a restart."""

    @contextmanager
    def make(
        connect: FakeConnect, state: Path | None = None, *, failed_tasks_fail: bool = True
    ) -> Iterator[Facade]:
        with serving(connect.application()) as connect_url:
            store = Store(state)
            sink = SinkStore(url=moto_url, access_key="key", secret_key="secret", region="us-east-1")
            lifecycle = Lifecycle(
                store,
                ConnectRest(connect_url),
                sink,
                Cluster(bootstrap=BOOTSTRAP),
                failed_tasks_fail=failed_tasks_fail,
                settle=0.0,
            )
            service = MskConnect(
                store,
                lifecycle,
                clients.s3,
                Monitoring(clients.cloudwatch, clients.logs),
                intervals=Intervals(transit=0.02, settled=0.05, metrics=0.1),
            )
            with serving(application(service)) as url:
                yield Facade(connect=connect, client=aws_client("kafkaconnect", url), url=url)

    return make


@pytest.fixture
def facade(make_facade: MakeFacade) -> Iterator[Facade]:
    with make_facade(FakeConnect()) as made:
        yield made


@pytest.fixture
def surroundings(facade: Facade, plugin_bucket: str) -> Surroundings:
    return prepare(facade, plugin_bucket)


def prepare(facade: Facade, bucket: str) -> Surroundings:
    """A plugin and a worker configuration in ``facade``."""
    return prepare_surroundings(
        facade.client,
        prefix="unit",
        bucket=bucket,
        plugin_key=KEY,
        cluster=KafkaCluster(bootstrap=BOOTSTRAP),
        configuration={"flush.size": "500", "topics": "t"},
    )
