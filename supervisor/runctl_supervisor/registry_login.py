"""Who the instance is to a registry of images: its role at Amazon ECR, or what `docker login` has left here."""

import base64
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
from .image_name import ecr_region
from .sigv4 import signed_headers

_TARGET = "AmazonEC2ContainerRegistry_V20150921.GetAuthorizationToken"
# Where Docker Hub's password lies in config.json.
_DOCKER_HUB_KEY = "https://index.docker.io/v1/"


def registry_login(registry, region, credentials):
    """(name, password) for the registry, or None where nothing is known; raises AwsRefusal."""
    if not is_login_of_role(registry):
        return _stored_login(registry)
    region = ecr_region(registry) or region
    suffix = ".cn" if registry.endswith(".cn") else ""
    origin = _endpoint_override() or "https://api.ecr.%s.amazonaws.com%s" % (region, suffix)
    return _ask_ecr(origin, region, credentials)


def is_login_of_role(registry):
    """Whether the registry is Amazon ECR's, or that of a stand-in for AWS, which is a registry itself."""
    return ecr_region(registry) is not None or urlsplit(_endpoint_override()).netloc == registry


def _endpoint_override():
    return (os.environ.get("AWS_ENDPOINT_URL_ECR") or os.environ.get("AWS_ENDPOINT_URL") or "").rstrip("/")


def _ask_ecr(origin, region, credentials):
    body = b"{}"
    headers = {
        "Host": urlsplit(origin).netloc,
        "Content-Type": "application/x-amz-json-1.1",
        "X-Amz-Target": _TARGET,
    }
    digest = hashlib.sha256(body).hexdigest()
    try:
        current = credentials.current()
        signed = signed_headers("POST", "/", {}, headers, digest, current, region, time.time(), service="ecr")
        reply = exchange(origin, "POST", "/", signed, body, timeout_seconds=limits.STORAGE_TIMEOUT_SECONDS)
    except CredentialsMissing as error:
        raise AwsRefusal(0, "CredentialsMissing", str(error)) from error
    except (OSError, http.client.HTTPException) as error:
        raise AwsRefusal(0, "Unreachable", "ECR: %s: %s" % (type(error).__name__, error)) from error
    answer = _json_object(reply.body)
    if reply.status == 200:
        token = base64.b64decode(answer["authorizationData"][0]["authorizationToken"]).decode()
        name, _, password = token.partition(":")
        return name, password
    code = str(answer.get("__type") or "Status%d" % reply.status).rpartition("#")[2]
    if code in CREDENTIAL_CODES:
        credentials.forget()
    raise AwsRefusal(reply.status, code, "ECR: %s" % answer.get("message", "no message"))


def _stored_login(registry):
    """What somebody logged in with on this instance; programs that keep passwords are not asked."""
    folder = os.environ.get("DOCKER_CONFIG") or os.path.join(os.path.expanduser("~"), ".docker")
    try:
        with open(os.path.join(folder, "config.json"), encoding="utf-8") as file:
            logins = json.load(file)["auths"]
        stored = logins[_DOCKER_HUB_KEY if registry == "docker.io" else registry]
        name, _, password = base64.b64decode(stored["auth"]).decode().partition(":")
        return (name, password) if password else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _json_object(body):
    try:
        value = json.loads(body)
    except ValueError:
        value = None
    return value if isinstance(value, dict) else {}
