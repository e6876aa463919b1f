"""The EC2 Kafka client, which Systems Manager must reach to set it up."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from pinterest_pipeline.provisioning.prerequisites.clients import aws_client
from pinterest_pipeline.provisioning.prerequisites.findings import Outcome, Status
from pinterest_pipeline.provisioning.prerequisites.looking import Check

SETTING = "PINTEREST_CLIENT_INSTANCE_ID"


def client_instance_check(instance_id: str) -> Check:
    """The check of the EC2 client.

    :param instance_id: id of the instance.
    """
    return Check(name="EC2 Kafka client", required=True, service="ssm", look=partial(_look, instance_id))


def judge_instance(instance_id: str, found: Mapping[str, Any] | None) -> Outcome:
    """What is to be said of the instance.

    :param instance_id: as the setting has it.
    :param found: its entry of DescribeInstanceInformation; ``None`` when it has none.
    """
    if found is None:
        return Outcome(
            status=Status.MISSING,
            found=f"Systems Manager does not manage {instance_id}",
            remedy=f"correct {SETTING}, or give the instance a role with AWS's AmazonSSMManagedInstanceCore "
            "and include/iam/ec2-client.json, the SSM agent, and a way to Systems Manager (NAT, or the "
            "interface endpoints ssm, ssmmessages and ec2messages).",
        )
    if found["PingStatus"] != "Online":
        last = found.get("LastPingDateTime")
        return Outcome(
            status=Status.WRONG,
            found=f"{instance_id} is {found['PingStatus']}, not Online"
            + (f" (last seen {last})" if last else ""),
            remedy="look whether the instance runs, then at its SSM agent ('systemctl restart "
            "amazon-ssm-agent') and its way to Systems Manager.",
        )
    return Outcome(status=Status.THERE, found=f"{instance_id} is Online")


def _look(instance_id: str) -> Outcome:
    answer = aws_client("ssm").describe_instance_information(
        Filters=[{"Key": "InstanceIds", "Values": [instance_id]}]
    )
    return judge_instance(instance_id, next(iter(answer["InstanceInformationList"]), None))
