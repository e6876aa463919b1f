"""The internal base classes of the Amazon provider, imported in this one place.

The provider marks them "internal, may change without notice" (seen on 9.34.0). When an upgrade moves one of
them, this module is the only one to change.
"""

from __future__ import annotations

from airflow.providers.amazon.aws.hooks.base_aws import AwsBaseHook
from airflow.providers.amazon.aws.links.base_aws import BaseAwsLink
from airflow.providers.amazon.aws.operators.base_aws import AwsBaseOperator
from airflow.providers.amazon.aws.sensors.base_aws import AwsBaseSensor
from airflow.providers.amazon.aws.triggers.base import AwsBaseWaiterTrigger
from airflow.providers.amazon.aws.utils.mixins import AwsHookType, aws_template_fields
from airflow.providers.amazon.aws.utils.waiter_with_logging import wait
from airflow.providers.common.compat.sdk import AirflowException

#: In the text of the error with which ``wait`` and the waiter triggers end when all looks are used up.
#: Nothing else tells this end from that by an error of the service.
OUT_OF_ATTEMPTS = "max attempts reached"

__all__ = [
    "OUT_OF_ATTEMPTS",
    "AirflowException",
    "AwsBaseHook",
    "AwsBaseOperator",
    "AwsBaseSensor",
    "AwsBaseWaiterTrigger",
    "AwsHookType",
    "BaseAwsLink",
    "aws_template_fields",
    "wait",
]
