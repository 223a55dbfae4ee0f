"""AWS services that take and give JSON (SSM, ECR): one signed request at a time, and what a refusal means."""

import hashlib
import http.client
import json
import os
import time
from urllib.parse import urlsplit

from .. import limits
from .credentials import CredentialsMissing
from .http_exchange import exchange
from .refusal import CREDENTIAL_CODES, AwsRefusal
from .sigv4 import signed_headers


def endpoint_override(service):
    """Where the environment says that the service is (`S3`, `SSM`, `ECR`); None for AWS itself."""
    override = os.environ.get("AWS_ENDPOINT_URL_" + service) or os.environ.get("AWS_ENDPOINT_URL")
    return override.rstrip("/") if override else None


def host_of(service, region):
    """The host of a service of AWS: `ssm.eu-west-1.amazonaws.com`."""
    return "%s.%s.amazonaws.com%s" % (service, region, ".cn" if region.startswith("cn-") else "")


class AwsService:
    """One service in one region, for whom the credentials are; safe to use from several threads."""

    def __init__(self, name, origin, region, credentials):
        self._name, self._origin, self._region = name, origin, region
        self._credentials = credentials

    def call(self, target, content):
        """The answer as an object, empty for one that is none. Raises AwsRefusal, whose message never holds the answer."""
        body = json.dumps(content).encode()
        headers = {
            "Host": urlsplit(self._origin).netloc,
            "Content-Type": "application/x-amz-json-1.1",
            "X-Amz-Target": target,
        }
        digest = hashlib.sha256(body).hexdigest()
        try:
            current = self._credentials.current()
            signed = signed_headers("POST", "/", {}, headers, digest, current, self._region, time.time(), self._name)
            reply = exchange(self._origin, "POST", "/", signed, body, timeout_seconds=limits.STORAGE_TIMEOUT_SECONDS)
        except CredentialsMissing as error:
            raise AwsRefusal(0, "CredentialsMissing", str(error)) from error
        except (OSError, http.client.HTTPException) as error:
            where = urlsplit(self._origin).netloc
            raise AwsRefusal(0, "Unreachable", "%s: %s: %s" % (where, type(error).__name__, error)) from error
        answer = _json_object(reply.body)
        if reply.status == 200:
            return answer
        code = str(answer.get("__type") or "Status%d" % reply.status).rpartition("#")[2]
        if code in CREDENTIAL_CODES:
            self._credentials.forget()
        raise AwsRefusal(reply.status, code, str(answer.get("message") or answer.get("Message") or "no message"))


def _json_object(body):
    try:
        content = json.loads(body)
    except ValueError:
        return {}
    return content if isinstance(content, dict) else {}
