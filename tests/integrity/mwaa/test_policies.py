"""The policies of MWAA's role under ``include/iam``, and the calls that the tasks of each DAG make."""

from __future__ import annotations

import re

from tests.integrity.iam import Statement, allows, listed, matches, statements
from tests.integrity.mwaa.actions import OTHERS, Call, Need, needs, recorded
from tests.integrity.mwaa.conftest import DAGS, Mwaa

STATEMENTS = [
    *statements("mwaa-execution"),
    *statements("mwaa-provisioning"),
    *statements("mwaa-kafka-client"),
    *statements("mwaa-operations"),
    *statements("mwaa-teardown"),
]
#: What a statement's Sid begins with to the DAGs that need it; the longest beginning counts.
NEEDED_BY = {
    "Environment": frozenset[str](),
    "Pipeline": frozenset(DAGS),
    "MaterialiseResults": frozenset({"pinterest_materialise_results"}),
    "Maintenance": frozenset({"pinterest_maintenance"}),
    "Health": frozenset({"pinterest_health", "pinterest_heal"}),
    "Heal": frozenset({"pinterest_heal"}),
    "Provision": frozenset({"pinterest_provision_batch", "pinterest_provision_stream"}),
    "ProvisionBatch": frozenset({"pinterest_provision_batch"}),
    "ProvisionStream": frozenset({"pinterest_provision_stream"}),
    "Teardown": frozenset({"pinterest_teardown"}),
    "Trace": frozenset({"pinterest_trace"}),
}
#: Of what deletes; all calls of whole teardowns are held to the policy in
#: tests/unit/pinterest_pipeline/provisioning/teardown/test_calls.py.
DRY_RUN = "the teardown is only a dry run here"
#: Of the alarm on the heartbeat: with an alert topic, DAGs have deadlines, and `airflow dags test` of such a
#: DAG fails at its end (apache/airflow#73428). test_teardown.py makes and deletes the alarm.
NO_TOPIC = "there is no alert topic here, so no alarm"
#: Actions that no recorded call shows, as patterns of Sid and action, each with the reason.
JUSTIFIED = {
    ("EnvironmentMetrics", "airflow:PublishMetrics"): "MWAA's containers publish their health",
    ("EnvironmentBucket", "s3:*"): "MWAA fetches DAGs, plugins and requirements",
    ("EnvironmentLogs", "logs:*"): "MWAA writes task logs, and its web server reads them",
    ("EnvironmentAccount", "logs:DescribeLogGroups"): "MWAA looks for its log groups",
    ("EnvironmentAccount", "cloudwatch:PutMetricData"): "MWAA publishes Airflow's metrics",
    ("EnvironmentAccount", "s3:GetAccountPublicAccessBlock"): "MWAA refuses a bucket that may be public",
    ("EnvironmentQueue", "sqs:*"): "MWAA's Celery queue",
    ("EnvironmentQueueKey", "kms:*"): "the key that the Celery queue is encrypted with",
    ("PipelineAlerts", "sns:Publish"): "only a failed or late run sends an alert",
    ("PipelineBrokers", "kafka-cluster:Connect"): "brokers ask for it, and they are no service of AWS here",
    ("PipelineTopics", "kafka-cluster:*"): "as above: topics and offsets are looked at",
    ("PipelineDeadLetters", "kafka-cluster:ReadData"): "as above: dead letters are read",
    ("PipelineGroups", "kafka-cluster:DescribeGroup"): "as above: committed offsets are looked at",
    ("TraceTopics", "kafka-cluster:ReadData"): "as above: records are read",
    ("MaintenanceExpiry", "s3:DeleteObjectVersion"): "nothing is old here",
    ("ProvisionBatchTopics", "kafka-cluster:*"): "as above: topics are made and changed",
    ("ProvisionBucket", "s3:GetBucketTagging"): "asked only of a bucket that an earlier run has made",
    ("ProvisionApiKey", "apigateway:PATCH"): "a usage plan that is there gets other limits or a new stage",
    ("ProvisionConnection", "secretsmanager:PutSecretValue"): "the secret is there, with another value",
    ("ProvisionBatchPluginFile", "s3:AbortMultipartUpload"): "only a copy that breaks off is aborted",
    ("ProvisionBatchPluginFile", "s3:DeleteObject"): "only a copy with another hash is taken away again",
    ("ProvisionBatchConnect", "kafkaconnect:UpdateConnector"): "only what differs is changed",
    ("ProvisionBatchConnect", "kafkaconnect:Delete*"): "only with allow_replace, what can't be changed",
    ("ProvisionBatchConnect", "kafkaconnect:DescribeConnectorOperation"): "only an update is followed",
    ("ProvisionBatchPluginFile", "s3:PutObjectTagging"): "CopyObject asks for it when the file has tags",
    ("ProvisionBatchPluginSource", "s3:GetObjectTagging"): "CopyObject asks for it when the file has tags",
    ("ProvisionBatchConnectorRole", "iam:PassRole"): "CreateConnector asks for it",
    ("ProvisionBatchInterfaces", "ec2:CreateNetworkInterface"): "CreateConnector asks for it",
    ("ProvisionBatchAccount", "ec2:DescribeSecurityGroups"): "CreateConnector asks for it",
    ("ProvisionBatchAccount", "ec2:DescribeVpcs"): "CreateConnector asks for it",
    ("ProvisionBatchClientDocuments", "ssm:GetDocument"): "only documents of an earlier run are compared",
    ("ProvisionBatchClientDocuments", "ssm:UpdateDocument*"): "only those that differ are updated",
    ("ProvisionBatchAccount", "cloudwatch:DescribeAlarms"): NO_TOPIC,
    ("ProvisionBatchAlarm", "cloudwatch:*"): NO_TOPIC,
    ("ProvisionBatchServiceRole", "iam:*"): "CreateConnector asks for it, once in an account",
    ("ProvisionStreamStreams", "kinesis:*StreamRetentionPeriod"): "only for a retention other than a day",
    ("ProvisionStreamStreams", "kinesis:Update*"): "only what differs is changed",
    ("ProvisionStreamApiRole", "iam:PassRole"): "PutRestApi asks for it, since methods name the role",
    ("ProvisionBatchLogDelivery", "logs:*"): "CreateConnector asks for it where a log is delivered",
    ("HealthLog", "logs:FilterLogEvents"): "the connector here delivers no log",
    ("HealConnector", "kafkaconnect:*"): "only failed tasks are restarted",
    ("TeardownTopics", "kafka-cluster:DeleteTopic"): "as above: topics are deleted",
    ("TeardownBucket", "s3:DeleteBucket"): DRY_RUN,
    ("TeardownVersions", "s3:ListBucketVersions"): DRY_RUN,
    ("TeardownObjects", "s3:DeleteObject*"): DRY_RUN,
    ("TeardownRetired", "s3:PutObject"): DRY_RUN,
    ("TeardownConnect", "kafkaconnect:Delete*"): DRY_RUN,
    ("TeardownApi", "apigateway:DELETE"): DRY_RUN,
    ("TeardownApiKey", "apigateway:PATCH"): DRY_RUN,
    ("TeardownApiKey", "apigateway:DELETE"): DRY_RUN,
    ("TeardownConnection", "secretsmanager:DeleteSecret"): DRY_RUN,
    ("TeardownClientDocuments", "ssm:DeleteDocument"): DRY_RUN,
    ("TeardownAccount", "cloudwatch:DescribeAlarms"): NO_TOPIC,
    ("TeardownAlarm", "cloudwatch:*"): NO_TOPIC,
    ("TeardownStreams", "kinesis:DeleteStream"): DRY_RUN,
}


def needed_by(statement: Statement) -> frozenset[str]:
    beginning = max((each for each in NEEDED_BY if statement["Sid"].startswith(each)), key=len)
    return NEEDED_BY[beginning]


def unmet(found: set[Need], policy: list[Statement]) -> set[Need]:
    return {
        need
        for need in found
        if not any(
            need.dag in needed_by(statement) and allows(statement, need.action, need.resource)
            for statement in policy
        )
    }


def unused(found: set[Need], policy: list[Statement]) -> set[tuple[str, str]]:
    """Sid and action of what no call needs."""
    return {
        (statement["Sid"], action)
        for statement in policy
        for action in listed(statement["Action"])
        if not any(
            need.dag in needed_by(statement)
            and matches(action, need.action)
            and allows(statement, need.action, need.resource)
            for need in found
        )
    }


def test_every_dag_has_calls(mwaa: Mwaa) -> None:
    calls = recorded(mwaa.report)
    assert {call.dag for call in calls} == set(DAGS)
    # Both ways of recording see the same operations.
    assert {(call.service, call.operation) for call in calls} == {
        (service, operation) for service, operation, *_ in mwaa.report["aws_calls"]
    }


def test_every_call_is_allowed_by_a_statement_of_its_dag(mwaa: Mwaa) -> None:
    assert unmet(needs([*recorded(mwaa.report), *OTHERS]), STATEMENTS) == set()


def test_every_action_is_needed_by_a_call_or_has_a_reason(mwaa: Mwaa) -> None:
    idle = unused(needs(recorded(mwaa.report)), STATEMENTS)
    justified = {
        pair for pair in idle if any(pair[0] == sid and matches(action, pair[1]) for sid, action in JUSTIFIED)
    }
    assert idle - justified == set()


def test_every_reason_is_for_actions_that_no_call_needs(mwaa: Mwaa) -> None:
    idle = unused(needs(recorded(mwaa.report)), STATEMENTS)
    pairs = {(statement["Sid"], action) for statement in STATEMENTS for action in listed(statement["Action"])}
    for (sid, action), reason in JUSTIFIED.items():
        meant = {pair for pair in pairs if pair[0] == sid and matches(action, pair[1])}
        assert meant, (sid, action)
        assert meant <= idle, (sid, action)
        assert reason


def test_a_policy_that_lacks_an_action_or_names_another_resource_is_noticed() -> None:
    need = Need("pinterest_provision_stream", "kinesis:CreateStream", "arn:aws:kinesis:r:1:stream/a-pin")
    statement: Statement = {"Sid": "ProvisionStreamA", "Effect": "Allow", "Action": ["kinesis:CreateStream"]}
    right = {**statement, "Resource": "arn:aws:kinesis:r:1:stream/a-*"}
    assert unmet({need}, [right]) == set()
    assert unused({need}, [right]) == set()
    for wrong in (
        {**right, "Action": "kinesis:DeleteStream"},
        {**right, "Resource": "arn:aws:kinesis:r:1:stream/b-*"},
        {**right, "Sid": "ProvisionBatchA"},
    ):
        assert unmet({need}, [wrong]) == {need}
        assert unused({need}, [wrong]) == {(wrong["Sid"], listed(wrong["Action"])[0])}


def test_a_call_needs_what_it_is_made_on() -> None:
    copy = Call(
        "d", "s3", "CopyObject", "PUT", "/{Key+}", {"Bucket": "b", "Key": "k/x", "CopySource": "from/y"}
    )
    assert needs([copy]) == {
        Need("d", "s3:GetObject", "arn:aws:s3:::from/y"),
        Need("d", "s3:PutObject", "arn:aws:s3:::b/k/x"),
    }
    made = Call("d", "apigateway", "CreateApiKey", "POST", "/apikeys", {})
    found = {(need.action, re.sub(r"%.*", "", need.resource)) for need in needs([made])}
    assert found == {
        ("apigateway:POST", "arn:aws:apigateway:us-east-1::/apikeys"),
        ("apigateway:PUT", "arn:aws:apigateway:us-east-1::/tags/arn"),
    }
