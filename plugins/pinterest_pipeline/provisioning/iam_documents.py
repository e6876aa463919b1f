"""The IAM documents under ``include/iam`` with the names of one environment filled in: pure functions.

Every value is checked before it is filled in, so that none can widen a statement: no pattern allows for
``*``, ``?``, ``$`` or a quote.

.. seealso:: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

#: Role to its policies, each in ``<policy>.json``; the role's trust policy is in ``<role>-trust.json``. What
#: MWAA's role may is too long for one policy, and some are needed only while provisioning or taking down.
ROLES = {
    "mwaa-execution": (
        "mwaa-execution",
        "mwaa-provisioning",
        "mwaa-kafka-client",
        "mwaa-operations",
        "mwaa-teardown",
    ),
    "connector": ("connector",),
    "kinesis-api": ("kinesis-api",),
    "ec2-client": ("ec2-client",),
    "databricks": ("databricks",),
}
#: Characters of a managed policy, and of a trust policy unless AWS raises the account's quota. IAM does not
#: count white space.
POLICY_LIMIT = 6144
TRUST_LIMIT = 2048

_PLACEHOLDER = re.compile(r"\$\{([^}]*)\}")
_BUCKET = r"[a-z0-9][a-z0-9.\-]{1,61}[a-z0-9]"
_ROLE = r"([\w+=,.@\-]+/)*[\w+=,.@\-]{1,64}"
_PARTITIONS = {"cn-": "aws-cn", "us-gov-": "aws-us-gov"}


@dataclass(frozen=True, kw_only=True)
class Placeholder:
    """What may be filled in under one name.

    :param pattern: regular expression of the whole value, in ASCII.
    :param meaning: what is expected, for messages.
    """

    pattern: str
    meaning: str


#: All placeholders; ``include/iam/README.md`` documents them.
PLACEHOLDERS = {
    "AWS_PARTITION": Placeholder(pattern=r"aws(-[a-z]+)*", meaning="a partition such as aws or aws-cn"),
    "AWS_REGION": Placeholder(
        pattern=r"[a-z]{2}(-[a-z]+)+-\d", meaning="a region such as eu-west-1; that of all resources"
    ),
    "AWS_ACCOUNT_ID": Placeholder(pattern=r"\d{12}", meaning="the account's 12 digits"),
    "USER_ID": Placeholder(
        pattern=r"[a-z0-9]{1,40}", meaning="the resource id: 1 to 40 lower-case letters and digits"
    ),
    "BUCKET": Placeholder(pattern=_BUCKET, meaning="the pipeline's bucket"),
    "STATE_BUCKET": Placeholder(pattern=_BUCKET, meaning="the bucket of the state"),
    "STATE_ROOT": Placeholder(
        pattern=rf"{_BUCKET}(/[\w!.\-]+)*", meaning="bucket and prefix of the state, without s3://"
    ),
    "PLUGIN_BUCKET": Placeholder(pattern=_BUCKET, meaning="the bucket of the sink's file"),
    "PLUGIN_SOURCE": Placeholder(
        pattern=rf"{_BUCKET}(/[\w!.+()\-]+)+", meaning="bucket and key of the sink's file, without s3://"
    ),
    "CLUSTER_NAME": Placeholder(pattern=r"[A-Za-z0-9][A-Za-z0-9\-]{0,63}", meaning="the MSK cluster's name"),
    "CONNECTOR_ROLE": Placeholder(
        pattern=_ROLE, meaning="name of the connector's role, with its path if any"
    ),
    "KINESIS_API_ROLE": Placeholder(
        pattern=_ROLE, meaning="name of the role with which the API calls Kinesis, with its path if any"
    ),
    "CLIENT_INSTANCE_ID": Placeholder(
        pattern=r"i-[0-9a-f]{8,17}", meaning="id of the EC2 instance that runs the REST proxy"
    ),
    "CONNECTOR_LOG_GROUP": Placeholder(
        pattern=r"[\w./#\-]{1,512}", meaning="the log group of the connector's workers"
    ),
    "ALERT_TOPIC": Placeholder(pattern=r"[\w\-]{1,256}(\.fifo)?", meaning="name of the SNS topic of alerts"),
    "ENVIRONMENT": Placeholder(pattern=r"[A-Za-z][\w\-]{0,79}", meaning="the MWAA environment's name"),
    "ENVIRONMENT_BUCKET": Placeholder(pattern=_BUCKET, meaning="the MWAA environment's bucket"),
}


def render(document: str, values: Mapping[str, str]) -> dict[str, Any]:
    """Fill in one document.

    :param document: text of a file under ``include/iam``.
    :param values: placeholder to value; what :func:`derived` adds may be left out. Those of other documents
        may be there too.
    :returns: the policy, as IAM takes it.
    :raises ValueError: for a value that is missing, wrong or of no placeholder, and for a result that is
        longer than IAM allows; the message names all that are.
    """
    _refuse_strange(values)
    given = {name: value for name, value in values.items() if value}
    known = derived(given) | given
    wanted = dict.fromkeys(_PLACEHOLDER.findall(document))
    if strange := [name for name in wanted if name not in PLACEHOLDERS]:
        raise ValueError(f"the document has placeholders that nothing is known of: {', '.join(strange)}")
    if missing := [f"{name} ({PLACEHOLDERS[name].meaning})" for name in wanted if name not in known]:
        raise ValueError(f"no value for {', '.join(missing)}")
    _refuse_wrong({name: known[name] for name in wanted})
    filled: dict[str, Any] = json.loads(_PLACEHOLDER.sub(lambda found: known[found[1]], document))
    _refuse_long(filled)
    return filled


def derived(values: Mapping[str, str]) -> dict[str, str]:
    """Values that follow from others as the pipeline's own defaults do.

    :param values: placeholder to value.
    :returns: placeholder to value; those that can't be told are left out.
    """
    region, user_id = values.get("AWS_REGION", ""), values.get("USER_ID", "")
    partition = next((name for prefix, name in _PARTITIONS.items() if region.startswith(prefix)), "aws")
    bucket = values.get("BUCKET") or (f"user-{user_id}-bucket" if user_id else "")
    state = values.get("STATE_ROOT") or (f"{bucket}/_state" if bucket else "")
    # Where the file comes from elsewhere: the statement then allows nothing that the role may not anyway.
    plugin = values.get("PLUGIN_SOURCE") or (f"{bucket}/kafka-connect-s3/none" if bucket else "")
    found = {
        "AWS_PARTITION": partition if region else "",
        "BUCKET": bucket,
        "STATE_ROOT": state,
        "STATE_BUCKET": state.partition("/")[0],
        "PLUGIN_SOURCE": plugin,
        "PLUGIN_BUCKET": plugin.partition("/")[0],
        # Where none is set, the statement is about a log group that is not there.
        "CONNECTOR_LOG_GROUP": f"/msk-connect/{user_id}-connector" if user_id else "",
        # Of no instance: without one there is none to send commands to.
        "CLIENT_INSTANCE_ID": "i-00000000000000000",
    }
    return {name: value for name, value in found.items() if value}


def size(policy: Mapping[str, Any]) -> int:
    """Characters of a policy as IAM counts them, without the white space between its parts.

    :param policy: the policy.
    """
    return len(json.dumps(policy, separators=(",", ":"), ensure_ascii=False))


def _refuse_strange(values: Mapping[str, str]) -> None:
    if strange := sorted(values.keys() - PLACEHOLDERS.keys()):
        raise ValueError(f"no placeholders: {', '.join(strange)}; there are {', '.join(PLACEHOLDERS)}")


def _refuse_wrong(values: Mapping[str, str]) -> None:
    wrong = [
        f"{name}={value!r} is wrong: {PLACEHOLDERS[name].meaning} expected"
        for name, value in values.items()
        if not re.fullmatch(PLACEHOLDERS[name].pattern, value, re.ASCII)
    ]
    if wrong:
        raise ValueError("; ".join(wrong))


def _refuse_long(policy: Mapping[str, Any]) -> None:
    trust = any("Principal" in statement for statement in policy["Statement"])
    limit = TRUST_LIMIT if trust else POLICY_LIMIT
    if size(policy) > limit:
        raise ValueError(f"the policy has {size(policy)} characters, IAM takes {limit}: use shorter names")
