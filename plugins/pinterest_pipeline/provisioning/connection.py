"""The connection ``pinterest_api``: written as a secret, read by the burst. Its URL and key are in no log."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import requests
import tenacity

from pinterest_pipeline.errors import Permanent, PipelineError

if TYPE_CHECKING:
    from airflow.sdk import Connection

CONNECTION_ID = "pinterest_api"
SECRET_NAME = f"airflow/connections/{CONNECTION_ID}"
#: A new deployment is not seen by all of API Gateway at once.
SETTLE_SECONDS = 60.0


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
        raise Permanent(f"connection {CONNECTION_ID} has no host: run pinterest_provision_batch")
    return connection.host.rstrip("/")


def check_topics(
    url: str, api_key: str, topics: Mapping[str, int], *, settle_seconds: float = SETTLE_SECONDS
) -> None:
    """Ask the API for the topics: gateway, stage variables, proxy and cluster all have a part in the answer.

    Nothing is posted, so that no record has to be left out of any count later.

    :param url: the API's invoke URL.
    :param api_key: key of the API, or an empty text.
    :param topics: topic to its number of partitions.
    :param settle_seconds: how long answers other than 200 are put down to a deployment that is still
        spreading.
    :raises PipelineError: when the API does not answer as it should.
    """
    deadline = time.monotonic() + settle_seconds
    with requests.Session() as session:
        if api_key:
            session.headers["x-api-key"] = api_key
        listed = _get(session, url, "/topics", deadline)
        missing = sorted(set(topics) - set(listed))
        if missing:
            raise PipelineError(f"the API does not list the topics {', '.join(missing)}")
        for topic, partitions in topics.items():
            described = _get(session, url, f"/topics/{topic}", deadline)
            found = len(described.get("partitions", []))
            if described.get("name") != topic or found != partitions:
                raise PipelineError(
                    f"the API tells of topic {topic} with {found} partitions, not {partitions}"
                )


def _get(session: requests.Session, url: str, path: str, deadline: float) -> Any:
    def ask() -> Any:
        try:
            answer = session.get(f"{url}{path}", timeout=(5, 30), allow_redirects=False)
        except requests.RequestException as error:
            # Not chained: the text of these errors holds the URL.
            raise PipelineError(f"GET {path}: no answer from the API ({type(error).__name__})") from None
        if answer.status_code != 200:
            raise PipelineError(f"GET {path}: the API answered {answer.status_code}: {answer.text[:200]}")
        return answer.json()

    return tenacity.Retrying(
        retry=tenacity.retry_if_exception_type(PipelineError),
        wait=tenacity.wait_exponential_jitter(initial=0.2, max=5, jitter=0.2),
        stop=lambda _state: time.monotonic() >= deadline,
        reraise=True,
    )(ask)
