"""The instance metadata service, version 2 (a token for every request).

https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instance-metadata-v2-how-it-works.html
"""

import http.client
import json
import os
import threading

from ..limits import METADATA_TIMEOUT_SECONDS, METADATA_TOKEN_SECONDS
from .http_exchange import exchange

_DEFAULT_ENDPOINT = "http://169.254.169.254"


def metadata_endpoint():
    """Where the metadata service of this instance is."""
    return os.environ.get("AWS_EC2_METADATA_SERVICE_ENDPOINT") or _DEFAULT_ENDPOINT


class MetadataUnreachable(Exception):
    """No usable answer; the next poll may have one."""


class MetadataClient:
    """Reads paths of the metadata service; renews its token when the service no longer takes it."""

    def __init__(self):
        self._origin = metadata_endpoint().rstrip("/")
        self._token = None
        self._lock = threading.Lock()

    def get(self, path):
        """The text at a path, or None for 404. Raises MetadataUnreachable for everything else."""
        with self._lock:
            token = self._token or self._new_token()
            reply = self._exchange("GET", path, {"X-aws-ec2-metadata-token": token})
            if reply.status == 401:
                reply = self._exchange("GET", path, {"X-aws-ec2-metadata-token": self._new_token()})
        if reply.status == 404:
            return None
        if reply.status != 200:
            raise MetadataUnreachable("GET %s answered %d" % (path, reply.status))
        return reply.body.decode("utf-8", "replace")

    def get_json(self, path):
        """The JSON object at a path, or None for 404."""
        text = self.get(path)
        if text is None:
            return None
        try:
            value = json.loads(text)
        except ValueError as error:
            raise MetadataUnreachable("GET %s is no JSON" % path) from error
        if not isinstance(value, dict):
            raise MetadataUnreachable("GET %s is no JSON object" % path)
        return value

    def _new_token(self):
        self._token = None
        header = {"X-aws-ec2-metadata-token-ttl-seconds": str(METADATA_TOKEN_SECONDS)}
        reply = self._exchange("PUT", "/latest/api/token", header)
        if reply.status != 200:
            raise MetadataUnreachable("no token: status %d" % reply.status)
        self._token = reply.body.decode("ascii", "replace").strip()
        return self._token

    def _exchange(self, method, path, headers):
        host = self._origin.split("//", 1)[-1].split("/", 1)[0]
        try:
            return exchange(
                self._origin,
                method,
                path,
                {"Host": host, **headers},
                timeout_seconds=METADATA_TIMEOUT_SECONDS,
            )
        except (OSError, http.client.HTTPException) as error:
            raise MetadataUnreachable("%s %s: %s" % (method, path, error)) from error
