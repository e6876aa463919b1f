"""What the tasks of the layout test talk to: AWS (moto, and our MSK), the API, the source, a workspace."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

import boto3

from pinterest_pipeline.entities import names
from tests.integrity.mwaa.api import LandingApi
from tests.integrity.mwaa.mysql import MySql
from tests.integrity.mwaa.workspace import Workspace
from tests.unit.cloud_operators import moto_server
from tests.unit.cloud_operators.aws import fake_msk
from tests.unit.cloud_operators.aws.fake_msk import FakeMsk
from tests.unit.cloud_operators.databricks import fake_databricks
from tests.unit.pinterest_pipeline.fakes import serve
from tests.unit.pinterest_pipeline.provisioning import fake_ssm
from tests.unit.pinterest_pipeline.provisioning.customer_account import make_network, make_roles
from tests.unit.pinterest_pipeline.provisioning.fake_ssm import DOWN, FakeSsm

CREDENTIALS = {"AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing"}


@dataclass(frozen=True)
class Surroundings:
    """The services, to be looked at after the run.

    :param aws_url: address of the AWS services except MSK and MSK Connect.
    :param api: the API, with everything behind it up to the landed objects.
    """

    aws_url: str
    msk: FakeMsk
    ssm: FakeSsm
    api: LandingApi
    source: MySql
    databricks: Workspace

    def client(self, service: str) -> Any:
        """A boto3 client of one of the AWS services."""
        return _client(service, self.aws_url)

    @property
    def variables(self) -> dict[str, str]:
        """Credentials, as the environment's role gives them, and where the services are."""
        return {
            **CREDENTIALS,
            "AWS_ENDPOINT_URL": self.aws_url,
            "AWS_ENDPOINT_URL_KAFKA": self.msk.url,
            "AWS_ENDPOINT_URL_KAFKACONNECT": self.msk.url,
            "AWS_ENDPOINT_URL_SSM": self.ssm.url,
        }


@contextmanager
def running() -> Iterator[Surroundings]:
    """Run the services, with the connections as secrets."""
    with ExitStack() as stack:
        url = stack.enter_context(moto_server.running())
        s3 = _client("s3", url)
        surroundings = Surroundings(
            aws_url=url,
            msk=FakeMsk(looks=0),
            # Its REST proxy is down, and comes back when it is restarted.
            ssm=FakeSsm(status=dict(DOWN), looks=0),
            api=LandingApi(s3, _client("kinesis", url), list(names().topics.values())),
            source=MySql(),
            databricks=Workspace(s3, _client("kinesis", url)),
        )
        stack.enter_context(serve(surroundings.api))
        stack.enter_context(fake_ssm.serve(surroundings.ssm))
        for server in (
            fake_msk.start(surroundings.msk),
            fake_databricks.serve(surroundings.databricks),
            surroundings.source,
        ):
            stack.callback(server.server_close)
            stack.callback(server.shutdown)
        _keep_connections(surroundings)
        make_roles(surroundings.client("iam"))
        network = make_network(surroundings.client("ec2"))
        surroundings.msk.cluster["BrokerNodeGroupInfo"]["ClientSubnets"] = [network.subnet]
        yield surroundings


def _client(service: str, url: str) -> Any:
    return boto3.client(
        service,
        endpoint_url=url,
        region_name="us-east-1",
        aws_access_key_id="testing",
        aws_secret_access_key="testing",
    )


def _keep_connections(surroundings: Surroundings) -> None:
    connections = {
        "databricks_default": {
            "conn_type": "databricks",
            "host": "127.0.0.1",
            "schema": "http",
            "port": surroundings.databricks.port,
            "password": fake_databricks.TOKEN,
        },
        "kafka_default": {"conn_type": "kafka", "extra": {"bootstrap.servers": "127.0.0.1:9092"}},
        "pinterest_source": {
            "conn_type": "mysql",
            "host": "127.0.0.1",
            "port": surroundings.source.port,
            "login": "reader",
            "password": "secret",
            "schema": "pinterest_data",
        },
        # MWAA's lookup pattern keeps Airflow from asking for it. Were it asked, no task would work.
        "aws_default": {"conn_type": "aws", "extra": {"endpoint_url": "http://127.0.0.1:9"}},
    }
    secrets = surroundings.client("secretsmanager")
    for name, connection in connections.items():
        secrets.create_secret(Name=f"airflow/connections/{name}", SecretString=json.dumps(connection))
