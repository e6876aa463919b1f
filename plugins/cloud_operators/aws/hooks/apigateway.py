"""Hook for Amazon API Gateway (REST APIs)."""

from __future__ import annotations

from typing import Any

from cloud_operators.aws.base import AwsBaseHook
from cloud_operators.exceptions import AmbiguousName


class ApiGatewayHook(AwsBaseHook):
    """Interact with Amazon API Gateway, a thin wrapper around the ``apigateway`` client of boto3.

    .. seealso:: https://docs.aws.amazon.com/apigateway/latest/api/API_Operations.html
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs["client_type"] = "apigateway"
        super().__init__(*args, **kwargs)

    def find_rest_api(self, name: str) -> dict[str, Any] | None:
        """Find the REST API of exactly this name; names need not be unique in the service.

        :param name: name of the API
        :returns: the API as GetRestApis lists it, ``None`` when there is none
        :raises AmbiguousName: several APIs have the name
        """
        pages = self.conn.get_paginator("get_rest_apis").paginate()
        found = [api for page in pages for api in page.get("items", []) if api.get("name") == name]
        if len(found) > 1:
            raise AmbiguousName(f"REST API {name!r}", [api["id"] for api in found])
        return found[0] if found else None

    def get_resources(self, rest_api_id: str) -> list[dict[str, Any]]:
        """List the resources of a REST API with their methods and integrations.

        :param rest_api_id: id of the API
        :returns: ``items`` of GetResources, in the service's order
        """
        pages = self.conn.get_paginator("get_resources").paginate(restApiId=rest_api_id, embed=["methods"])
        return [item for page in pages for item in page.get("items", [])]

    def find_stage(self, rest_api_id: str, stage_name: str) -> dict[str, Any] | None:
        """Read a stage.

        :param rest_api_id: id of the API
        :param stage_name: name of the stage
        :returns: the answer of GetStage, ``None`` when there is no such stage
        """
        try:
            stage: dict[str, Any] = self.conn.get_stage(restApiId=rest_api_id, stageName=stage_name)
        except self.conn.exceptions.NotFoundException:
            return None
        return stage

    def find_newest_deployment(self, rest_api_id: str) -> dict[str, Any] | None:
        """Find the deployment of a REST API that was made last.

        :param rest_api_id: id of the API
        :returns: as GetDeployments lists it, ``None`` when the API was never deployed
        """
        pages = self.conn.get_paginator("get_deployments").paginate(restApiId=rest_api_id)
        deployments = [item for page in pages for item in page.get("items", [])]
        # Of two in one second, which AWS does not take, the one that is listed last.
        return max(reversed(deployments), key=lambda deployment: deployment["createdDate"], default=None)

    def invoke_url(self, rest_api_id: str, stage_name: str) -> str:
        """Build the address of a stage.

        :param rest_api_id: id of the API
        :param stage_name: name of the stage
        :returns: ``https://<id>.execute-api.<region>.<suffix>/<stage>``, the suffix as the partition has it
        """
        region = self.conn_region_name
        return f"https://{rest_api_id}.execute-api.{region}.{self._dns_suffix()}/{stage_name}"

    def _dns_suffix(self) -> str:
        from botocore.loaders import create_loader

        partitions = create_loader().load_data("partitions")["partitions"]
        suffixes = {partition["id"]: partition["outputs"]["dnsSuffix"] for partition in partitions}
        return str(suffixes[self.conn_partition])
