"""Every asset of the pipeline. An asset's name and URI identify it in the whole Airflow environment."""

from __future__ import annotations

from airflow.sdk import Asset

from pinterest_pipeline.entities import ENTITIES, names
from pinterest_pipeline.results.queries import QUERIES

_NAMES = names()
_TABLES = f"delta://{_NAMES.catalog}/{_NAMES.schema}/{_NAMES.user_id}"

#: Landed objects in S3, by entity.
LANDED = {
    entity: Asset(
        name=f"{_NAMES.user_id}_{entity}_landed",
        uri=f"s3://{_NAMES.bucket}/{_NAMES.landing_prefix(entity)}",
        group="pinterest_landing",
    )
    for entity in ENTITIES
}

#: Records in the streams, by entity.
STREAMED = {
    entity: Asset(
        name=f"{_NAMES.user_id}_{entity}_streamed",
        uri=f"kinesis://{_NAMES.stream(entity)}",
        group="pinterest_streams",
    )
    for entity in ENTITIES
}

#: Cleaned batch tables, by entity.
BATCH_TABLES = {
    entity: Asset(
        name=f"{_NAMES.user_id}_{entity}_batch", uri=f"{_TABLES}_{entity}_batch", group="pinterest_batch"
    )
    for entity in ENTITIES
}

#: Cleaned stream tables, by entity.
STREAM_TABLES = {
    entity: Asset(
        name=f"{_NAMES.user_id}_{entity}_table", uri=f"{_TABLES}_{entity}_table", group="pinterest_stream"
    )
    for entity in ENTITIES
}

#: Results of the queries: table and files, by query.
RESULTS = {
    query: Asset(
        name=f"{_NAMES.user_id}_result_{query}",
        uri=f"{_NAMES.results_folder(query)}/",
        group="pinterest_results",
    )
    for query in QUERIES
}

#: The health of the pipeline; an event says which components have changed their state.
HEALTH = Asset(
    name=f"{_NAMES.user_id}_health", uri=f"s3://{_NAMES.bucket}/health/latest.json", group="pinterest_health"
)

#: All assets.
ALL = [
    *LANDED.values(),
    *STREAMED.values(),
    *BATCH_TABLES.values(),
    *STREAM_TABLES.values(),
    *RESULTS.values(),
    HEALTH,
]
