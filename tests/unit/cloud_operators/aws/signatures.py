"""Signature Version 4 as a service checks it, written after its description and not with botocore.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
"""

from __future__ import annotations

import hashlib
import hmac
import re
from urllib.parse import parse_qsl, quote, urlsplit


def signature_of(headers: dict[str, str]) -> str:
    """The signature that a request came with."""
    return _authorization(headers)["Signature"]


def expected_signature(method: str, address: str, headers: dict[str, str], secret_key: str) -> str:
    """The signature that a request without a body has to have.

    :param address: path and query as they came
    :param headers: all headers as they came
    :param secret_key: of the access key that the request names
    """
    given = _authorization(headers)
    lower = {name.lower(): " ".join(value.split()) for name, value in headers.items()}
    url = urlsplit(address)
    pairs = sorted(
        (quote(key, safe="-_.~"), quote(value, safe="-_.~")) for key, value in parse_qsl(url.query)
    )
    canonical = "\n".join(
        [
            method,
            # All services but S3 have the path quoted once more.
            quote(url.path, safe="/-_.~"),
            "&".join(f"{key}={value}" for key, value in pairs),
            *(f"{name}:{lower[name]}" for name in given["SignedHeaders"].split(";")),
            "",
            given["SignedHeaders"],
            hashlib.sha256(b"").hexdigest(),
        ]
    )
    _, date, region, service, end = given["Credential"].split("/")
    key = f"AWS4{secret_key}".encode()
    for part in (date, region, service, end):
        key = _hmac(key, part)
    hashed = hashlib.sha256(canonical.encode()).hexdigest()
    text = "\n".join(
        ["AWS4-HMAC-SHA256", lower["x-amz-date"], "/".join((date, region, service, end)), hashed]
    )
    return _hmac(key, text).hex()


def credential(headers: dict[str, str]) -> list[str]:
    """Access key, region and service that a request was signed for."""
    access_key, _, region, service, _ = _authorization(headers)["Credential"].split("/")
    return [access_key, region, service]


def _authorization(headers: dict[str, str]) -> dict[str, str]:
    (value,) = (value for name, value in headers.items() if name.lower() == "authorization")
    return dict(re.findall(r"(\w+)=([^, ]+)", value))


def _hmac(key: bytes, text: str) -> bytes:
    return hmac.new(key, text.encode(), hashlib.sha256).digest()
