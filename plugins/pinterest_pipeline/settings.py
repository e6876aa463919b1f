"""All settings of the pipeline, from ``PINTEREST_*`` environment variables. No other module reads them."""

from __future__ import annotations

import functools
import json
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import Any, Literal, get_args

PREFIX = "PINTEREST_"
StreamMode = Literal["available_now", "continuous"]


class SettingsError(ValueError):
    """A setting is missing or wrong. The message is one line that names its environment variable."""


@dataclass(frozen=True, kw_only=True)
class NotifierSetting:
    """One receiver of alerts.

    :param path: dotted path of a notifier class.
    :param arguments: keyword arguments of that class.
    """

    path: str
    arguments: dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Settings:
    """The settings; each is documented in ``.env.example``. An empty value means "not set".

    Only ``user_id`` is needed to load the DAGs. What a DAG needs beyond that is checked by its first task
    with :meth:`require`, so that one half of the pipeline can be used without the other's settings.
    """

    user_id: str
    msk_cluster_arn: str = ""
    client_instance_id: str = ""
    rest_proxy_address: str = ""
    connector_role_arn: str = ""
    kinesis_api_role_arn: str = ""
    alert_topic_arn: str = ""
    api_base_url: str = ""
    databricks_compute: dict[str, Any]
    databricks_warehouse_id: str = ""
    databricks_catalog: str
    databricks_schema: str
    workspace_root: str
    state_root: str
    require_api_key: bool
    api_rate_limit: int
    api_burst_limit: int
    api_daily_quota: int
    stream_mode: StreamMode
    connector_plugin_source: str = ""
    connector_plugin_sha256: str = ""
    connector_log_group: str = ""
    auto_heal: bool
    notifiers: tuple[NotifierSetting, ...]

    def require(self, *names: str) -> None:
        """Check that settings which may be unset have a value.

        :param names: field names of this class.
        :raises SettingsError: naming every environment variable that is missing.
        """
        missing = [PREFIX + name.upper() for name in names if not getattr(self, name)]
        if missing:
            raise SettingsError(f"not set, but needed here: {', '.join(missing)}")


def load_settings(environment: Mapping[str, str]) -> Settings:
    """Read and check the settings.

    :param environment: environment variables; others than ``PINTEREST_*`` are ignored.
    :raises SettingsError: for the first value that is wrong, naming its variable.
    """
    reader = _Reader(environment)
    user_id = reader.matching(
        "USER_ID", r"[a-z0-9]{1,40}", "1 to 40 lower-case letters and digits", required=True
    )
    return Settings(
        user_id=user_id,
        msk_cluster_arn=reader.arn("MSK_CLUSTER_ARN", "kafka", "cluster/"),
        client_instance_id=reader.matching(
            "CLIENT_INSTANCE_ID", r"m?i-[0-9a-f]{8,17}", "an instance id like i-0abc"
        ),
        rest_proxy_address=reader.matching("REST_PROXY_ADDRESS", r"[A-Za-z0-9.\-]+:\d{1,5}", "host:port"),
        connector_role_arn=reader.arn("CONNECTOR_ROLE_ARN", "iam", "role/"),
        kinesis_api_role_arn=reader.arn("KINESIS_API_ROLE_ARN", "iam", "role/"),
        alert_topic_arn=reader.arn("ALERT_TOPIC_ARN", "sns", ""),
        api_base_url=reader.matching("API_BASE_URL", r"https?://[^\s/?#]+[^\s?#]*", "an http(s) URL").rstrip(
            "/"
        ),
        databricks_compute=reader.parsed("DATABRICKS_COMPUTE", "{}", _compute),
        databricks_warehouse_id=reader.matching("DATABRICKS_WAREHOUSE_ID", r"[\w\-]+", "a warehouse id"),
        databricks_catalog=reader.matching(
            "DATABRICKS_CATALOG", r"[\w\-]+", "a catalog name", default="hive_metastore"
        ),
        databricks_schema=reader.matching(
            "DATABRICKS_SCHEMA", r"[\w\-]+", "a schema name", default="default"
        ),
        workspace_root=reader.matching(
            "WORKSPACE_ROOT",
            r"/\S*[^\s/]",
            "an absolute workspace folder",
            default=f"/Shared/pinterest/{user_id}",
        ),
        state_root=reader.matching(
            "STATE_ROOT",
            r"s3://[a-z0-9.\-]+(/\S*[^\s/])?",
            "an s3:// URI",
            default=f"s3://user-{user_id}-bucket/_state",
        ),
        require_api_key=reader.parsed("REQUIRE_API_KEY", "true", _boolean),
        api_rate_limit=reader.parsed("API_RATE_LIMIT", "1000", _whole_number),
        api_burst_limit=reader.parsed("API_BURST_LIMIT", "2000", _whole_number),
        api_daily_quota=reader.parsed("API_DAILY_QUOTA", "0", functools.partial(_whole_number, least=0)),
        stream_mode=reader.parsed("STREAM_MODE", "available_now", _stream_mode),
        connector_plugin_source=reader.matching(
            "CONNECTOR_PLUGIN_SOURCE",
            r"(https|s3)://[^\s/@]+/\S*\.(zip|jar)",
            "an https:// or s3:// address of a .zip or .jar file, without user and password",
        ),
        connector_plugin_sha256=reader.matching(
            "CONNECTOR_PLUGIN_SHA256", r"[0-9a-f]{64}", "64 hexadecimal digits in lower case"
        ),
        connector_log_group=reader.matching(
            "CONNECTOR_LOG_GROUP",
            r"[\w./#\-]{1,512}",
            "the name of a log group: 1 to 512 letters, digits and any of _ - / . #",
        ),
        auto_heal=reader.parsed("AUTO_HEAL", "false", _boolean),
        notifiers=reader.parsed(
            "NOTIFIERS", "", lambda text: _notifiers(text, reader.get("ALERT_TOPIC_ARN"))
        ),
    )


@functools.cache
def settings() -> Settings:
    """The settings of this process.

    :raises SettingsError: for a wrong value, naming its variable.
    """
    return load_settings(os.environ)


def variable_names() -> list[str]:
    """The environment variables that are read, in the order of the fields."""
    return [PREFIX + field.name.upper() for field in fields(Settings)]


class _Reader:
    """Values of ``PINTEREST_*`` variables, each checked and named in its error."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment

    def get(self, name: str, default: str = "") -> str:
        """The stripped value; ``default`` when it is unset or blank."""
        return self._environment.get(PREFIX + name, "").strip() or default

    def matching(
        self, name: str, pattern: str, meaning: str, *, default: str = "", required: bool = False
    ) -> str:
        """The value, which must match ``pattern`` unless it is unset."""
        value = self.get(name, default)
        if not value and not required:
            return ""
        if not value:
            raise SettingsError(f"{PREFIX}{name} is not set: {meaning} expected")
        if not re.fullmatch(pattern, value):
            raise SettingsError(f"{PREFIX}{name}={value!r} is wrong: {meaning} expected")
        return value

    def arn(self, name: str, service: str, resource: str) -> str:
        """The value, an ARN of ``service`` whose resource part begins with ``resource``."""
        pattern = rf"arn:aws[a-z\-]*:{service}:[a-z0-9\-]*:\d{{12}}:{resource}\S+"
        return self.matching(name, pattern, f"an ARN like arn:aws:{service}:...:{resource}...")

    def parsed[T](self, name: str, default: str, parse: Callable[[str], T]) -> T:
        """The value made from its text by ``parse``, which raises ``ValueError`` with what is expected."""
        value = self.get(name, default)
        try:
            return parse(value)
        except ValueError as error:
            raise SettingsError(f"{PREFIX}{name}={value!r} is wrong: {error}") from error


def _boolean(text: str) -> bool:
    values = {"true": True, "false": False}
    if text.lower() not in values:
        raise ValueError("true or false expected")
    return values[text.lower()]


def _whole_number(text: str, least: int = 1) -> int:
    # API Gateway takes 32 bits.
    if not re.fullmatch(r"[0-9]{1,10}", text) or not least <= int(text) < 2**31:
        raise ValueError(f"a whole number from {least} to {2**31 - 1} expected")
    return int(text)


def _stream_mode(text: str) -> StreamMode:
    for mode in get_args(StreamMode):
        if text == mode:
            found: StreamMode = mode
            return found
    raise ValueError("available_now or continuous expected")


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise ValueError(f"not JSON ({error.msg} at character {error.pos})") from error


def _compute(text: str) -> dict[str, Any]:
    value = _json(text)
    one_key = isinstance(value, dict) and set(value) in ({"existing_cluster_id"}, {"new_cluster"}, set())
    if not one_key:
        raise ValueError('a JSON object with either "existing_cluster_id" or "new_cluster" expected')
    return dict(value)


def _notifiers(text: str, alert_topic_arn: str) -> tuple[NotifierSetting, ...]:
    if not text:
        # Message and subject are added where the alert is made: they differ between a failure and a late run.
        path = "airflow.providers.amazon.aws.notifications.sns.SnsNotifier"
        default = NotifierSetting(path=path, arguments={"target_arn": alert_topic_arn})
        return (default,) if alert_topic_arn else ()
    value = _json(text)
    if not isinstance(value, list) or not all(_is_notifier(item) for item in value):
        raise ValueError('a JSON list of {"class": "dotted.path", "arguments": {...}} expected')
    return tuple(NotifierSetting(path=item["class"], arguments=item.get("arguments", {})) for item in value)


def _is_notifier(item: object) -> bool:
    return (
        isinstance(item, dict)
        and set(item) <= {"class", "arguments"}
        and isinstance(item.get("class"), str)
        and re.fullmatch(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)+", item["class"]) is not None
        and isinstance(item.get("arguments", {}), dict)
    )
