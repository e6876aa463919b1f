from __future__ import annotations

import json
import re
from typing import Any

import pytest

from pinterest_pipeline.settings import Settings, SettingsError, load_settings, variable_names
from tests.unit.pinterest_pipeline.airflow_home import CHECKOUT

ARNS = {
    "PINTEREST_MSK_CLUSTER_ARN": "arn:aws:kafka:us-east-1:123456789012:cluster/c/0a1b-2",
    "PINTEREST_CONNECTOR_ROLE_ARN": "arn:aws:iam::123456789012:role/connect",
    "PINTEREST_ALERT_TOPIC_ARN": "arn:aws:sns:us-east-1:123456789012:alerts",
}


def load(**values: str) -> Settings:
    return load_settings({"PINTEREST_USER_ID": "sandbox", **{f"PINTEREST_{k}": v for k, v in values.items()}})


def test_one_variable_is_enough() -> None:
    found = load()
    assert found.user_id == "sandbox"
    assert found.state_root == "s3://user-sandbox-bucket/_state"
    assert found.stream_mode == "available_now"
    assert (found.require_api_key, found.auto_heal) == (True, False)
    assert (found.api_rate_limit, found.api_burst_limit, found.api_daily_quota) == (1000, 2000, 0)
    assert (found.databricks_compute, found.notifiers) == ({}, ())


def test_blanks_around_a_value_and_blank_values_are_no_values() -> None:
    assert load(DATABRICKS_SCHEMA="  ", DATABRICKS_CATALOG=" main ").databricks_schema == "default"
    assert load(DATABRICKS_CATALOG=" main ").databricks_catalog == "main"


def test_other_variables_are_not_read() -> None:
    assert load_settings({"PINTEREST_USER_ID": "a1", "USER_ID": "!", "HOME": "/"}).user_id == "a1"


@pytest.mark.parametrize("user_id", ["Sandbox", "a b", "a-b", "é", "a" * 41, "a\n"])
def test_a_wrong_user_id_is_one_line_that_names_it(user_id: str) -> None:
    if user_id.strip() != user_id:
        user_id = f"x{user_id}x"
    with pytest.raises(SettingsError, match="PINTEREST_USER_ID") as caught:
        load_settings({"PINTEREST_USER_ID": user_id})
    assert len(str(caught.value).splitlines()) == 1


@pytest.mark.parametrize("environment", [{}, {"PINTEREST_USER_ID": " "}])
def test_a_missing_user_id_is_named(environment: dict[str, str]) -> None:
    with pytest.raises(SettingsError, match=r"PINTEREST_USER_ID is not set: 1 to 40 lower-case letters"):
        load_settings(environment)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("MSK_CLUSTER_ARN", "my-cluster"),
        ("MSK_CLUSTER_ARN", "arn:aws:sns:us-east-1:123456789012:alerts"),
        ("CLIENT_INSTANCE_ID", "client"),
        ("REST_PROXY_ADDRESS", "10.0.0.1"),
        ("REST_PROXY_ADDRESS", "http://10.0.0.1:8082"),
        ("CONNECTOR_ROLE_ARN", "arn:aws:iam::1:role/x"),
        ("KINESIS_API_ROLE_ARN", "kinesis-role"),
        ("ALERT_TOPIC_ARN", "alerts"),
        ("API_BASE_URL", "api.example.com"),
        ("DATABRICKS_COMPUTE", "cluster-1"),
        ("DATABRICKS_COMPUTE", '{"cluster": 1}'),
        ("DATABRICKS_COMPUTE", '{"existing_cluster_id": "a", "new_cluster": {}}'),
        ("DATABRICKS_WAREHOUSE_ID", "a b"),
        ("DATABRICKS_CATALOG", "a`b"),
        ("DATABRICKS_SCHEMA", "a.b"),
        ("WORKSPACE_ROOT", "Shared/x"),
        ("STATE_ROOT", "/tmp/state"),
        ("STATE_ROOT", "s3://bucket/state/"),
        ("REQUIRE_API_KEY", "yes"),
        ("API_RATE_LIMIT", "0"),
        ("API_RATE_LIMIT", "10.5"),
        ("API_BURST_LIMIT", "-1"),
        ("API_BURST_LIMIT", "2147483648"),
        ("API_DAILY_QUOTA", "none"),
        ("API_DAILY_QUOTA", "²"),
        ("STREAM_MODE", "sometimes"),
        ("CONNECTOR_PLUGIN_SOURCE", "ftp://host/sink.zip"),
        ("CONNECTOR_PLUGIN_SOURCE", "s3://bucket/sink.tar"),
        ("CONNECTOR_PLUGIN_SOURCE", "https://user:token@host/sink.zip"),
        ("CONNECTOR_PLUGIN_SHA256", "A" * 64),
        ("CONNECTOR_PLUGIN_SHA256", "0" * 63),
        ("CONNECTOR_LOG_GROUP", "a group"),
        ("CONNECTOR_LOG_GROUP", "x" * 513),
        ("AUTO_HEAL", "1"),
        ("NOTIFIERS", "{}"),
        ("NOTIFIERS", '[{"class": "Notifier"}]'),
        ("NOTIFIERS", '[{"path": "a.b"}]'),
    ],
)
def test_a_wrong_value_is_one_line_that_names_it(name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=re.escape(f"PINTEREST_{name}={value!r} is wrong: ")) as caught:
        load(**{name: value})
    assert len(str(caught.value).splitlines()) == 1


@pytest.mark.parametrize(
    ("name", "value", "field", "parsed"),
    [
        (
            "DATABRICKS_COMPUTE",
            '{"existing_cluster_id": "1-2"}',
            "databricks_compute",
            {"existing_cluster_id": "1-2"},
        ),
        (
            "REST_PROXY_ADDRESS",
            "ip-10-0-0-1.ec2.internal:8082",
            "rest_proxy_address",
            "ip-10-0-0-1.ec2.internal:8082",
        ),
        ("CLIENT_INSTANCE_ID", "i-0123456789abcdef0", "client_instance_id", "i-0123456789abcdef0"),
        ("API_BASE_URL", "https://api.example.com/test/", "api_base_url", "https://api.example.com/test"),
        ("STATE_ROOT", "s3://state-bucket", "state_root", "s3://state-bucket"),
        ("REQUIRE_API_KEY", "False", "require_api_key", False),
        ("API_RATE_LIMIT", "10", "api_rate_limit", 10),
        ("API_BURST_LIMIT", "2147483647", "api_burst_limit", 2147483647),
        ("API_DAILY_QUOTA", "0", "api_daily_quota", 0),
        ("AUTO_HEAL", "true", "auto_heal", True),
        ("STREAM_MODE", "continuous", "stream_mode", "continuous"),
        ("CONNECTOR_PLUGIN_SOURCE", "https://h/sink.zip", "connector_plugin_source", "https://h/sink.zip"),
        ("CONNECTOR_PLUGIN_SHA256", "0a" * 32, "connector_plugin_sha256", "0a" * 32),
        ("CONNECTOR_LOG_GROUP", "/msk-connect/a_b.c#1", "connector_log_group", "/msk-connect/a_b.c#1"),
    ],
)
def test_values_are_parsed(name: str, value: str, field: str, parsed: Any) -> None:
    assert getattr(load(**{name: value}), field) == parsed


def test_arns_are_accepted() -> None:
    found = load_settings({"PINTEREST_USER_ID": "sandbox", **ARNS})
    assert found.msk_cluster_arn == ARNS["PINTEREST_MSK_CLUSTER_ARN"]
    assert found.connector_role_arn == ARNS["PINTEREST_CONNECTOR_ROLE_ARN"]


def test_the_default_notifier_is_sns_when_there_is_a_topic() -> None:
    (notifier,) = load(ALERT_TOPIC_ARN=ARNS["PINTEREST_ALERT_TOPIC_ARN"]).notifiers
    assert notifier.path == "airflow.providers.amazon.aws.notifications.sns.SnsNotifier"
    assert notifier.arguments == {"target_arn": ARNS["PINTEREST_ALERT_TOPIC_ARN"]}


def test_notifiers_can_be_chosen() -> None:
    chosen = [{"class": "a.b.Slack", "arguments": {"channel": "#x"}}, {"class": "a.b.Mail"}]
    first, second = load(NOTIFIERS=json.dumps(chosen)).notifiers
    assert (first.path, first.arguments) == ("a.b.Slack", {"channel": "#x"})
    assert (second.path, second.arguments) == ("a.b.Mail", {})


def test_what_a_dag_needs_is_named_all_at_once() -> None:
    found = load(REST_PROXY_ADDRESS="h:1")
    found.require("rest_proxy_address")
    with pytest.raises(SettingsError, match=r"PINTEREST_MSK_CLUSTER_ARN, PINTEREST_DATABRICKS_COMPUTE$"):
        found.require("msk_cluster_arn", "rest_proxy_address", "databricks_compute")


def test_every_variable_is_documented_and_nothing_else() -> None:
    text = (CHECKOUT / ".env.example").read_text(encoding="utf-8")
    documented = re.findall(r"^#?\s?(PINTEREST_[A-Z0-9_]+)=", text, flags=re.MULTILINE)
    assert sorted(documented) == sorted(variable_names())


def test_no_other_module_reads_the_settings() -> None:
    modules = (CHECKOUT / "plugins" / "pinterest_pipeline").rglob("*.py")
    readers = [
        module.name
        for module in modules
        if re.search(r"os\.environ|getenv", module.read_text(encoding="utf-8"))
    ]
    assert readers == ["settings.py"]
