"""What an error of AWS means: credentials that are refused, a permission that lacks, no way to a service."""

from __future__ import annotations

from pinterest_pipeline import connections
from pinterest_pipeline.errors import Permanent
from pinterest_pipeline.provisioning.prerequisites.findings import Outcome, Status

#: Codes with which services refuse a credential, whatever was asked for.
#: https://docs.aws.amazon.com/STS/latest/APIReference/CommonErrors.html and those of the other services
_REFUSED_CREDENTIALS = {
    "AuthFailure",
    "ExpiredToken",
    "ExpiredTokenException",
    "IncompleteSignature",
    "IncompleteSignatureException",
    "InvalidAccessKeyId",
    "InvalidClientTokenId",
    "InvalidSignatureException",
    "InvalidToken",
    "MissingAuthenticationToken",
    "MissingAuthenticationTokenException",
    "RequestExpired",
    "SignatureDoesNotMatch",
    "UnrecognizedClientException",
}
_DENIED = {"403", "AccessDenied", "AccessDeniedException", "Forbidden", "UnauthorizedOperation"}


class CredentialsRefused(Permanent):
    """AWS does not take the credentials of the connection.

    :param reason: AWS's or botocore's own words.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(
            f"AWS does not take the credentials of the connection {connections.AWS}: {reason}\n"
            "Nothing was changed. On MWAA they are those of the environment's execution role: look whether "
            "it is still there and trusted to MWAA (include/iam/mwaa-execution-trust.json). Elsewhere renew "
            f"the keys, the token or the profile that {connections.AWS} uses, and look at the machine's "
            "clock. Then clear this task."
        )


def as_refused_credentials(error: Exception) -> CredentialsRefused | None:
    """The error of refused credentials, if it is that.

    :param error: what a call of AWS has raised.
    """
    from botocore import exceptions

    without = (
        exceptions.NoCredentialsError,
        exceptions.PartialCredentialsError,
        exceptions.CredentialRetrievalError,
        exceptions.TokenRetrievalError,
        exceptions.SSOError,
        exceptions.ProfileNotFound,
    )
    if isinstance(error, without):
        return CredentialsRefused(f"{type(error).__name__}: {error}")
    if not isinstance(error, exceptions.ClientError):
        return None
    code, message = _code(error), error.response["Error"].get("Message", "")
    # The connection's own role, which it assumes before any other call.
    if code in _REFUSED_CREDENTIALS or error.operation_name.startswith("AssumeRole"):
        return CredentialsRefused(f"{error.operation_name} answers {code}: {message}")
    return None


def as_outcome(error: Exception, *, service: str) -> Outcome:
    """What a look that failed tells.

    :param error: what the look has raised.
    :param service: prefix of the service's IAM actions, for the remedy.
    """
    from botocore import exceptions

    if isinstance(error, exceptions.ClientError):
        code = _code(error)
        if code in _DENIED:
            return Outcome(
                status=Status.UNKNOWN,
                found=f"the credentials of {connections.AWS} may not look ({error.operation_name}: {code})",
                remedy=f"allow {service}:{error.operation_name}, as include/iam/mwaa-provisioning.json does.",
            )
        message = error.response["Error"].get("Message", "")
        return Outcome(
            status=Status.UNKNOWN,
            found=f"{error.operation_name} answers {code}: {message}",
            remedy="see what AWS says, and clear this task.",
        )
    if isinstance(error, (exceptions.HTTPClientError, exceptions.ConnectionError, TimeoutError)):
        return Outcome(
            status=Status.UNKNOWN,
            found=f"no answer in time ({type(error).__name__}: {error})",
            remedy=f"Airflow needs a way to {service}: NAT, or an interface endpoint in its VPC. "
            "Clear this task to try again.",
        )
    return Outcome(
        status=Status.UNKNOWN,
        found=f"the look failed ({type(error).__name__}: {error})",
        remedy="see the task's log, and clear this task to try again.",
    )


def _code(error: object) -> str:
    return str(error.response["Error"].get("Code", ""))  # type: ignore[attr-defined]
