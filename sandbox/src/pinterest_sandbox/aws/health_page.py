"""The page of ``pinterest_health``, as a browser opens it."""

from __future__ import annotations

from pinterest_sandbox.aws.clients import aws_client
from pinterest_sandbox.config import Config

KEY = "health/index.html"
#: As long as S3 lets an address be signed for.
VALID_S = 7 * 86400


def health_page(config: Config) -> str:
    """The signed address of the page; there is none before ``pinterest_health`` has run."""
    address: str = aws_client("s3", config.url("moto")).generate_presigned_url(
        "get_object", Params={"Bucket": config.bucket, "Key": KEY}, ExpiresIn=VALID_S
    )
    return address
