"""One function a kind that no operator deletes. Each may be called again, and takes what is gone for done."""

from __future__ import annotations

import logging
from typing import Any

from botocore.exceptions import ClientError

logger = logging.getLogger(__name__)


def delete_plugin_file(s3: Any, identifier: str) -> None:
    """Delete the sink's file.

    :param s3: a boto3 S3 client.
    :param identifier: its ``s3://`` URI.
    """
    bucket, _, key = identifier.removeprefix("s3://").partition("/")
    # S3 answers alike whether it was there or not, unless the bucket is gone too.
    _delete("plugin file", identifier, s3.delete_object, Bucket=bucket, Key=key)


def unbind_apis(apigateway: Any, rest_api_ids: list[str]) -> None:
    """Take the stages of APIs out of all usage plans, also those that stay.

    :param apigateway: a boto3 API Gateway client.
    :param rest_api_ids: ids of the APIs.
    """
    pages = apigateway.get_paginator("get_usage_plans").paginate()
    for plan in [plan for page in pages for plan in page.get("items", [])]:
        stages = [stage for stage in plan.get("apiStages", []) if stage["apiId"] in rest_api_ids]
        _unbind(apigateway, plan["id"], stages)


def delete_usage_plan(apigateway: Any, plan_id: str) -> None:
    """Delete a usage plan with its bindings to keys; it can't be deleted while stages are bound to it.

    .. seealso:: https://docs.aws.amazon.com/apigateway/latest/api/API_DeleteUsagePlan.html

    :param apigateway: a boto3 API Gateway client.
    :param plan_id: id of the plan.
    """
    try:
        plan = apigateway.get_usage_plan(usagePlanId=plan_id)
    except apigateway.exceptions.NotFoundException:
        logger.info("usage plan %s was gone", plan_id)
        return
    _unbind(apigateway, plan_id, plan.get("apiStages", []))
    _delete("usage plan", plan_id, apigateway.delete_usage_plan, usagePlanId=plan_id)


def delete_api_key(apigateway: Any, key_id: str) -> None:
    """Delete a key of the API.

    :param apigateway: a boto3 API Gateway client.
    :param key_id: id of the key, not its value.
    """
    _delete("API key", key_id, apigateway.delete_api_key, apiKey=key_id)


def delete_rest_api(apigateway: Any, rest_api_id: str) -> None:
    """Delete a REST API with its paths, deployments and stages.

    AWS takes one such request in 30 seconds, so an API that is gone is not asked for.

    .. seealso:: https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html

    :param apigateway: a boto3 API Gateway client.
    :param rest_api_id: id of the API.
    """
    try:
        apigateway.get_rest_api(restApiId=rest_api_id)
    except apigateway.exceptions.NotFoundException:
        logger.info("REST API %s was gone", rest_api_id)
        return
    _delete("REST API", rest_api_id, apigateway.delete_rest_api, restApiId=rest_api_id)


def delete_secret(secrets_manager: Any, arn: str) -> None:
    """Delete the secret of the connection at once, without a time in which it could be restored.

    Provisioning can write it again at any time, so nothing is lost. Within such a time its name would be
    taken, and CreateSecret refused.

    .. seealso:: https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_DeleteSecret.html

    :param secrets_manager: a boto3 Secrets Manager client.
    :param arn: ARN of the secret.
    """
    _delete("secret", arn, secrets_manager.delete_secret, SecretId=arn, ForceDeleteWithoutRecovery=True)


def delete_ssm_document(ssm: Any, name: str) -> None:
    """Delete a document of Systems Manager with all its versions.

    :param ssm: a boto3 Systems Manager client.
    :param name: name of the document.
    """
    _delete("SSM document", name, ssm.delete_document, Name=name)


def delete_alarm(cloudwatch: Any, name: str) -> None:
    """Delete an alarm of CloudWatch. Nobody is told of it.

    :param cloudwatch: a boto3 CloudWatch client.
    :param name: name of the alarm.
    """
    _delete("alarm", name, cloudwatch.delete_alarms, AlarmNames=[name])


def _unbind(apigateway: Any, plan_id: str, stages: list[dict[str, str]]) -> None:
    for stage in stages:
        value = f"{stage['apiId']}:{stage['stage']}"
        operation = {"op": "remove", "path": "/apiStages", "value": value}
        apigateway.update_usage_plan(usagePlanId=plan_id, patchOperations=[operation])
        logger.info("took stage %s out of usage plan %s", value, plan_id)


_GONE = {
    "NotFoundException",
    "ResourceNotFoundException",
    "ResourceNotFound",
    "InvalidDocument",
    "NoSuchBucket",
}


def _delete(what: str, identifier: str, call: Any, **arguments: Any) -> None:
    try:
        call(**arguments)
    except ClientError as error:
        if error.response["Error"]["Code"] not in _GONE:
            raise
        logger.info("%s %s was gone", what, identifier)
        return
    logger.info("deleted %s %s", what, identifier)
