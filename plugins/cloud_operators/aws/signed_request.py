"""Operations of a service that the client at hand does not know yet."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlencode

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.exceptions import NoCredentialsError
from botocore.httpsession import URLLib3Session
from botocore.parsers import create_parser
from botocore.session import get_session
from botocore.utils import get_environ_proxies

from cloud_operators.aws.base import AwsBaseHook


def signed_request(
    hook: AwsBaseHook, operation: str, method: str, path: str, query: dict[str, str]
) -> dict[str, Any]:
    """Send a request without a body, as the hook's client would: to its endpoint, signed for its region.

    Credentials, proxies, certificates and time limits are the client's too. It is sent once: a client would
    send some requests again, but what these start is not known to bear that.

    :param hook: hook of the service
    :param operation: name of the operation, for errors
    :param method: HTTP method
    :param path: path of the operation, its parts quoted
    :param query: query parameters
    :returns: the JSON object that the service answers
    :raises botocore.exceptions.ClientError: the service's error, of the client's class for its code
    :raises botocore.exceptions.BotoCoreError: there are no credentials, or the service is not reached

    .. seealso:: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv.html
    """
    client, model = hook.conn, hook.conn.meta.service_model
    credentials = hook.get_session(region_name=hook.region_name).get_credentials()
    if credentials is None:
        raise NoCredentialsError()
    url = f"{client.meta.endpoint_url.rstrip('/')}{path}" + (f"?{urlencode(query)}" if query else "")
    request = AWSRequest(
        method=method,
        url=url,
        headers={"Content-Type": "application/json", "User-Agent": client.meta.config.user_agent},
    )
    signer = SigV4Auth(credentials.get_frozen_credentials(), model.signing_name, client.meta.region_name)
    signer.add_auth(request)
    session = _http_session(hook, url)
    try:
        response = session.send(request.prepare())
        status, headers, body = response.status_code, response.headers, response.content
    finally:
        session.close()
    if status >= 300:
        error = create_parser(model.protocol).parse(
            {"status_code": status, "headers": headers, "body": body}, None
        )
        raise client.exceptions.from_code(error["Error"]["Code"])(error, operation)
    answer: dict[str, Any] = json.loads(body)
    return answer


def _http_session(hook: AwsBaseHook, url: str) -> URLLib3Session:
    config, verify = hook.conn.meta.config, hook.verify
    if verify is None:
        verify = get_session().get_config_variable("ca_bundle") or True
    return URLLib3Session(
        verify=verify,
        proxies=get_environ_proxies(url) if config.proxies is None else config.proxies,
        proxies_config=config.proxies_config,
        timeout=(config.connect_timeout, config.read_timeout),
        client_cert=config.client_cert,
        max_pool_connections=1,
    )
