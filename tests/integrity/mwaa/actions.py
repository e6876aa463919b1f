"""Which IAM actions the recorded calls need, and on what."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any, NamedTuple

from tests.integrity.iam import UNSCOPED

ACCOUNT = "us-east-1:123456789012"
BATCH, STREAM = "pinterest_provision_batch", "pinterest_provision_stream"
TEARDOWN = "pinterest_teardown"
ALARM = "sandbox-health-heartbeat"
SSM_DOCUMENTS = "pinterest-sandbox"

#: Where operations of S3 have actions of another name, as AWS's service authorization reference has them.
S3_ACTIONS = {
    "HeadBucket": {"s3:ListBucket"},
    "ListObjectsV2": {"s3:ListBucket"},
    # With tags in the request.
    "CreateBucket": {"s3:CreateBucket", "s3:TagResource"},
    "PutPublicAccessBlock": {"s3:PutBucketPublicAccessBlock"},
    # S3 answers 403 in place of 404 to who may not list the bucket.
    "HeadObject": {"s3:GetObject", "s3:ListBucket"},
    "GetObject": {"s3:GetObject", "s3:ListBucket"},
    "CopyObject": {"s3:GetObject", "s3:PutObject"},
    "ListObjectVersions": {"s3:ListBucketVersions"},
    # Its request names the objects, with or without a version.
    "DeleteObjects": {"s3:DeleteObject", "s3:DeleteObjectVersion"},
}
ON_BUCKET = {
    "s3:ListBucket",
    "s3:GetBucketTagging",
    "s3:GetBucketVersioning",
    "s3:PutBucketVersioning",
    "s3:CreateBucket",
    "s3:TagResource",
    "s3:PutBucketPublicAccessBlock",
    "s3:ListBucketVersions",
    "s3:DeleteBucket",
}
#: Operations that create with tags.
TAGGING = {
    ("kinesis", "CreateStream"): {"kinesis:AddTagsToStream"},
    ("kafkaconnect", "CreateCustomPlugin"): {"kafkaconnect:TagResource"},
    ("kafkaconnect", "CreateWorkerConfiguration"): {"kafkaconnect:TagResource"},
    ("kafkaconnect", "CreateConnector"): {"kafkaconnect:TagResource"},
    ("secretsmanager", "CreateSecret"): {"secretsmanager:TagResource"},
    ("ssm", "CreateDocument"): {"ssm:AddTagsToResource"},
    ("cloudwatch", "PutMetricAlarm"): {"cloudwatch:TagResource"},
    # PUT on /tags, whatever the method of the operation.
    ("apigateway", "CreateRestApi"): {"apigateway:PUT"},
    ("apigateway", "CreateApiKey"): {"apigateway:PUT"},
    ("apigateway", "CreateUsagePlan"): {"apigateway:PUT"},
}
#: ARNs of what calls name.
BY_NAME = {
    "iam": "arn:aws:iam::123456789012:role/{RoleName}",
    "kinesis": f"arn:aws:kinesis:{ACCOUNT}:stream/{{StreamName}}",
    "ssm": f"arn:aws:ssm:{ACCOUNT}:document/{{Name}}",
}
#: What the operations of MSK Connect make.
KINDS = {
    "CreateCustomPlugin": "custom-plugin",
    "CreateWorkerConfiguration": "worker-configuration",
    "CreateConnector": "connector",
}


class Call(NamedTuple):
    """One call of AWS.

    :param dag: the DAG that makes it.
    :param method: the HTTP method.
    :param path: the path, with the names of its parameters.
    :param on: the parameters that say what it is made on.
    """

    dag: str
    service: str
    operation: str
    method: str
    path: str
    on: dict[str, Any]


#: Calls that a first run without trouble does not make.
OTHERS = [
    Call(BATCH, "s3", "GetBucketTagging", "GET", "/{Bucket}?tagging", {"Bucket": "user-sandbox-bucket"}),
    Call(
        BATCH,
        "s3",
        "AbortMultipartUpload",
        "DELETE",
        "/{Bucket}/{Key+}",
        {"Bucket": "user-sandbox-bucket", "Key": "kafka-connect-s3/s3-sink.zip"},
    ),
    Call(
        BATCH,
        "secretsmanager",
        "PutSecretValue",
        "POST",
        "/",
        {"SecretId": "airflow/connections/pinterest_api"},
    ),
    Call(BATCH, "apigateway", "UpdateStage", "PATCH", "/restapis/{restapi_id}/stages/{stage_name}", {}),
    Call(BATCH, "apigateway", "UpdateUsagePlan", "PATCH", "/usageplans/{usageplanId}", {}),
    Call(
        "pinterest_daily_batch",
        "sns",
        "Publish",
        "POST",
        "/",
        {"TopicArn": f"arn:aws:sns:{ACCOUNT}:pinterest-alerts"},
    ),
    Call(BATCH, "cloudwatch", "DescribeAlarms", "POST", "/", {"AlarmNames": [ALARM]}),
    Call(BATCH, "cloudwatch", "PutMetricAlarm", "POST", "/", {"AlarmName": ALARM}),
    Call(BATCH, "ssm", "GetDocument", "POST", "/", {"Name": f"{SSM_DOCUMENTS}-install-kafka-client"}),
    Call(BATCH, "ssm", "UpdateDocument", "POST", "/", {"Name": f"{SSM_DOCUMENTS}-install-kafka-client"}),
    Call(
        BATCH,
        "ssm",
        "UpdateDocumentDefaultVersion",
        "POST",
        "/",
        {"Name": f"{SSM_DOCUMENTS}-install-kafka-client"},
    ),
    Call(
        STREAM,
        "kinesis",
        "IncreaseStreamRetentionPeriod",
        "POST",
        "/",
        {"StreamName": "streaming-sandbox-pin"},
    ),
    Call(
        STREAM,
        "kinesis",
        "DecreaseStreamRetentionPeriod",
        "POST",
        "/",
        {"StreamName": "streaming-sandbox-pin"},
    ),
]
#: Calls with which provisioning changes what is there, and makes again what can't be changed.
OTHERS += [
    Call(dag, service, operation, method, path, on)
    for dag, service, operation, method, path, on in (
        (
            BATCH,
            "s3",
            "DeleteObject",
            "DELETE",
            "/{Bucket}/{Key+}",
            {"Bucket": "user-sandbox-bucket", "Key": "kafka-connect-s3/s3-sink.zip"},
        ),
        (STREAM, "kinesis", "UpdateShardCount", "POST", "/", {"StreamName": "streaming-sandbox-pin"}),
        (STREAM, "kinesis", "UpdateStreamMode", "POST", "/", {"StreamName": "streaming-sandbox-pin"}),
        *(
            (
                BATCH,
                "kafkaconnect",
                operation,
                method,
                "/",
                {"arn": f"arn:aws:kafkaconnect:{ACCOUNT}:{kind}/0-1"},
            )
            for operation, method, kind in (
                ("UpdateConnector", "PUT", "connector/sandbox-connector"),
                ("DescribeConnectorOperation", "GET", "connector-operation/sandbox-connector"),
                ("DeleteConnector", "DELETE", "connector/sandbox-connector"),
                ("DeleteCustomPlugin", "DELETE", "custom-plugin/sandbox-plugin"),
                ("DeleteWorkerConfiguration", "DELETE", "worker-configuration/sandbox-worker"),
            )
        ),
    )
]
#: Calls about a connector that delivers its log, and has failed tasks.
OTHERS += [
    Call(
        "pinterest_health",
        "logs",
        "FilterLogEvents",
        "POST",
        "/",
        {"arn": f"arn:aws:logs:{ACCOUNT}:log-group:/msk-connect/sandbox-connector:*"},
    ),
    *(
        Call(
            "pinterest_heal",
            "kafkaconnect",
            operation,
            method,
            "/",
            {"arn": f"arn:aws:kafkaconnect:{ACCOUNT}:{kind}/sandbox-connector/0-1"},
        )
        for operation, method, kind in (
            ("RestartConnector", "POST", "connector"),
            ("DescribeConnectorOperation", "GET", "connector-operation"),
        )
    ),
]
#: Calls with which a teardown deletes and moves.
OTHERS += [
    Call(TEARDOWN, service, operation, method, path, on)
    for service, operation, method, path, on in (
        ("s3", "DeleteBucket", "DELETE", "/{Bucket}", {"Bucket": "user-sandbox-bucket"}),
        ("s3", "DeleteObject", "DELETE", "/{Bucket}/{Key+}", {"Bucket": "user-sandbox-bucket", "Key": "a"}),
        ("s3", "DeleteObjects", "POST", "/{Bucket}?delete", {"Bucket": "user-sandbox-bucket"}),
        ("s3", "ListObjectVersions", "GET", "/{Bucket}?versions", {"Bucket": "user-sandbox-bucket"}),
        ("apigateway", "DeleteRestApi", "DELETE", "/restapis/{restapi_id}", {}),
        ("apigateway", "DeleteApiKey", "DELETE", "/apikeys/{api_Key}", {}),
        ("apigateway", "UpdateUsagePlan", "PATCH", "/usageplans/{usageplanId}", {}),
        ("apigateway", "DeleteUsagePlan", "DELETE", "/usageplans/{usageplanId}", {}),
        ("secretsmanager", "DeleteSecret", "POST", "/", {"SecretId": "airflow/connections/pinterest_api"}),
        ("ssm", "DeleteDocument", "POST", "/", {"Name": f"{SSM_DOCUMENTS}-restart-rest-proxy"}),
        ("cloudwatch", "DescribeAlarms", "POST", "/", {"AlarmNames": [ALARM]}),
        (
            "cloudwatch",
            "ListTagsForResource",
            "POST",
            "/",
            {"ResourceARN": f"arn:aws:cloudwatch:{ACCOUNT}:alarm:{ALARM}"},
        ),
        ("cloudwatch", "DeleteAlarms", "POST", "/", {"AlarmNames": [ALARM]}),
        ("kinesis", "DeleteStream", "POST", "/", {"StreamName": "streaming-sandbox-pin"}),
        *(
            (
                "kafkaconnect",
                f"Delete{operation}",
                "DELETE",
                "/",
                {f"{argument}Arn": f"arn:aws:kafkaconnect:{ACCOUNT}:{kind}/0-1"},
            )
            for operation, argument, kind in (
                ("Connector", "connector", "connector/sandbox-connector"),
                ("CustomPlugin", "customPlugin", "custom-plugin/sandbox-plugin"),
                ("WorkerConfiguration", "workerConfiguration", "worker-configuration/sandbox-worker"),
            )
        ),
    )
]


class Need(NamedTuple):
    """What a DAG must be allowed to do.

    :param resource: an ARN; ``*`` for an action that has none.
    """

    dag: str
    action: str
    resource: str


def recorded(report: dict[str, Any]) -> list[Call]:
    """The calls that the DAGs have made.

    :param report: what :mod:`tests.integrity.mwaa.commands` found.
    """
    return [
        Call(dag, service, operation, method, path, json.loads(on))
        for dag, service, operation, method, path, on in report["aws_requests"]
    ]


def actions_of(service: str, operation: str, method: str) -> set[str]:
    """The actions that a call needs."""
    if operation == "GetCallerIdentity":
        # Nobody can be kept from it.
        own = set()
    elif service == "apigateway":
        own = {f"apigateway:{method}"}
    elif service == "s3":
        own = S3_ACTIONS.get(operation, {f"s3:{operation}"})
    else:
        own = {f"{service}:{operation}"}
    return own | TAGGING.get((service, operation), set())


def needs(calls: Iterable[Call]) -> set[Need]:
    """What the DAGs must be allowed to do to make these calls."""
    calls = list(calls)
    found = set()
    for call in calls:
        for action in actions_of(call.service, call.operation, call.method):
            if action in UNSCOPED:
                resources = ["*"]
            elif call.operation == "GetRecords":
                # An iterator does not tell its stream; the same DAG asked for it.
                resources = [
                    _resource(action, other)
                    for other in calls
                    if other.dag == call.dag and other.operation == "GetShardIterator"
                ]
            elif call.operation == "SendCommand":
                document = call._replace(on={"Name": call.on["DocumentName"]})
                instances = [f"arn:aws:ec2:{ACCOUNT}:instance/{each}" for each in call.on["InstanceIds"]]
                resources = [_resource(action, document), *instances]
            else:
                resources = [_resource(action, call)]
            assert resources, call
            found |= {Need(call.dag, action, resource) for resource in resources}
    return found


def _resource(action: str, call: Call) -> str:
    on = call.on
    match call.service:
        case "s3" if action in ON_BUCKET:
            return f"arn:aws:s3:::{on['Bucket']}"
        case "s3" if (call.operation, action) == ("CopyObject", "s3:GetObject"):
            return f"arn:aws:s3:::{on['CopySource']}"
        case "s3":
            return f"arn:aws:s3:::{on['Bucket']}/{on.get('Key', '*')}"
        case "apigateway":
            tags = "/tags/arn%3Aaws%3Aapigateway%3Aus-east-1%3A%3A%2Frestapis%2Fid"
            path = tags if action != f"apigateway:{call.method}" else re.sub(r"\{\w+\}", "id", call.path)
            return f"arn:aws:apigateway:us-east-1::{path}"
        case "iam" | "kinesis" | "ssm":
            return BY_NAME[call.service].format(**on)
        case "secretsmanager" if not on.get("SecretId", "").startswith("arn:"):
            return f"arn:aws:secretsmanager:{ACCOUNT}:secret:{on.get('SecretId') or on['Name']}-Ab1Cd2"
        case "cloudwatch" if "ResourceARN" not in on:
            (alarm,) = on["AlarmNames"] if "AlarmNames" in on else [on["AlarmName"]]
            return f"arn:aws:cloudwatch:{ACCOUNT}:alarm:{alarm}"
        case "kafkaconnect" if call.operation in KINDS:
            name = on.get("connectorName") or on["name"]
            return f"arn:aws:kafkaconnect:{ACCOUNT}:{KINDS[call.operation]}/{name}/00000000-0000-1"
        case _:
            (arn,) = on.values()
            return str(arn)
