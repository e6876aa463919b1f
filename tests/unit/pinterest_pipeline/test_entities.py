from __future__ import annotations

from pinterest_pipeline.entities import ENTITIES, Names, contracts, make_names
from pinterest_pipeline.settings import load_settings

NAMES = make_names(
    load_settings({"PINTEREST_USER_ID": "12b287eedf6d", "PINTEREST_DATABRICKS_CATALOG": "main"})
)


def test_contracts_are_those_of_the_source() -> None:
    assert {entity: (c.source_table, c.key) for entity, c in contracts().items()} == {
        "pin": ("pinterest_data", "index"),
        "geo": ("geolocation_data", "ind"),
        "user": ("user_data", "ind"),
    }
    assert contracts()["geo"].column_names == ("ind", "timestamp", "latitude", "longitude", "country")
    assert {entity: len(c.columns) for entity, c in contracts().items()} == {"pin": 12, "geo": 5, "user": 5}
    assert all(c.topic_suffix == entity for entity, c in contracts().items())


def test_names() -> None:
    assert NAMES.topics == {entity: f"12b287eedf6d.{entity}" for entity in ENTITIES}
    assert NAMES.dead_letter_topic == "12b287eedf6d.dead-letter"
    assert NAMES.bucket == "user-12b287eedf6d-bucket"
    assert NAMES.landing_prefix("pin") == "topics/12b287eedf6d.pin/"
    assert NAMES.custom_plugin == "12b287eedf6d-plugin"
    assert NAMES.worker_configuration == "12b287eedf6d-worker"
    assert NAMES.connector == "12b287eedf6d-connector"
    assert NAMES.sink_group == "connect-12b287eedf6d-connector"
    assert NAMES.heartbeat_alarm == "12b287eedf6d-health-heartbeat"
    assert NAMES.rest_api == "12b287eedf6d"
    assert NAMES.results_folder("top_country") == "s3://user-12b287eedf6d-bucket/results/top_country"


def test_tables_are_quoted_since_an_id_may_begin_with_a_digit() -> None:
    assert NAMES.table("ledger") == "`main`.`default`.`12b287eedf6d_ledger`"
    assert NAMES.result_table("top_country") == "`main`.`default`.`12b287eedf6d_result_top_country`"


def test_parameters_of_statements() -> None:
    names = Names(user_id="a", catalog="c", schema="s", state_root="s3://b/_state")
    assert names.sql_parameters == {
        "pin_batch_table": "`c`.`s`.`a_pin_batch`",
        "geo_batch_table": "`c`.`s`.`a_geo_batch`",
        "user_batch_table": "`c`.`s`.`a_user_batch`",
        "pin_stream_table": "`c`.`s`.`a_pin_table`",
        "geo_stream_table": "`c`.`s`.`a_geo_table`",
        "user_stream_table": "`c`.`s`.`a_user_table`",
        "ledger_table": "`c`.`s`.`a_ledger`",
        "positions_table": "`c`.`s`.`a_ingest_positions`",
    }
