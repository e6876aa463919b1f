"""What each path needs, looked at and told."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from functools import partial
from typing import Any

from pinterest_pipeline import connections
from pinterest_pipeline.entities import make_names
from pinterest_pipeline.provisioning.api import ApiPart
from pinterest_pipeline.provisioning.prerequisites.client_instance import client_instance_check
from pinterest_pipeline.provisioning.prerequisites.clients import aws_client
from pinterest_pipeline.provisioning.prerequisites.cluster import cluster_check, s3_endpoint_check
from pinterest_pipeline.provisioning.prerequisites.databricks import databricks_checks
from pinterest_pipeline.provisioning.prerequisites.findings import (
    Finding,
    Outcome,
    Status,
    check_required,
    remedies,
    table,
)
from pinterest_pipeline.provisioning.prerequisites.looking import Check, look_at_all, together
from pinterest_pipeline.provisioning.prerequisites.pipeline_bucket import bucket_check
from pinterest_pipeline.provisioning.prerequisites.refusals import as_outcome, as_refused_credentials
from pinterest_pipeline.provisioning.prerequisites.roles import WantedRole, role_check
from pinterest_pipeline.settings import PREFIX, Settings

logger = logging.getLogger(__name__)

#: The settings without which a path can't be provisioned.
NEEDED_SETTINGS = {
    ApiPart.BATCH: ("msk_cluster_arn", "rest_proxy_address", "connector_role_arn", "connector_plugin_source"),
    ApiPart.STREAM: ("kinesis_api_role_arn",),
}


def check_path(part: ApiPart, values: Settings, tags: Mapping[str, str]) -> list[dict[str, Any]]:
    """Look at all that a path needs, log it as one table, and refuse to go on without what is required.

    :param part: the path.
    :param values: the settings.
    :param tags: those of everything that provisioning creates.
    :returns: the rows of the table: ``name``, ``required``, ``status``, ``found``, ``remedy``.
    :raises CredentialsRefused: when AWS does not take the credentials; nothing else is looked at then.
    :raises PrerequisitesMissing: when something required is missing or wrong.
    :raises PrerequisitesUnknown: when something required could not be looked at.
    """
    # First: refused credentials would fail every other look, and hide what is wrong behind one cause.
    (identity,) = together([_caller])
    if isinstance(identity, Exception) and (refused := as_refused_credentials(identity)):
        raise refused from identity
    account = None if isinstance(identity, Exception) else str(identity["Account"])
    findings = [
        _settings_finding(part, values),
        _account_finding(identity),
        *look_at_all(_checks(part, values, tags, account)),
    ]
    logger.info("What the %s path needs:", part)
    for line in table(findings).splitlines():
        logger.info("%s", line)
    for line in remedies(findings).splitlines():
        logger.warning("%s", line)
    check_required(findings)
    return [finding.document() for finding in findings]


def settings_outcome(part: ApiPart, values: Settings) -> Outcome:
    """What is to be said of the settings that a path needs.

    :param part: the path.
    :param values: the settings.
    """
    needed = NEEDED_SETTINGS[part]
    missing = [PREFIX + name.upper() for name in needed if not getattr(values, name)]
    if not missing:
        return Outcome(status=Status.THERE, found=f"all {len(needed)} that are needed are set")
    return Outcome(
        status=Status.MISSING,
        found=f"not set: {', '.join(missing)}",
        remedy=f"set {', '.join(missing)} (.env.example says what they are), and update the environment.",
    )


def _checks(part: ApiPart, values: Settings, tags: Mapping[str, str], account: str | None) -> list[Check]:
    bucket = bucket_check(make_names(values).bucket, values.state_root, tags)
    role = partial(_role, values, account=account)
    if part is ApiPart.STREAM:
        api = role("role of the API", "kinesis_api_role_arn", "kinesis-api")
        return [*api, bucket, *databricks_checks(values)]
    cluster, instance = values.msk_cluster_arn, values.client_instance_id
    return [
        *([cluster_check(cluster)] if cluster else []),
        *role("role of the connector", "connector_role_arn", "connector"),
        bucket,
        *([s3_endpoint_check(cluster)] if cluster else []),
        *([client_instance_check(instance)] if instance else []),
        *databricks_checks(values),
    ]


def _role(values: Settings, name: str, field: str, role: str, *, account: str | None) -> list[Check]:
    arn = getattr(values, field)
    if not arn:
        return []
    wanted = WantedRole(setting=PREFIX + field.upper(), arn=arn, role=role, user_id=values.user_id)
    return [role_check(name, wanted, account)]


def _caller() -> dict[str, Any]:
    answer: dict[str, Any] = aws_client("sts").get_caller_identity()
    return answer


def _finding(name: str, outcome: Outcome) -> Finding:
    return Finding(
        name=name, required=True, status=outcome.status, found=outcome.found, remedy=outcome.remedy
    )


def _settings_finding(part: ApiPart, values: Settings) -> Finding:
    return _finding("settings", settings_outcome(part, values))


def _account_finding(identity: dict[str, Any] | Exception) -> Finding:
    if isinstance(identity, Exception):
        outcome = as_outcome(identity, service="sts")
    else:
        found = f"{connections.AWS} is {identity['Arn']}"
        outcome = Outcome(status=Status.THERE, found=found)
    return _finding("AWS account", outcome)
