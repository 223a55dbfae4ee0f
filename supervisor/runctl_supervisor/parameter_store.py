"""Reads secrets from SSM's Parameter Store with the instance's own role. Values go nowhere but to the caller.

https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_GetParameter.html
"""

import hashlib
import http.client
import json
import os
import time
from urllib.parse import urlsplit

from . import limits
from .aws_refusal import CREDENTIAL_CODES, AwsRefusal
from .credentials import CredentialsMissing
from .http_exchange import exchange
from .patience import Refusals
from .preparation_failure import PreparationFailure
from .sigv4 import signed_headers

_REFUSALS = Refusals("secret-missing", "not-authorized", "secret-missing")
_PREFIX = "ssm:"
_MISSING_CODES = {"ParameterNotFound", "ParameterVersionNotFound"}


class ParameterStore:
    """One region's parameters; safe to use from several threads."""

    def __init__(self, region, credentials):
        override = os.environ.get("AWS_ENDPOINT_URL_SSM") or os.environ.get("AWS_ENDPOINT_URL")
        suffix = "amazonaws.com.cn" if region.startswith("cn-") else "amazonaws.com"
        self._origin = (override or "https://ssm.%s.%s" % (region, suffix)).rstrip("/")
        self._region = region
        self._credentials = credentials

    def read_all(self, places, patience):
        """The values of `{name: "ssm:/path"}` by name. Raises PreparationFailure naming the parameter."""
        values = {}
        for name, place in places.items():
            parameter = place[len(_PREFIX) :]
            what = "the secret %s (SSM parameter %s in %s)" % (name, parameter, self._region)
            values[name] = patience.ask(lambda wanted=parameter: self._read(wanted), what, _REFUSALS)
            if "\0" in values[name]:
                raise PreparationFailure("secret-missing", what + " holds a NUL, which no environment can")
        return values

    def _read(self, parameter):
        body = json.dumps({"Name": parameter, "WithDecryption": True}).encode()
        headers = {
            "Host": urlsplit(self._origin).netloc,
            "Content-Type": "application/x-amz-json-1.1",
            "X-Amz-Target": "AmazonSSM.GetParameter",
        }
        digest = hashlib.sha256(body).hexdigest()
        try:
            credentials = self._credentials.current()
            signed = signed_headers(
                "POST", "/", {}, headers, digest, credentials, self._region, time.time(), service="ssm"
            )
            reply = exchange(
                self._origin, "POST", "/", signed, body, timeout_seconds=limits.STORAGE_TIMEOUT_SECONDS
            )
        except CredentialsMissing as error:
            raise AwsRefusal(0, "CredentialsMissing", str(error)) from error
        except (OSError, http.client.HTTPException) as error:
            raise AwsRefusal(0, "Unreachable", "%s: %s" % (type(error).__name__, error)) from error
        if reply.status != 200:
            raise self._refusal(reply)
        return _value(reply.body)

    def _refusal(self, reply):
        content = _json_object(reply.body)
        code = str(content.get("__type") or "Status%d" % reply.status).rsplit("#", 1)[-1]
        if code in CREDENTIAL_CODES:
            self._credentials.forget()
        # SSM answers 400 to everything; whoever asks tells missing from refused by the status.
        status = 404 if code in _MISSING_CODES else reply.status
        return AwsRefusal(status, code, str(content.get("message") or content.get("Message") or "no message"))


def _value(body):
    parameter = _json_object(body).get("Parameter")
    value = parameter.get("Value") if isinstance(parameter, dict) else None
    if not isinstance(value, str):
        # Never the body: it may hold the secret.
        raise AwsRefusal(0, "ReplyNotUnderstood", "the reply holds no value")
    return value


def _json_object(body):
    try:
        content = json.loads(body)
    except ValueError:
        return {}
    return content if isinstance(content, dict) else {}
