"""The connection ``pinterest_api``: written as a secret, read by the burst. Its key is in no log."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

import requests

from pinterest_pipeline.emulation.topic_sender import CONTENT_TYPE
from pinterest_pipeline.errors import Permanent, PipelineError
from pinterest_pipeline.provisioning.asking import SETTLE_SECONDS, ask_api, until_settled

if TYPE_CHECKING:
    from airflow.sdk import Connection

CONNECTION_ID = "pinterest_api"
SECRET_NAME = f"airflow/connections/{CONNECTION_ID}"
NO_RECORDS = b'{"records":[]}'
#: What answers to a POST without records mean, when they are not the proxy's refusal.
_MEANINGS: Mapping[int | str, str] = {
    "2xx": "taken as a success, so the body was changed on its way or something other than the REST proxy "
    "answers",
    403: "the API has no POST method for this path, is not deployed, or refuses the key",
    404: "the REST proxy does not get the path, or does not know the topic any more",
    405: "the method does not reach the REST proxy as POST",
    415: "the content type does not reach the REST proxy",
    "5xx": "the REST proxy can't be reached from the gateway, or is not well",
}


def connection_document(base_url: str, api_key: str = "") -> str:
    """The connection in the form that Airflow's Secrets Manager backend reads.

    :param base_url: the API's invoke URL with its stage.
    :param api_key: key of the API, if it wants one.
    """
    document = {"conn_type": "http", "host": base_url.rstrip("/"), "password": api_key}
    return json.dumps({name: value for name, value in document.items() if value}, sort_keys=True)


def write_secret(secrets_manager: Any, document: str, tags: Mapping[str, str]) -> str:
    """Create the secret or give it a new value.

    :param secrets_manager: a boto3 Secrets Manager client.
    :param document: see :func:`connection_document`.
    :param tags: tags of a new secret.
    :returns: ``created``, ``updated`` or ``unchanged``.
    """
    try:
        found = secrets_manager.get_secret_value(SecretId=SECRET_NAME).get("SecretString")
    except secrets_manager.exceptions.ResourceNotFoundException:
        secrets_manager.create_secret(
            Name=SECRET_NAME,
            Description="Airflow connection to the API that posts are sent to",
            SecretString=document,
            Tags=[{"Key": key, "Value": value} for key, value in tags.items()],
        )
        return "created"
    if found == document:
        return "unchanged"
    secrets_manager.put_secret_value(SecretId=SECRET_NAME, SecretString=document)
    return "updated"


def base_url(connection: Connection) -> str:
    """The API's invoke URL.

    :param connection: the connection ``pinterest_api``.
    :raises Permanent: when it has no host.
    """
    if not connection.host:
        raise Permanent(
            f"connection {CONNECTION_ID} has no host: run pinterest_provision_batch or "
            "pinterest_provision_stream"
        )
    return connection.host.rstrip("/")


def check_api(
    url: str, api_key: str, topics: Mapping[str, int], *, settle_seconds: float = SETTLE_SECONDS
) -> None:
    """Ask the API for the topics, and post what the REST proxy must refuse.

    Gateway, stage variables, proxy and cluster all have a part in the answers. No record is written, so that
    none has to be left out of any count later.

    .. seealso:: https://docs.confluent.io/platform/current/kafka-rest/api.html#crest-api-v2

    :param url: the API's invoke URL.
    :param api_key: key of the API, or an empty text.
    :param topics: topic to its number of partitions.
    :param settle_seconds: how long answers other than the right ones are put down to a deployment that is
        still spreading.
    :raises PipelineError: when the API does not answer as it should.
    """
    deadline = time.monotonic() + settle_seconds
    with requests.Session() as session:
        if api_key:
            session.headers["x-api-key"] = api_key
        listed = until_settled(deadline, partial(_get, session, url, "/topics"))
        missing = sorted(set(topics) - set(listed))
        if missing:
            raise PipelineError(f"the API does not list the topics {', '.join(missing)}")
        for topic, partitions in topics.items():
            described = until_settled(deadline, partial(_get, session, url, f"/topics/{topic}"))
            found = len(described.get("partitions", []))
            if described.get("name") != topic or found != partitions:
                raise PipelineError(
                    f"the API tells of topic {topic} with {found} partitions, not {partitions}"
                )
        # All topics share one method of the API.
        topic = next(iter(topics))
        until_settled(deadline, partial(_post_nothing, session, url, f"/topics/{topic}"))


def _get(session: requests.Session, url: str, path: str) -> Any:
    answer = ask_api(session, "GET", url, path)
    if answer.status_code != 200:
        raise PipelineError(f"GET {path}: the API answered {answer.status_code}: {answer.text[:200]}")
    try:
        return answer.json()
    except ValueError:
        raise PipelineError(f"GET {path}: the API's answer is not JSON: {answer.text[:200]}") from None


def _post_nothing(session: requests.Session, url: str, path: str) -> None:
    """Post an empty list of records, which the proxy itself must refuse with 422.

    So method, content type and body of a POST are known to reach it, and nothing is written.
    """
    answer = ask_api(session, "POST", url, path, data=NO_RECORDS, headers={"Content-Type": CONTENT_TYPE})
    meaning = _wrong_refusal(answer)
    if meaning:
        raise PipelineError(
            f"POST {path} without records: {meaning}; the API answered {answer.status_code}: "
            f"{answer.text[:200]}"
        )


def _wrong_refusal(answer: requests.Response) -> str:
    """What an answer to an empty list of records means; nothing when it is the proxy's refusal."""
    status = answer.status_code
    if status != 422:
        family = f"{status // 100}xx"
        return _MEANINGS.get(status) or _MEANINGS.get(family) or "not the REST proxy's refusal"
    try:
        document = answer.json()
    except ValueError:
        document = None
    if not isinstance(document, dict) or document.get("error_code") != 422:
        return "refused, but not by the REST proxy"
    message = str(document.get("message", "")).lower()
    # So does the proxy refuse a request without any body.
    if "body is empty" in message or "not be null" in message:
        return "the body does not reach the REST proxy"
    return ""
