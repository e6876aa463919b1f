"""What the tasks of the layout test talk to: AWS (moto, and our MSK) and a Databricks workspace."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import boto3

from tests.unit.cloud_operators import moto_server
from tests.unit.cloud_operators.aws import fake_msk
from tests.unit.cloud_operators.aws.fake_msk import FakeMsk
from tests.unit.cloud_operators.databricks.fake_databricks import TOKEN, Answer, FakeDatabricks, serve

CREDENTIALS = {"AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing"}


@dataclass(frozen=True)
class Surroundings:
    """The services, to be looked at after the run.

    :param aws_url: address of the AWS services except MSK and MSK Connect.
    """

    aws_url: str
    msk: FakeMsk
    databricks: FakeDatabricks

    def client(self, service: str) -> Any:
        """A boto3 client of one of the AWS services."""
        return boto3.client(
            service,
            endpoint_url=self.aws_url,
            region_name="us-east-1",
            aws_access_key_id="testing",
            aws_secret_access_key="testing",
        )

    @property
    def variables(self) -> dict[str, str]:
        """Credentials, as the environment's role gives them, and where the services are."""
        return {
            **CREDENTIALS,
            "AWS_ENDPOINT_URL": self.aws_url,
            "AWS_ENDPOINT_URL_KAFKA": self.msk.url,
            "AWS_ENDPOINT_URL_KAFKACONNECT": self.msk.url,
        }


@contextmanager
def running() -> Iterator[Surroundings]:
    """Run the services, with the connections as secrets."""
    msk = FakeMsk(looks=0)
    databricks = FakeDatabricks(statements=answer)
    servers = [fake_msk.start(msk), serve(databricks)]
    try:
        with moto_server.running() as url:
            surroundings = Surroundings(url, msk, databricks)
            _keep_connections(surroundings)
            yield surroundings
    finally:
        for server in servers:
            server.shutdown()
            server.server_close()


def answer(request: dict[str, Any]) -> Answer:
    """What the SQL warehouse says: one row to who reads a result table back, none to all else."""
    sql = request["statement"]
    if sql.startswith("SELECT count(*) AS row_count"):
        return Answer(columns=(("row_count", "LONG"),), chunks=([["1"]],), looks=())
    if sql.startswith("SELECT * FROM IDENTIFIER(:result_table)"):
        return Answer(columns=(("answer", "STRING"),), chunks=([["forty-two"]],), looks=())
    return Answer(looks=())


def _keep_connections(surroundings: Surroundings) -> None:
    databricks = {
        "conn_type": "databricks",
        "host": "127.0.0.1",
        "schema": "http",
        "port": surroundings.databricks.port,
        "password": TOKEN,
    }
    # MWAA's lookup pattern keeps Airflow from asking for aws_default. Were it asked, no task would work.
    trap = {"conn_type": "aws", "extra": {"endpoint_url": "http://127.0.0.1:9"}}
    secrets = surroundings.client("secretsmanager")
    for name, connection in {"databricks_default": databricks, "aws_default": trap}.items():
        secrets.create_secret(Name=f"airflow/connections/{name}", SecretString=json.dumps(connection))
