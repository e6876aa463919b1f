"""What errors of AWS mean for a look."""

from __future__ import annotations

from pinterest_pipeline import connections


def aws_trouble(error: Exception, service: str) -> str:
    """Why a service of AWS can't be asked at all; nothing when the error is about what was asked.

    :param error: what a call has raised.
    :param service: its name for people.
    """
    from botocore import exceptions

    from pinterest_pipeline.provisioning.prerequisites.refusals import as_refused_credentials

    if as_refused_credentials(error):
        return f"AWS does not take the credentials of the connection {connections.AWS}"
    if isinstance(error, exceptions.ClientError):
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        return f"{service} answers {status} ({error.response['Error'].get('Code')})" if status >= 500 else ""
    if isinstance(error, (exceptions.HTTPClientError, exceptions.ConnectionError)):
        return f"{service} does not answer ({type(error).__name__})"
    return ""
