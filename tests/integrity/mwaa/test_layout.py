"""The product as it lies on MWAA, loaded and run there: every task of every DAG.

What differs from MWAA: LocalExecutor in place of CeleryExecutor, SQLite in place of PostgreSQL; MWAA's own
Python modules (log handlers, its IAM login) are not there, so their settings are not set. Services are
stand-ins behind their own protocols, but for Kafka's, whose client is one; the notebook's counts are made up
from its manifest, and no SQL is executed.
"""

from __future__ import annotations

import base64
import json
from collections import Counter
from pathlib import Path

import pytest

from pinterest_pipeline.entities import ENTITIES, SMOKE_PARTITION_KEY, contracts
from pinterest_pipeline.results.queries import QUERIES
from tests.integrity.mwaa import layout
from tests.integrity.mwaa.conftest import BUCKET, DAGS, PLUGIN_FILE, Mwaa
from tests.unit.pinterest_pipeline.airflow_home import CHECKOUT

INCLUDE = CHECKOUT / "include"


def test_the_dags_load_without_an_error(mwaa: Mwaa) -> None:
    assert mwaa.processor.returncode == 0, mwaa.processor.stderr
    command = mwaa.command("import_errors")
    assert (command["code"], json.loads(command["output"].splitlines()[-1])) == (0, [])
    listed = json.loads(mwaa.command("dags")["output"].splitlines()[-1])
    assert {dag["dag_id"] for dag in listed} == {file.stem for file in (CHECKOUT / "dags").glob("*.py")}


def test_airflow_lists_exactly_our_plugin(mwaa: Mwaa) -> None:
    plugins = json.loads(mwaa.command("plugins")["output"].splitlines()[-1])
    from_folder = {plugin["name"]: plugin["source"] for plugin in plugins if "==" not in plugin["source"]}
    assert from_folder == {"pinterest": "$PLUGINS_FOLDER/pinterest_plugin.py"}


def test_the_plugins_hide_no_module_of_others(mwaa: Mwaa) -> None:
    # Without the ignore file every module would be loaded under its bare name: kafka, types, calendar, ...
    assert mwaa.report["bare_modules"] == []
    assert not Path(mwaa.report["calendar"]).is_relative_to(mwaa.home)


def test_every_module_imports_with_what_mwaa_installs(mwaa: Mwaa) -> None:
    assert mwaa.report["import_errors"] == {}


def test_the_triggerer_finds_every_trigger(mwaa: Mwaa) -> None:
    triggers = mwaa.report["triggers"]
    assert "cloud_operators.kafka.triggers.sink.KafkaSinkCaughtUpTrigger" in triggers
    assert all(triggers.values()), triggers


def test_nothing_of_the_checkout_is_on_the_path(mwaa: Mwaa) -> None:
    places = [Path(place) for place in mwaa.report["path"]]
    for name in ("plugins", "dags"):
        assert mwaa.home / name in places
        assert CHECKOUT / name not in places
    assert CHECKOUT not in places


def test_a_wrong_setting_is_named_by_every_import_error(mwaa: Mwaa) -> None:
    command = mwaa.report["wrong_setting"]
    assert command["code"] == 1
    errors = json.loads(command["output"].splitlines()[-1])
    assert len(errors) == len(DAGS)
    for entry in errors:
        assert "SettingsError: PINTEREST_USER_ID='My-Id' is wrong" in entry["error"].splitlines()[-1]


def test_every_dag_is_run() -> None:
    assert set(DAGS) == {file.stem for file in (CHECKOUT / "dags").glob("*.py")}


@pytest.mark.parametrize("dag", DAGS)
def test_the_run_succeeds(mwaa: Mwaa, dag: str) -> None:
    command = mwaa.command(dag)
    assert command["code"] == 0, command["output"][-5000:] + command["error"]


def test_templates_become_what_is_provisioned(mwaa: Mwaa) -> None:
    msk = mwaa.surroundings.msk
    (connector,) = msk.connectors.values()
    template = json.loads((INCLUDE / "connect" / "s3-sink.json").read_text())
    configuration = connector.body["connectorConfiguration"]
    assert set(configuration) == set(template)
    assert configuration["s3.bucket.name"] == BUCKET
    (worker,) = msk.workers.values()
    content = base64.b64decode(worker.body["latestRevision"]["propertiesFileContent"])
    assert content == (INCLUDE / "connect" / "worker.properties").read_bytes()
    gateway = mwaa.surroundings.client("apigateway")
    (api,) = gateway.get_rest_apis()["items"]
    paths = {resource["path"] for resource in gateway.get_resources(restApiId=api["id"])["items"]}
    assert paths == {
        "/",
        "/{proxy+}",
        "/streams",
        "/streams/{stream-name}",
        "/streams/{stream-name}/record",
        "/streams/{stream-name}/records",
    }


def test_the_plugin_file_is_copied_and_the_connection_kept(mwaa: Mwaa) -> None:
    client = mwaa.surroundings.client
    copied = client("s3").get_object(Bucket=BUCKET, Key="kafka-connect-s3/s3-sink.zip")
    assert copied["Body"].read() == PLUGIN_FILE
    secret = client("secretsmanager").get_secret_value(SecretId="airflow/connections/pinterest_api")
    (key,) = client("apigateway").get_api_keys(includeValues=True)["items"]
    assert json.loads(secret["SecretString"]) == {
        "conn_type": "http",
        "host": mwaa.surroundings.api.url,
        "password": key["value"],
    }


def test_what_provisioning_made_is_recorded(mwaa: Mwaa) -> None:
    s3 = mwaa.surroundings.client("s3")
    record = json.loads(s3.get_object(Bucket=BUCKET, Key="_state/resources.json")["Body"].read())
    assert Counter(entry["kind"] for entry in record["resources"]) == {
        "bucket": 1,
        "topic": 4,
        "stream": 3,
        "ssm_document": 3,
        **dict.fromkeys(("plugin_file", "custom_plugin", "worker_configuration", "connector"), 1),
        **dict.fromkeys(("rest_api", "api_key", "usage_plan", "secret"), 1),
    }
    assert {entry["state"] for entry in record["resources"]} == {"created"}
    assert ("bucket", BUCKET) in {(entry["kind"], entry["name"]) for entry in record["resources"]}


def test_the_posts_of_the_source_reach_every_topic(mwaa: Mwaa) -> None:
    for entity, contract in contracts().items():
        records = mwaa.surroundings.api.topics[f"sandbox.{entity}"]
        # The first posts of the fixed sequence, with the columns that the statements select.
        assert [record["key"] for record in records[:3]] == [7528, 2863, 5730]
        assert [record["value"][contract.key] for record in records[:3]] == [7528, 2863, 5730]
        assert list(records[0]["value"]) == list(contract.column_names)
        assert len(records) == 500


def test_the_posts_of_the_source_reach_every_stream(mwaa: Mwaa) -> None:
    kinesis = mwaa.surroundings.client("kinesis")
    for entity in ENTITIES:
        stream = f"streaming-sandbox-{entity}"
        (shard,) = kinesis.list_shards(StreamName=stream)["Shards"]
        iterator = kinesis.get_shard_iterator(
            StreamName=stream, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON"
        )["ShardIterator"]
        keys = [record["PartitionKey"] for record in kinesis.get_records(ShardIterator=iterator)["Records"]]
        assert keys[:5] == [SMOKE_PARTITION_KEY, SMOKE_PARTITION_KEY, "7528", "2863", "5730"]
        assert len(keys) == 502


def test_the_streaming_notebook_is_given_the_streams(mwaa: Mwaa) -> None:
    streams = {row["entity"]: row["lines_read"] for row in mwaa.surroundings.databricks.stream_balance}
    # Without the records that provisioning tried the way with.
    assert streams == dict.fromkeys(ENTITIES, 500)
    for entity in ENTITIES:
        assert (INCLUDE / "sql" / "comparison" / f"{entity}.sql").read_text().strip() in _statements(mwaa)


def test_the_manifest_names_what_has_landed(mwaa: Mwaa) -> None:
    for name in ("read_ingest_positions", "read_ledger"):
        assert (INCLUDE / "sql" / "tables" / f"{name}.sql").read_text().strip() in _statements(mwaa)
    s3 = mwaa.surroundings.client("s3")
    (listed,) = s3.list_objects_v2(Bucket=BUCKET, Prefix="_state/manifests/")["Contents"]
    manifest = json.loads(s3.get_object(Bucket=BUCKET, Key=listed["Key"])["Body"].read())
    for entity in ENTITIES:
        (partition,) = manifest["entities"][entity]["partitions"]
        assert partition["pinned_offset"] == 500
        landed = s3.list_objects_v2(Bucket=BUCKET, Prefix=f"topics/sandbox.{entity}/")["Contents"]
        assert [item["key"] for item in partition["objects"]] == [entry["Key"] for entry in landed]


def test_the_notebooks_are_published(mwaa: Mwaa) -> None:
    files = [
        path.relative_to(INCLUDE)
        for folder in ("contracts", "spark", "sql")
        for path in (INCLUDE / folder).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts and not path.name.startswith(".")
    ]
    # A notebook loses its suffix in the workspace.
    wanted = {path.with_suffix("") if "notebooks" in path.parts else path for path in files}
    published = {
        path.partition("/Shared/pinterest/sandbox/")[2].partition("/")[2]
        for path, entry in mwaa.surroundings.databricks.objects.items()
        if entry["object_type"] != "DIRECTORY"
    }
    assert published == {str(path) for path in wanted} | {".published"}


def _statements(mwaa: Mwaa) -> list[str]:
    running = mwaa.surroundings.databricks.running.values()
    return [statement.request["statement"].strip() for statement in running]


@pytest.mark.parametrize("check", sorted(file.stem for file in (INCLUDE / "sql" / "quality").glob("*.sql")))
def test_the_check_is_run(mwaa: Mwaa, check: str) -> None:
    assert (INCLUDE / "sql" / "quality" / f"{check}.sql").read_text().strip() in _statements(mwaa)


@pytest.mark.parametrize("query", QUERIES)
def test_the_query_is_run_and_its_result_stored(mwaa: Mwaa, query: str) -> None:
    text = (INCLUDE / "sql" / "queries" / f"{query}.sql").read_text().strip()
    assert [statement for statement in _statements(mwaa) if statement.endswith(text)]
    s3 = mwaa.surroundings.client("s3")
    stored = s3.get_object(Bucket=BUCKET, Key=f"results/{query}/result.jsonl")["Body"].read()
    assert json.loads(stored) == {"answer": "forty-two"}


def test_the_ledger_is_written(mwaa: Mwaa) -> None:
    for name in ("create_ledger", "record_burst"):
        assert (INCLUDE / "sql" / "tables" / f"{name}.sql").read_text().strip() in _statements(mwaa)
    record = (INCLUDE / "sql" / "tables" / "record_burst.sql").read_text().strip()
    recorded = [
        {each["name"]: each["value"] for each in statement.request["parameters"]}
        for statement in mwaa.surroundings.databricks.running.values()
        if statement.request["statement"].strip() == record
    ]
    assert {parameters["stage"] for parameters in recorded} == {"burst", "stream_burst"}
    for parameters in recorded:
        assert {
            row["entity"]: (row["sent"], row["acknowledged"], row["landed"], row["dead_lettered"])
            for row in json.loads(parameters["rows"])
        } == dict.fromkeys(ENTITIES, (500, 500, 500, 0))


def test_all_of_include_lies_under_the_dags_folder(mwaa: Mwaa) -> None:
    def files(folder: Path) -> dict[str, bytes]:
        return {
            str(path.relative_to(folder)): path.read_bytes()
            for path in folder.rglob("*")
            if path.is_file() and "__pycache__" not in path.parts
        }

    uploaded = files(mwaa.package / "dags" / "include")
    assert uploaded == files(INCLUDE)
    assert {f"sql/source/{entity}.sql" for entity in ENTITIES} <= set(uploaded)
    assert not (mwaa.home / "include").exists()


def test_the_documented_options_change_nothing_of_mwaas_own(mwaa: Mwaa) -> None:
    options = set(layout.configuration_options())
    assert not options & (set(layout.essential(mwaa.home)) | set(layout.protected(mwaa.home)))
    for name in options & set(layout.OPINIONATED):
        # MWAA's own keys are kept where ours are added.
        ours, theirs = json.loads(layout.configuration_options()[name]), json.loads(layout.OPINIONATED[name])
        assert theirs.items() <= ours.items()
