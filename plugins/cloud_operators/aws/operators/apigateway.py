"""Operators for Amazon API Gateway: define a REST API by an OpenAPI document and deploy it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, ClassVar, Literal, TypedDict

from cloud_operators.aws.base import AwsBaseOperator, aws_template_fields
from cloud_operators.aws.hooks.apigateway import ApiGatewayHook
from cloud_operators.aws.links.apigateway import ApiGatewayRestApiLink, ApiGatewayStageLink
from cloud_operators.aws.openapi import (
    Routes,
    differing_methods,
    fingerprint,
    found_routes,
    wanted_routes,
)
from cloud_operators.aws.uncompared import uncompared_parts

if TYPE_CHECKING:
    from collections.abc import Sequence

    from airflow.sdk import Context


class Deployment(TypedDict):
    """What a deployment leads to.

    The address of the stage is not in it: whoever may read results of tasks need not learn it.
    :meth:`~cloud_operators.aws.hooks.apigateway.ApiGatewayHook.invoke_url` builds it from these.
    """

    rest_api_id: str
    deployment_id: str
    stage_name: str


class ApiGatewayPutRestApiOperator(AwsBaseOperator[ApiGatewayHook]):
    """Create a REST API if there is none of this name, and bring it in line with an OpenAPI document.

    Methods of its paths are compared with those of the API: integration, templates, responses and whether an
    API key is required. The document is sent when one differs, and in any case when it asks for something
    that cannot be compared (:mod:`~cloud_operators.aws.uncompared`) or is to overwrite what it does not name:
    to send it again changes nothing. The XCom ``action`` says ``created``, ``updated`` (the document was
    sent) or ``adopted`` (the API is as wanted). A new definition reaches callers only by a deployment.

    VTL templates in a document that stands in the DAG file itself would be taken for Jinja where they
    contain ``{{``, ``{%`` or ``{#``; wrap the document in :func:`airflow.sdk.literal` then. A document from
    another task's result is passed on as it is.

    .. seealso:: https://docs.aws.amazon.com/apigateway/latest/api/API_PutRestApi.html

    :param name: name of the API; two APIs of this name are an error
    :param specification: OpenAPI 3 document, region and account filled in, stage variables as
        ``${stageVariables.x}``
    :param mode: ``merge`` leaves alone what the document does not name, ``overwrite`` removes it
    :param description: description of an API that is created
    :param tags: tags of an API that is created; an adopted one keeps its own
    :param aws_conn_id: the Airflow connection for AWS credentials; ``None`` for boto3's own search
    :param region_name: AWS region; the connection's when not given
    :param verify: whether, or with which CA bundle, TLS certificates are verified
    :param botocore_config: configuration of the botocore client, by key
    """

    aws_hook_class = ApiGatewayHook
    template_fields: Sequence[str] = aws_template_fields(
        "name", "specification", "mode", "description", "tags"
    )
    template_fields_renderers: ClassVar[dict[str, str]] = {"specification": "json", "tags": "json"}
    operator_extra_links = (ApiGatewayRestApiLink(),)
    ui_color: str = "#e6d9f2"

    def __init__(
        self,
        *,
        name: str,
        specification: dict[str, Any],
        mode: Literal["merge", "overwrite"] = "merge",
        description: str | None = None,
        tags: dict[str, str] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.name = name
        self.specification = specification
        self.mode = mode
        self.description = description
        self.tags = tags

    def execute(self, context: Context) -> str:
        """Create the API or bring it in line.

        :param context: context of the task
        :returns: id of the REST API
        :raises AmbiguousName: several APIs have the name
        :raises ValueError: the document has no paths
        :raises botocore.exceptions.ClientError: the service refuses the document
        """
        wanted = wanted_routes(self.specification)
        found = self.hook.find_rest_api(self.name)
        api, action = (found, "adopted") if found else (self._create(), "created")
        rest_api_id = str(api["id"])
        ApiGatewayRestApiLink.persist(
            context=context,
            operator=self,
            region_name=self.hook.conn_region_name,
            aws_partition=self.hook.conn_partition,
            rest_api_id=rest_api_id,
        )
        if self._has_to_be_sent(rest_api_id, wanted):
            self._put(rest_api_id)
            action = "updated" if action == "adopted" else action
        self.log.info("REST API %s (%s) %s", self.name, rest_api_id, action)
        if self.do_xcom_push:
            context["ti"].xcom_push(key="action", value=action)
        return rest_api_id

    def _create(self) -> dict[str, Any]:
        request: dict[str, Any] = {"name": self.name}
        if self.description:
            request["description"] = self.description
        if self.tags:
            request["tags"] = self.tags
        api: dict[str, Any] = self.hook.conn.create_rest_api(**request)
        return api

    def _has_to_be_sent(self, rest_api_id: str, wanted: Routes) -> bool:
        overwrite = self.mode == "overwrite"
        existing = found_routes(self.hook.get_resources(rest_api_id))
        differing = differing_methods(wanted, existing, exact=overwrite)
        if differing:
            self.log.info("REST API %s lacks or differs in: %s", rest_api_id, ", ".join(differing))
        uncompared = uncompared_parts(self.specification)
        if uncompared:
            self.log.info("Sent in any case, because it cannot be compared: %s", ", ".join(uncompared))
        return overwrite or bool(differing or uncompared)

    def _put(self, rest_api_id: str) -> None:
        # The title of a document becomes the name of the API, by which the next run must find it.
        document = {**self.specification, "info": {**self.specification.get("info", {}), "title": self.name}}
        self.hook.conn.put_rest_api(
            restApiId=rest_api_id,
            mode=self.mode,
            failOnWarnings=True,
            body=json.dumps(document, ensure_ascii=False).encode(),
        )


class ApiGatewayCreateDeploymentOperator(AwsBaseOperator[ApiGatewayHook]):
    """Deploy a REST API to a stage, unless what would be deployed is there already.

    The description of each deployment holds the sha256 of what it publishes: all routes of the API and the
    document's parts outside its paths. The newest deployment is used again if it has the same content; an
    older one might lack what others have applied since. The stage is created, or pointed to the deployment;
    the given stage variables are set, others stay. The XCom ``action`` says ``created``, ``updated`` or
    ``unchanged``.

    .. seealso:: https://docs.aws.amazon.com/apigateway/latest/api/API_CreateDeployment.html

    :param rest_api_id: id of the API
    :param stage_name: name of the stage
    :param stage_variables: variables of the stage, name -> value
    :param specification: the document that was applied to the API
    :param aws_conn_id: the Airflow connection for AWS credentials; ``None`` for boto3's own search
    :param region_name: AWS region; the connection's when not given
    :param verify: whether, or with which CA bundle, TLS certificates are verified
    :param botocore_config: configuration of the botocore client, by key
    """

    aws_hook_class = ApiGatewayHook
    template_fields: Sequence[str] = aws_template_fields(
        "rest_api_id", "stage_name", "stage_variables", "specification"
    )
    template_fields_renderers: ClassVar[dict[str, str]] = {"stage_variables": "json", "specification": "json"}
    operator_extra_links = (ApiGatewayStageLink(),)
    ui_color: str = "#e6d9f2"

    def __init__(
        self,
        *,
        rest_api_id: str,
        stage_name: str,
        stage_variables: dict[str, str] | None = None,
        specification: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.rest_api_id = rest_api_id
        self.stage_name = stage_name
        self.stage_variables = stage_variables
        self.specification = specification

    def execute(self, context: Context) -> Deployment:
        """Deploy the API if needed and set up the stage.

        :param context: context of the task
        :returns: ids of API and deployment, and the name of the stage
        :raises botocore.exceptions.ClientError: the API does not exist, or has no methods to deploy
        """
        stage = self.hook.find_stage(self.rest_api_id, self.stage_name)
        deployment_id = self._deployment()
        if stage is None:
            self._create_stage(deployment_id)
            action = "created"
        else:
            action = self._update_stage(stage, deployment_id)
        ApiGatewayStageLink.persist(
            context=context,
            operator=self,
            region_name=self.hook.conn_region_name,
            aws_partition=self.hook.conn_partition,
            rest_api_id=self.rest_api_id,
            stage_name=self.stage_name,
        )
        self.log.info("Stage %s %s: deployment %s", self.stage_name, action, deployment_id)
        if self.do_xcom_push:
            context["ti"].xcom_push(key="action", value=action)
        return {
            "rest_api_id": self.rest_api_id,
            "deployment_id": deployment_id,
            "stage_name": self.stage_name,
        }

    def _deployment(self) -> str:
        """Take the newest deployment if it has the API's present content, or make one."""
        resources = self.hook.get_resources(self.rest_api_id)
        description = f"sha256:{fingerprint(resources, self.specification)}"
        newest = self.hook.find_newest_deployment(self.rest_api_id)
        if newest is not None and newest.get("description") == description:
            return str(newest["id"])
        answer = self.hook.conn.create_deployment(restApiId=self.rest_api_id, description=description)
        return str(answer["id"])

    def _create_stage(self, deployment_id: str) -> None:
        self.hook.conn.create_stage(
            restApiId=self.rest_api_id,
            stageName=self.stage_name,
            deploymentId=deployment_id,
            variables=self.stage_variables or {},
        )

    def _update_stage(self, stage: dict[str, Any], deployment_id: str) -> str:
        present = stage.get("variables") or {}
        patch = [
            {"op": "replace", "path": f"/variables/{name}", "value": value}
            for name, value in sorted((self.stage_variables or {}).items())
            if present.get(name) != value
        ]
        # The variables first: the new deployment may need them.
        if stage["deploymentId"] != deployment_id:
            patch.append({"op": "replace", "path": "/deploymentId", "value": deployment_id})
        if not patch:
            return "unchanged"
        self.hook.conn.update_stage(
            restApiId=self.rest_api_id, stageName=self.stage_name, patchOperations=patch
        )
        return "updated"
