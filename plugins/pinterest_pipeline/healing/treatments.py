"""Where it is kept what was tried about a component: ``health/healing/<component>.json`` in the bucket."""

from __future__ import annotations

import json
from typing import Any

from pinterest_pipeline.healing import attempts
from pinterest_pipeline.healing.attempts import Treatment
from pinterest_pipeline.health import store

FOLDER = "health/healing"


def key(component: str) -> str:
    """Key of the object that holds the treatment of a component.

    :param component: its name.
    """
    return f"{FOLDER}/{component}.json"


def read(s3: Any, bucket: str, component: str) -> Treatment:
    """What was tried about it; what can't be parsed is as good as nothing.

    :param s3: a boto3 S3 client.
    :param bucket: the pipeline's bucket.
    :param component: its name.
    """
    body = store.read_object(s3, bucket, key(component))
    try:
        return attempts.parse_treatment(json.loads(body)) if body else attempts.EMPTY
    except ValueError:
        return attempts.EMPTY


def keep(s3: Any, bucket: str, component: str, treatment: Treatment) -> None:
    """Write what was tried about it.

    :param s3: a boto3 S3 client.
    :param bucket: the pipeline's bucket.
    :param component: its name.
    :param treatment: what was tried.
    """
    store.write_document(s3, bucket, key(component), treatment)
