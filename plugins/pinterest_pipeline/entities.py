"""The three entities as their contracts say, and every name that is derived from the resource id."""

from __future__ import annotations

import functools
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pinterest_pipeline import paths
from pinterest_pipeline.settings import Settings, settings

#: The order in which entities are handled and shown.
ENTITIES = ("pin", "geo", "user")
#: Partition key of records that only try the way to a stream; the stream ingest leaves them out by it, with
#: no row and no count. So it must be one that nobody else takes by chance.
SMOKE_PARTITION_KEY = "smoke-test-8f3b9d52-6c0e-4b7a-9f1d-2a54c7e8d106"


@dataclass(frozen=True, kw_only=True)
class Column:
    """One column of a source table.

    :param name: column name.
    :param type: ``integer``, ``float``, ``string`` or ``datetime``.
    """

    name: str
    type: str


@dataclass(frozen=True, kw_only=True)
class Contract:
    """One entity.

    :param entity: ``pin``, ``geo`` or ``user``.
    :param source_table: table of the source database.
    :param key: its key column.
    :param topic_suffix: last part of the topic's name.
    :param columns: columns in table order.
    """

    entity: str
    source_table: str
    key: str
    topic_suffix: str
    columns: tuple[Column, ...]

    @property
    def column_names(self) -> tuple[str, ...]:
        """Column names in table order."""
        return tuple(column.name for column in self.columns)


def parse_contract(document: dict[str, Any]) -> Contract:
    """A contract from its JSON document.

    :raises KeyError: when a member is missing.
    """
    return Contract(
        entity=document["entity"],
        source_table=document["source_table"],
        key=document["key"],
        topic_suffix=document["topic_suffix"],
        columns=tuple(Column(name=column["name"], type=column["type"]) for column in document["columns"]),
    )


def load_contracts(folder: Path) -> dict[str, Contract]:
    """The contracts of all entities.

    :param folder: folder with ``pin.json``, ``geo.json`` and ``user.json``.
    :raises FileNotFoundError: when one is missing.
    """
    documents = (json.loads((folder / f"{entity}.json").read_text(encoding="utf-8")) for entity in ENTITIES)
    return {contract.entity: contract for contract in map(parse_contract, documents)}


@functools.cache
def contracts() -> dict[str, Contract]:
    """The contracts under ``include/contracts``, by entity."""
    return load_contracts(paths.include_folder() / "contracts")


@dataclass(frozen=True, kw_only=True)
class Names:
    """Every name of the pipeline's resources.

    :param user_id: the resource id.
    :param catalog: Databricks catalog of the tables.
    :param schema: Databricks schema of the tables.
    :param state_root: ``s3://`` URI of the state folder, without a slash at the end.
    """

    user_id: str
    catalog: str
    schema: str
    state_root: str

    @property
    def bucket(self) -> str:
        """The bucket of landed objects and results."""
        return f"user-{self.user_id}-bucket"

    def topic(self, entity: str) -> str:
        """The Kafka topic of an entity."""
        return f"{self.user_id}.{entity}"

    @property
    def topics(self) -> dict[str, str]:
        """Entity to topic."""
        return {entity: self.topic(entity) for entity in ENTITIES}

    @property
    def dead_letter_topic(self) -> str:
        """The topic of records that the sink could not write."""
        return f"{self.user_id}.dead-letter"

    def stream(self, entity: str) -> str:
        """The Kinesis stream of an entity."""
        return f"streaming-{self.user_id}-{entity}"

    @property
    def streams(self) -> dict[str, str]:
        """Entity to stream."""
        return {entity: self.stream(entity) for entity in ENTITIES}

    @property
    def custom_plugin(self) -> str:
        """The MSK Connect custom plugin."""
        return f"{self.user_id}-plugin"

    @property
    def worker_configuration(self) -> str:
        """The MSK Connect worker configuration."""
        return f"{self.user_id}-worker"

    @property
    def connector(self) -> str:
        """The S3 sink connector."""
        return f"{self.user_id}-connector"

    @property
    def sink_group(self) -> str:
        """The consumer group under which the connector commits its offsets."""
        return f"connect-{self.connector}"

    @property
    def rest_api(self) -> str:
        """The API's name."""
        return self.user_id

    @property
    def heartbeat_alarm(self) -> str:
        """The CloudWatch alarm on the heartbeat of ``pinterest_health``."""
        return f"{self.user_id}-health-heartbeat"

    def ssm_document(self, document: str) -> str:
        """The SSM document of the EC2 client that is made of ``include/ssm/<document>.json``."""
        # An id may begin with a word that is reserved at the beginning of such names, as ``aws`` is.
        return f"pinterest-{self.user_id}-{document}"

    def landing_prefix(self, entity: str) -> str:
        """S3 key prefix of an entity's landed objects, with a slash at the end."""
        return f"topics/{self.topic(entity)}/"

    def table(self, name: str) -> str:
        """The full name of a table, back-quoted: an id may begin with a digit.

        :param name: the name after the resource id, such as ``ledger`` or ``pin_batch``.
        """
        return ".".join(f"`{part}`" for part in (self.catalog, self.schema, f"{self.user_id}_{name}"))

    def result_table(self, query: str) -> str:
        """The full, back-quoted name of a query's result table."""
        return self.table(f"result_{query}")

    def results_folder(self, query: str) -> str:
        """``s3://`` URI of a query's result files."""
        return f"s3://{self.bucket}/results/{query}"

    @property
    def sql_parameters(self) -> dict[str, str]:
        """The table names that statements under ``include/sql`` take as named parameters."""
        landed = {f"{entity}_batch_table": self.table(f"{entity}_batch") for entity in ENTITIES}
        streamed = {f"{entity}_stream_table": self.table(f"{entity}_table") for entity in ENTITIES}
        return (
            landed
            | streamed
            | {
                "ledger_table": self.table("ledger"),
                "positions_table": self.table("ingest_positions"),
            }
        )


def make_names(values: Settings) -> Names:
    """The names that follow from the settings."""
    return Names(
        user_id=values.user_id,
        catalog=values.databricks_catalog,
        schema=values.databricks_schema,
        state_root=values.state_root,
    )


def names() -> Names:
    """The names of this environment.

    :raises SettingsError: for a wrong setting.
    """
    return make_names(settings())
